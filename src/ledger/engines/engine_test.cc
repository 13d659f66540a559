// The engine's contract, the same for every engine: whoever writes the next one makes a world for it below and passes these.
#include "ledger/engine.h"

#include <gtest/gtest.h>

#include <optional>

#include "ledger/engines/local/local_engine.h"
#include "ledger/engines/memory/memory_engine.h"
#include "ledger/page_file.h"
#include "ledger/state_directory.h"
#include "ledger/testing/simulated_disk.h"
#include "ledger/testing/simulated_shard.h"

namespace adit::ledger {
namespace {

using testing::DiskOperation;
using testing::SimulatedDisk;
using testing::SimulatedShard;

constexpr uint64_t timeout_ms = 5'000;
constexpr uint64_t max_log_bytes = 32 << 10;

// An engine, what it stands on, and how to hurt it.
class EngineWorld {
 public:
  virtual ~EngineWorld() = default;
  // The owner starts, again after the first time.
  virtual void start() = 0;
  // What the owner's disk says of the ledger, for read_head.
  virtual Head local(const LedgerId& id) = 0;
  // Appends from now on end with an unknown outcome; the entry arrives or does not.
  virtual void hide_outcomes(bool arrives) = 0;
  // Nothing is answered from now on, until release().
  virtual void stall() = 0;
  virtual void refuse(Error error) = 0;
  virtual void heal() = 0;

  SimulatedShard shard;
  std::unique_ptr<Engine> engine;
};

class LocalWorld final : public EngineWorld {
 public:
  void start() override {
    engine = nullptr;
    files = nullptr;
    state = nullptr;
    disk.kill();
    state = std::move(StateDirectory::open(disk, "/state")).value();
    VERIFY(disk.make_directories(state->log_path(0)).is_ok());
    files = shard.make_background();
    local::LocalEngineOptions options{.segment_bytes = 4096, .max_log_bytes = max_log_bytes, .salt = ++salt};
    engine = std::make_unique<local::LocalEngine>(disk, state->log_path(0), state->blob_path(), 0, shard,
                                                  shard.make_background(), *files, shard, options);
  }
  Head local(const LedgerId& id) override {
    auto file = disk.open(state->database_path(id), OpenMode::read);
    if (file.is_error()) return {};
    std::array<uint8_t, FileStamp::size_bytes> bytes{};
    VERIFY(file.value()->read(FileStamp::offset_bytes, bytes).is_ok());
    return FileStamp::parse(bytes).value_or(FileStamp{}).head;
  }
  void hide_outcomes(bool arrives) override {
    disk.set_fault([arrives](DiskOperation operation, const std::string&) -> std::optional<Error> {
      // What was written but not synced may stay; what failed to be written and cut off may not.
      bool fails = arrives ? operation == DiskOperation::sync
                           : operation == DiskOperation::write || operation == DiskOperation::truncate;
      return fails ? std::optional(Error::io("Input/output error")) : std::nullopt;
    });
  }
  void stall() override { shard.stall_backgrounds(true); }
  void refuse(Error error) override {
    disk.set_fault([error](DiskOperation operation, const std::string&) -> std::optional<Error> {
      return operation == DiskOperation::write ? std::optional(error) : std::nullopt;
    });
  }
  void heal() override {
    shard.stall_backgrounds(false);
    disk.set_fault(nullptr);
  }

  SimulatedDisk disk;
  std::unique_ptr<StateDirectory> state;
  std::unique_ptr<Background> files;
  uint64_t salt = 0;
};

class MemoryWorld final : public EngineWorld {
 public:
  void start() override {
    engine = std::make_unique<memory::MemoryEngine>(
        storage, shard, shard, [this](memory::Operation) { return fate; }, max_log_bytes);
  }
  Head local(const LedgerId&) override { return {}; }
  void hide_outcomes(bool arrives) override { arrives ? fate.drops_reply = true : fate.drops_request = true; }
  void stall() override { fate.request_delay_ms = 10 * timeout_ms; }
  void refuse(Error error) override { fate.refusal = std::move(error); }
  void heal() override { fate = {}; }

