// kill -9, for real: a child writes to 64 ledgers and tells on a pipe what was acknowledged; the parent kills it at a random time, recovers
// the directory and checks that every acknowledged value is there and nothing is torn. Usage: kill9 [rounds [directory]].
// Each ledger counts: every commit sets row `round` to n and the sum of all rows' squares beside it, so that a torn commit shows.
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "bindings/loop_executor.h"
#include "ledger/ledger_store.h"
#include "ledger/output_gate.h"

namespace adit::ledger {
namespace {

constexpr size_t ledger_count = 64;

struct Acknowledged {
  uint32_t ledger;
  uint32_t value;
};

template <typename T>
T need(Result<T> result, std::string_view doing) {
  if (result.is_ok()) return std::move(result).value();
  fmt::print(stderr, "kill9: {}: {}\n", doing, result.error().full_message());
  std::_Exit(1);
}
void check(Result<void> result, std::string_view doing) {
  if (result.is_error()) need<int>(std::move(result.error()), doing);
}

struct Shard {
  SystemDisk disk;
  std::unique_ptr<net::Loop> loop = need(net::Loop::create(), "loop");
  bindings::LoopExecutor executor{*loop};
  Logger logger{LogLevel::warn};
  SystemClock clock;
  std::unique_ptr<StateDirectory> state;
  std::unique_ptr<LedgerStore> store;

  void start(const std::string& directory, size_t number) {
    state = need(StateDirectory::open(disk, directory), "open state");
    StoreOptions options;
    options.log_segment_bytes =
        256 * 1024;  // small, so that segments, checkpoints and truncation happen in every round
    options.log_max_bytes = 1024 * 1024;
    options.ledger.checkpoint_after_bytes = 16 * 1024;
    options.max_open_ledgers = 48;
    store = need(LedgerStore::create(*state, number, executor, logger, clock, options), "create store");
  }
  void open(size_t index, Function<void(std::shared_ptr<Ledger>)> then) {
    auto id = need(LedgerId::create("kill9", fmt::format("ledger-{}", index)), "id");
    store->open(id, [then = std::move(then)](Result<std::shared_ptr<Ledger>> opened) mutable {
      then(need(std::move(opened), "open ledger"));
    });
  }
};

class Writer {
 public:
  Writer(const std::string& directory, size_t shard, int pipe, uint32_t first) : m_pipe(pipe), m_value(first) {
    m_shard.start(directory, shard);
  }
  void run() {
    for (size_t i = 0; i < ledger_count; ++i) turn(i);
    m_shard.loop->run();
  }

 private:
  // One writer per ledger: the next commit starts when the last was acknowledged.
  void turn(size_t index) {
    m_shard.open(index, [this, index](std::shared_ptr<Ledger> ledger) {
      check(ledger->write(), "write");
      auto value = ++m_value;
      write(*ledger, value);
      OutputGate(ledger).send([this, index, value](Result<void> durable) {
        check(std::move(durable), "commit");
        Acknowledged line{static_cast<uint32_t>(index), value};
        if (::write(m_pipe, &line, sizeof line) != sizeof line) std::_Exit(1);
        m_shard.loop->post([this, index] { turn(index); });
      });
    });
  }

  void write(Ledger& ledger, uint32_t value) {
    auto& database = ledger.database();
    check(database.execute("CREATE TABLE IF NOT EXISTS v (slot INTEGER PRIMARY KEY, value INTEGER, filler BLOB);"
                           "CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY, sum INTEGER, last INTEGER)"),
          "schema");
    auto put = need(database.prepare("INSERT OR REPLACE INTO v VALUES (?, ?, randomblob(?))"), "prepare");
    check(put.bind_all(static_cast<int64_t>(value % 97), static_cast<int64_t>(value), static_cast<int64_t>(value % 701))
              .run(),
          "put");
    auto total = need(database.prepare("INSERT OR REPLACE INTO total SELECT 1, sum(value), ? FROM v"), "prepare");
    check(total.bind_all(static_cast<int64_t>(value)).run(), "total");
  }

  Shard m_shard;
  int m_pipe;
  uint32_t m_value;
};

int64_t number(Database& database, std::string_view sql) {
  auto statement = need(database.prepare(sql), sql);
  return need(statement.step(), sql) ? statement.integer(0) : 0;
}

// The largest value seen, so that the next round goes on from there.
uint32_t verify(const std::string& directory, size_t shard_number,
                const std::array<uint32_t, ledger_count>& acknowledged, double& recovery_ms) {
  Shard shard;
  auto begin = std::chrono::steady_clock::now();
  shard.start(directory, shard_number);
  recovery_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  uint32_t largest = 0;
  for (size_t i = 0; i < ledger_count; ++i) {
    shard.open(i, [&](std::shared_ptr<Ledger> ledger) {
      auto& database = ledger->database();
      if (acknowledged[i] == 0 && !ledger->has_data()) return;
      auto last = number(database, "SELECT last FROM total");
      auto sum = number(database, "SELECT sum FROM total");
      auto is_whole = sum == number(database, "SELECT sum(value) FROM v");
      auto integrity = need(database.prepare("PRAGMA integrity_check"), "integrity");
      if (last < acknowledged[i] || !is_whole || !need(integrity.step(), "integrity") || integrity.text(0) != "ok") {
        fmt::print(stderr, "kill9: ledger {}: last {}, acknowledged {}, whole {}, integrity {}\n", i, last,
                   acknowledged[i], is_whole, integrity.text(0));
        std::_Exit(1);
      }
      largest = std::max(largest, static_cast<uint32_t>(last));
    });
  }
  return largest;
}

int run(int rounds, const std::string& directory) {
  std::array<uint32_t, ledger_count> acknowledged{};
  std::mt19937_64 random(std::random_device{}());
  uint64_t total = 0;
  uint32_t largest = 0;
  double slowest_ms = 0;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    if (::pipe(ends) != 0) return 1;
    auto child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Writer(directory, random() % 3, ends[1], largest).run();
      std::_Exit(0);
    }
    ::close(ends[1]);
    auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20 + random() % 500);
    std::atomic<bool> is_killed{false};
    std::thread killer([&] {
      std::this_thread::sleep_until(end);
      is_killed = true;
      ::kill(child, SIGKILL);
    });
    Acknowledged line;
    while (::read(ends[0], &line, sizeof line) == sizeof line) {
      acknowledged[line.ledger] = std::max(acknowledged[line.ledger], line.value);
      ++total;
    }
    killer.join();
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {
      fmt::print(stderr, "kill9: the child ended by itself in round {}\n", round);
      return 1;
    }
    double recovery_ms = 0;
    largest = std::max(largest, verify(directory, random() % 3, acknowledged, recovery_ms));
    slowest_ms = std::max(slowest_ms, recovery_ms);
  }
  fmt::print("kill9: {} rounds, {} acknowledged commits, none lost, none torn; slowest recovery {:.1f} ms\n", rounds,
             total, slowest_ms);
  return total > 0 ? 0 : 1;
}

}  // namespace
}  // namespace adit::ledger

int main(int count, char** arguments) {
  int rounds = count > 1 ? std::atoi(arguments[1]) : 10;
  if (count > 2) return adit::ledger::run(rounds, arguments[2]);
  std::string directory = "/tmp/adit-kill9-XXXXXX";
  if (!::mkdtemp(directory.data())) return 1;
  int code = adit::ledger::run(rounds, directory + "/state");
  if (code == 0 && std::system(("rm -rf '" + directory + "'").c_str()) != 0) code = 1;
  return code;
}
