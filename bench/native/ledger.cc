// What a commit costs: one small put per commit over 64 ledgers, through the real engine. Prints CPU per commit (all threads), log bytes,
// syncs, and the time to make and to open a ledger. Usage: bench_ledger [commits [directory]]; with HISTORY=1 in the environment the
// ledgers keep their past.
#include <fmt/core.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "bindings/loop_executor.h"
#include "ledger/ledger_store.h"
#include "ledger/output_gate.h"

namespace adit::ledger {
namespace {

constexpr size_t ledger_count = 64;

template <typename T>
T need(Result<T> result) {
  if (result.is_ok()) return std::move(result).value();
  fmt::print(stderr, "{}\n", result.error().full_message());
  std::_Exit(1);
}
void check(Result<void> result) {
  if (result.is_error()) need<int>(std::move(result.error()));
}

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}
double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

size_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(getpagesize()) / 1024;
}

struct Shard {
  SystemDisk disk;
  std::unique_ptr<net::Loop> loop = need(net::Loop::create());
  bindings::LoopExecutor executor{*loop};
  Logger logger{LogLevel::warn};
  SystemClock clock;
  std::unique_ptr<StateDirectory> state;
  std::unique_ptr<LedgerStore> store;

  Shard(const std::string& directory, uint32_t page_size_bytes) {
    state = need(StateDirectory::open(disk, directory));
    StoreOptions options;
    options.ledger.page_size_bytes = page_size_bytes;
    if (std::getenv("HISTORY")) options.history_spaces = {"bench"};
    store = need(LedgerStore::create(*state, 0, executor, logger, clock, options));
  }
  std::shared_ptr<Ledger> open(size_t index) {
    std::shared_ptr<Ledger> ledger;
    store->open(need(LedgerId::create("bench", fmt::format("{:064x}", index))),
                [&](Result<std::shared_ptr<Ledger>> opened) { ledger = need(std::move(opened)); });
    return ledger;
  }
  void close() {
    bool is_closed = false;
    store->close([&](Result<void> result) {
      check(std::move(result));
      is_closed = true;
    });
    while (!is_closed) loop->run_once();
  }
};

void put(Ledger& ledger, uint64_t n) {
  auto key = fmt::format("key-{}", n % 100);
  auto value = fmt::format("value-{:040}", n);
  auto statement = need(ledger.database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)"));
  check(statement.bind_all(std::string_view(key), bytes_of(value)).run());
}

void make_table(Ledger& ledger) {
  check(ledger.write());
  check(ledger.database().execute("CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"));
}

// Each ledger has one put in flight; the next starts when the last is durable, as requests to busy objects do.
void commits(const std::string& directory, uint32_t page_size_bytes, uint64_t count) {
  Shard shard(directory, page_size_bytes);
  std::vector<std::shared_ptr<Ledger>> ledgers;
  for (size_t i = 0; i < ledger_count; ++i) {
    ledgers.push_back(shard.open(i));
    make_table(*ledgers.back());
    for (uint64_t n = 0; n < 100; ++n) put(*ledgers.back(), n);
  }
  for (auto& ledger : ledgers)
    while (!ledger->is_durable_now()) shard.loop->run_once();
  uint64_t started = 0;
  uint64_t done = 0;
  Function<void(size_t)> next = [&](size_t index) {
    if (started == count) return;
    check(ledgers[index]->write());
    put(*ledgers[index], ++started);
    ledgers[index]->when_durable(ledgers[index]->pending_position(), [&, index](Result<void> result) {
      check(std::move(result));
      ++done;
      shard.loop->post([&, index] { next(index); });
    });
  };
  auto before = shard.store->statistics().engine;
  auto cpu = cpu_us();
  auto wall = now_us();
  for (size_t i = 0; i < ledger_count; ++i) next(i);
  while (done < count) shard.loop->run_once();
  auto used = cpu_us() - cpu;
  auto passed = now_us() - wall;
  auto after = shard.store->statistics().engine;
  auto per = [&](double total) { return total / static_cast<double>(count); };
  fmt::print(
      "page {:5}: {:6.1f} us CPU, {:6.1f} us wall, {:5.0f} log bytes per commit; {:.1f} commits per sync; {} "
      "checkpoints\n",
      page_size_bytes, per(used), per(passed),
      per(static_cast<double>(after.log_bytes_written - before.log_bytes_written)),
      static_cast<double>(count) / static_cast<double>(after.batches - before.batches),
      shard.store->statistics().checkpoints);
  ledgers.clear();
  shard.close();
}

void make_ledgers(const std::string& directory, size_t count) {
  Shard shard(directory, 1024);
  std::vector<std::shared_ptr<Ledger>> ledgers;
  auto memory = resident_kib();
  auto begin = now_us();
  for (size_t i = 0; i < count; ++i) {
    ledgers.push_back(shard.open(1000 + i));
    make_table(*ledgers.back());
    put(*ledgers.back(), i);
    need(ledgers.back()->commit());
  }
  auto made = (now_us() - begin) / static_cast<double>(count);
  fmt::print("make a ledger with a table and a row: {:.0f} us; {:.1f} KiB of memory each while open ({} open)\n", made,
             static_cast<double>(resident_kib() - memory) / static_cast<double>(count), count);
  ledgers.clear();
  shard.close();
}

void open_ledgers(const std::string& directory, size_t count) {
  Shard shard(directory, 1024);
  auto begin = now_us();
  for (size_t i = 0; i < count; ++i) {
    auto ledger = shard.open(1000 + i);
    auto row = need(ledger->database().prepare("SELECT value FROM kv LIMIT 1"));
    if (!need(row.step())) std::_Exit(1);
  }
  fmt::print("open a ledger and read a row: {:.0f} us\n", (now_us() - begin) / static_cast<double>(count));
  shard.close();
}

void start(const std::string& directory) {
  SystemDisk disk;
  auto begin = now_us();
  auto state = need(StateDirectory::open(disk, directory));
  fmt::print("start with nothing to recover: {:.0f} us\n", now_us() - begin);
}

}  // namespace
}  // namespace adit::ledger

int main(int count, char** arguments) {
  constexpr size_t ledgers = 900;  // below the usual limit of open files
  auto commit_count = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 100'000;
  std::string directory = count > 2 ? arguments[2] : "/tmp/adit-bench-ledger-XXXXXX";
  if (count <= 2 && !::mkdtemp(directory.data())) return 1;
  for (uint32_t page_size_bytes : {512, 1024, 2048, 4096})
    adit::ledger::commits(directory + "/" + std::to_string(page_size_bytes), page_size_bytes, commit_count);
  adit::ledger::make_ledgers(directory + "/open", ledgers);
  adit::ledger::open_ledgers(directory + "/open", ledgers);
  adit::ledger::start(directory + "/open");
  return std::system(("rm -rf '" + directory + "'").c_str());
}