  std::shared_ptr<memory::MemoryStorage> storage = std::make_shared<memory::MemoryStorage>();
  memory::Fate fate;
};

enum class Kind { local, memory };

class EngineContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::local) world = std::make_unique<LocalWorld>();
    else world = std::make_unique<MemoryWorld>();
    world->start();
  }

  static LedgerId id(std::string_view name) { return LedgerId::create("test", name).value(); }
  template <typename T>
  struct Answer {
    std::optional<Result<T>> result;
    int times = 0;
    bool is_in_call = true;
    bool was_inside = false;
  };
  // Calls and, unless it is told not to, runs until the answer is there, letting time pass as far as it must.
  template <typename T, typename F>
  std::shared_ptr<Answer<T>> begin(F&& call) {
    auto answer = std::make_shared<Answer<T>>();
    world->shard.turn([&] {
      call([answer](Result<T> result) {
        answer->was_inside = answer->is_in_call;
        ++answer->times;
        answer->result.emplace(std::move(result));
      });
      answer->is_in_call = false;
    });
    return answer;
  }
  template <typename T>
  Result<T> finish(std::shared_ptr<Answer<T>> answer) {
    world->shard.run_until_idle();
    for (int i = 0; i < 20 && !answer->result; ++i) {
      world->shard.advance(1000);
      world->shard.run_until_idle();
    }
    VERIFY(answer->result);
    EXPECT_EQ(answer->times, 1);
    return *answer->result;
  }
  Engine& engine() { return *world->engine; }

  Result<Head> head(const LedgerId& ledger) {
    return finish<Head>(begin<Head>(
        [&](auto callback) { engine().read_head(ledger, world->local(ledger), timeout_ms, std::move(callback)); }));
  }
  static LogEntry entry(Head head, Position position, uint8_t fill, size_t pages = 1) {
    LogEntry entry;
    entry.epoch = head.epoch;
    entry.expected = head.position;
    entry.position = position;
    entry.page_size_bytes = 512;
    entry.page_count = 9;
    for (size_t i = 0; i < pages; ++i) {
      auto bytes = std::make_shared<uint8_t[]>(512);
      std::fill_n(bytes.get(), 512, fill);
      entry.pages.push_back({static_cast<uint32_t>(i + 1), std::move(bytes)});
    }
    return entry;
  }
  std::shared_ptr<Answer<void>> begin_append(const LedgerId& ledger, LogEntry entry) {
    return begin<void>(
        [&](auto callback) { engine().append(ledger, std::move(entry), timeout_ms, std::move(callback)); });
  }
  Result<void> append(const LedgerId& ledger, LogEntry entry) {
    return finish<void>(begin_append(ledger, std::move(entry)));
  }
  Result<std::vector<LogEntry>> log(const LedgerId& ledger, Position after) {
    return finish<std::vector<LogEntry>>(begin<std::vector<LogEntry>>(
        [&](auto callback) { engine().read_log(ledger, after, timeout_ms, std::move(callback)); }));
  }
  Result<Head> raise(const LedgerId& ledger) {
    return finish<Head>(
        begin<Head>([&](auto callback) { engine().raise_epoch(ledger, timeout_ms, std::move(callback)); }));
  }
  static ErrorKind kind_of(const Result<void>& result) {
    return result.is_error() ? result.error().kind() : ErrorKind::failed;
  }

  std::unique_ptr<EngineWorld> world;
};

TEST_P(EngineContract, an_append_at_the_expected_position_moves_the_head) {
  auto a = id("a");
  EXPECT_EQ(head(a).value().position, 0u);
  auto answer = begin_append(a, entry({}, 1, 1));
  EXPECT_FALSE(answer->was_inside);
  ASSERT_TRUE(finish(answer).is_ok());
  ASSERT_TRUE(append(a, entry({0, 1}, 4, 2)).is_ok());
  EXPECT_EQ(head(a).value().position, 4u);
  EXPECT_EQ(head(id("b")).value().position, 0u);
}

TEST_P(EngineContract, an_append_at_another_position_fails_and_writes_nothing) {
  auto a = id("a");
  head(a).ignore();
  ASSERT_TRUE(append(a, entry({}, 2, 1)).is_ok());
  EXPECT_EQ(kind_of(append(a, entry({0, 0}, 1, 2))), ErrorKind::conflict);
  EXPECT_EQ(kind_of(append(a, entry({0, 1}, 3, 2))), ErrorKind::conflict);
  EXPECT_EQ(kind_of(append(a, entry({0, 3}, 4, 2))), ErrorKind::conflict);
  EXPECT_EQ(head(a).value().position, 2u);
  EXPECT_EQ(log(a, 0).value().size(), 1u);
}

TEST_P(EngineContract, a_stale_owner_is_fenced_by_the_epoch) {
  auto a = id("a");
  auto old = head(a).value();
  ASSERT_TRUE(append(a, entry(old, 1, 1)).is_ok());
  auto raised = raise(a).value();
  EXPECT_EQ(raised.epoch, old.epoch + 1);
  EXPECT_EQ(raised.position, 1u);
  EXPECT_EQ(kind_of(append(a, entry({old.epoch, 1}, 2, 2))), ErrorKind::conflict);
  ASSERT_TRUE(append(a, entry(raised, 2, 3)).is_ok());
  EXPECT_EQ(head(a).value().epoch, raised.epoch);
  EXPECT_EQ(raise(a).value().epoch, raised.epoch + 1);
}

TEST_P(EngineContract, an_append_before_the_head_was_read_or_beside_another_is_refused) {
  auto a = id("a");
  EXPECT_EQ(kind_of(append(a, entry({}, 1, 1))), ErrorKind::invalid_state);
  head(a).ignore();
  auto first = begin_append(a, entry({}, 1, 1));
  auto second = begin_append(a, entry({0, 1}, 2, 2));
  EXPECT_EQ(kind_of(finish(second)), ErrorKind::invalid_state);
  EXPECT_TRUE(finish(first).is_ok());
  EXPECT_EQ(head(a).value().position, 1u);
}

TEST_P(EngineContract, the_log_gives_back_every_entry_after_a_position_as_it_was) {
  auto a = id("a");
  head(a).ignore();
  head(id("b")).ignore();
  Head at;
  for (uint8_t i = 1; i <= 20; ++i) {
    auto next = entry(at, i, i, 1 + i % 3);
    next.time_ms = 1'800'000'000'000 + i;
    if (i % 4 == 0) {
      next.kept_time_ms = 1'800'000'000'000 + i - 1;
      next.kept_page_count = i;
      next.kept_is_bookmark = i % 8 == 0;
      next.previous = entry({}, 1, static_cast<uint8_t>(100 + i), 2).pages;
    }
    ASSERT_TRUE(append(a, std::move(next)).is_ok());
    ASSERT_TRUE(append(id("b"), entry(at, i, 200)).is_ok());
    at.position = i;
  }
  auto entries = log(a, 7).value();
  ASSERT_EQ(entries.size(), 13u);
  for (size_t n = 0; n < entries.size(); ++n) {
    auto& got = entries[n];
    auto i = static_cast<uint8_t>(n + 8);
    EXPECT_EQ(got.position, i);
    EXPECT_EQ(got.expected, i - 1u);
    EXPECT_EQ(got.page_size_bytes, 512u);
    EXPECT_EQ(got.page_count, 9u);
    EXPECT_EQ(got.time_ms, 1'800'000'000'000 + i);
    ASSERT_EQ(got.pages.size(), 1u + i % 3);
    EXPECT_EQ(got.pages.back().number, 1u + i % 3);
    EXPECT_EQ(got.pages.back().bytes[511], i);
    EXPECT_EQ(got.kept_time_ms != 0, i % 4 == 0);
    EXPECT_EQ(got.kept_is_bookmark, i % 8 == 0);
    ASSERT_EQ(got.previous.size(), i % 4 == 0 ? 2u : 0u);
    if (i % 4 == 0) {
      EXPECT_EQ(got.kept_page_count, i);
      EXPECT_EQ(got.previous[1].bytes[0], 100 + i);
    }
  }
  EXPECT_TRUE(log(a, 20).value().empty());
  EXPECT_TRUE(log(id("c"), 0).value().empty());
}

TEST_P(EngineContract, positions_go_on_after_a_ledger_was_destroyed) {
  auto a = id("a");
  head(a).ignore();
  ASSERT_TRUE(append(a, entry({}, 3, 1)).is_ok());
  LogEntry destroy;
  destroy.kind = EntryKind::destroy;
  destroy.expected = 3;
  destroy.position = 4;
  ASSERT_TRUE(append(a, std::move(destroy)).is_ok());
  EXPECT_EQ(head(a).value().position, 4u);
  auto entries = log(a, 0).value();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].kind, EntryKind::destroy);
}

TEST_P(EngineContract, compaction_bounds_the_log_and_keeps_what_comes_after) {
  auto a = id("a");
  auto b = id("b");
  head(a).ignore();
  head(b).ignore();
  ASSERT_TRUE(append(b, entry({}, 1, 9)).is_ok());
  for (Position i = 1; i <= 40; ++i) ASSERT_TRUE(append(a, entry({0, i - 1}, i, 1, 2)).is_ok());
  auto lagging = engine().lagging(10);
  ASSERT_FALSE(lagging.empty());
  for (auto& ledger : lagging) {
    EXPECT_TRUE(ledger.id == a || ledger.id == b);
    EXPECT_LE(ledger.position, head(ledger.id).value().position);
  }
  engine().compact(a, 30);
  engine().compact(b, 1);
  world->shard.run_until_idle();
  auto entries = log(a, 30).value();
  ASSERT_EQ(entries.size(), 10u);
  EXPECT_EQ(entries[0].position, 31u);
  EXPECT_EQ(head(a).value().position, 40u);
  EXPECT_EQ(head(b).value().position, 1u);
  engine().compact(a, 40);
  world->shard.run_until_idle();
  EXPECT_TRUE(engine().lagging(10).empty());
  ASSERT_TRUE(append(a, entry({0, 40}, 41, 1)).is_ok());
  EXPECT_EQ(log(a, 40).value().size(), 1u);
}

TEST_P(EngineContract, after_an_unknown_outcome_the_head_says_which_it_was) {
  for (bool arrives : {false, true}) {
    SetUp();
    auto a = id("a");
    head(a).ignore();
    ASSERT_TRUE(append(a, entry({}, 1, 1)).is_ok());
    world->hide_outcomes(arrives);
    auto outcome = append(a, entry({0, 1}, 2, 2));
    EXPECT_EQ(kind_of(outcome), ErrorKind::unknown_outcome);
    world->heal();
    // The owner reads the head again; where its engine cannot tell any more, it starts anew and then can.
    auto known = head(a);
    if (known.is_error()) {
      world->start();
      known = head(a);
    }
    ASSERT_TRUE(known.is_ok()) << known.error().full_message();
    EXPECT_EQ(known.value().position, arrives ? 2u : 1u);
    ASSERT_TRUE(append(a, entry(known.value(), known.value().position + 1, 3)).is_ok());
    EXPECT_EQ(head(a).value().position, arrives ? 3u : 2u);
  }
}

TEST_P(EngineContract, a_full_storage_refuses_and_takes_more_later) {
  auto a = id("a");
  head(a).ignore();
  ASSERT_TRUE(append(a, entry({}, 1, 1)).is_ok());
  world->refuse(Error(ErrorKind::limit, "no space left"));
  EXPECT_EQ(kind_of(append(a, entry({0, 1}, 2, 2))), ErrorKind::limit);
  world->heal();
  EXPECT_EQ(head(a).value().position, 1u);
  ASSERT_TRUE(append(a, entry({0, 1}, 2, 3)).is_ok());
  EXPECT_EQ(log(a, 1).value().at(0).pages[0].bytes[0], 3);
}

TEST_P(EngineContract, every_call_ends_by_its_deadline_and_answers_once) {
  auto a = id("a");
  head(a).ignore();
  ASSERT_TRUE(append(a, entry({}, 1, 1)).is_ok());
  world->stall();
  auto appended = begin_append(a, entry({0, 1}, 2, 2));
  auto read =
      begin<std::vector<LogEntry>>([&](auto callback) { engine().read_log(a, 0, timeout_ms, std::move(callback)); });
  auto put = begin<void>([&](auto callback) { engine().put_blob("k", Bytes(3), timeout_ms, std::move(callback)); });
  auto got = begin<Bytes>([&](auto callback) { engine().get_blob("k", {}, timeout_ms, std::move(callback)); });
  for (uint64_t passed = 0; passed < timeout_ms + 2000; passed += 500) {
    EXPECT_TRUE(passed >= timeout_ms || !appended->result);
    world->shard.advance(500);
    world->shard.run_until_idle();
  }
  ASSERT_TRUE(appended->result && read->result && put->result && got->result);
  EXPECT_EQ(kind_of(*appended->result), ErrorKind::unknown_outcome);
  EXPECT_EQ(kind_of(*put->result), ErrorKind::unknown_outcome);
  EXPECT_TRUE(read->result->is_error());
  EXPECT_TRUE(got->result->is_error());
  // It arrives after all: nobody is told twice, and the head, once it can be had, counts it.
  world->heal();
  auto known =
      begin<Head>([&](auto callback) { engine().read_head(a, world->local(a), timeout_ms, std::move(callback)); });
  for (int i = 0; i < 60; ++i) {
    world->shard.advance(1000);
    world->shard.run_until_idle();
  }
  EXPECT_EQ(appended->times + read->times + put->times + got->times, 4);
  ASSERT_TRUE(known->result);
  EXPECT_EQ(known->result->value().position, 2u);
}

TEST_P(EngineContract, blobs_are_whole_and_listed_in_order) {
  auto put = [&](const std::string& key, std::string_view text) {
    return finish<void>(
        begin<void>([&](auto callback) { engine().put_blob(key, copy_bytes(text), timeout_ms, std::move(callback)); }));
  };
  auto get = [&](const std::string& key, BlobRange range = {}) {
    return finish<Bytes>(
        begin<Bytes>([&](auto callback) { engine().get_blob(key, range, timeout_ms, std::move(callback)); }));
  };
  auto list = [&](const std::string& prefix, const std::string& after, size_t limit) {
    auto found = finish<std::vector<BlobInfo>>(begin<std::vector<BlobInfo>>(
        [&](auto callback) { engine().list_blobs(prefix, after, limit, timeout_ms, std::move(callback)); }));
    std::string text;
    for (auto& blob : found.value()) text += blob.key + ":" + std::to_string(blob.size_bytes) + " ";
    return text;
  };
  for (auto* key : {"b/2", "a/1", "b/10", "b/1", "c", "a/ü?%"}) ASSERT_TRUE(put(key, key).is_ok());
  EXPECT_EQ(text_of(get("b/10").value()), "b/10");
  EXPECT_EQ(text_of(get("a/ü?%").value()), "a/ü?%");
  ASSERT_TRUE(put("b/10", "another").is_ok());
  EXPECT_EQ(text_of(get("b/10", {2, 3}).value()), "oth");
  EXPECT_EQ(text_of(get("b/10", {5, 100}).value()), "er");
  EXPECT_TRUE(get("b/10", {7, 1}).value().empty());
  EXPECT_EQ(list("b/", "", 10), "b/1:3 b/10:7 b/2:3 ");
  EXPECT_EQ(list("b/", "b/1", 1), "b/10:7 ");
  EXPECT_EQ(list("", "b/2", 10), "c:1 ");
  ASSERT_EQ(get("x").error().kind(), ErrorKind::not_found);
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(finish<void>(begin<void>([&](auto callback) {
                  engine().delete_blob("b/1", timeout_ms, std::move(callback));
                })).is_ok());
  EXPECT_TRUE(get("b/1").is_error());
  world->start();
  EXPECT_EQ(list("b/", "", 10), "b/10:7 b/2:3 ");
}

TEST_P(EngineContract, close_waits_for_what_is_outstanding) {
  auto a = id("a");
  head(a).ignore();
  auto appended = begin_append(a, entry({}, 1, 1));
  auto closed = begin<void>([&](auto callback) { engine().close(std::move(callback)); });
  ASSERT_TRUE(finish(closed).is_ok());
  ASSERT_TRUE(appended->result);
  EXPECT_TRUE(appended->result->is_ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineContract, ::testing::Values(Kind::local, Kind::memory),
                         [](auto& info) { return info.param == Kind::local ? "local" : "memory"; });

}  // namespace
}  // namespace adit::ledger
