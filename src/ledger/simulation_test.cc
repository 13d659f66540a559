// Seeded simulation of one owner: random turns of reads, writes, rollbacks, checkpoints, closings, deletions, restores, disk and message faults,
// kills and power losses over a simulated disk or the memory engine, against a model that remembers every commit. After each crash each
// ledger must equal one of its commits, and none before the last that was acknowledged or shown; and every bookmark that was acknowledged
// must lead to the state that it was made in. A failure prints its seed; ADIT_SEED=n runs that one alone, ADIT_SEEDS=n that many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::DiskOperation;
using testing::World;
using Content = std::map<int64_t, std::string>;

constexpr size_t ledger_count = 3;

struct Bookmark {
  std::string text;
  Content content;
};

struct Model {
  std::map<Position, Content> commits{{0, {}}};  // since the last crash, from what it left
  Content pending;                               // as the open turn sees it
  Position acknowledged = 0;
  bool is_being_deleted = false;
  std::map<Position, Bookmark> bookmarks;  // acknowledged ones
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : m_random(seed) {
    world.options.log_segment_bytes = 2048 + m_random() % 16384;
    world.options.log_max_bytes = world.options.log_segment_bytes * (2 + m_random() % 4);
    world.options.ledger.checkpoint_after_bytes = 1024 << (m_random() % 6);
    world.options.ledger.page_size_bytes = 512 << (m_random() % 3);
    world.options.max_open_ledgers = 2 + m_random() % 3;
    world.options.idle_close_ms = 50;
    m_has_faults = m_random() % 3 == 0;
    if (m_random() % 4 != 0) {
      world.options.history_spaces = {"test"};
      world.options.history.burst = static_cast<uint32_t>(m_random() % 20);
      world.options.history.interval_ms = 1 << (m_random() % 12);
    }
    if (m_random() % 3 == 0) use_memory_engine();
  }

  void run() {
    world.start();
    for (int life = 0; life < 3 && !::testing::Test::HasFailure(); ++life) {
      auto actions = m_random() % 40;
      for (uint64_t i = 0; i < actions && !::testing::Test::HasFailure(); ++i) act();
      end_life();
    }
  }

 private:
  uint64_t chance(uint64_t n) { return m_random() % n; }

  void use_memory_engine() {
    world.storage = std::make_shared<memory::MemoryStorage>();
    m_loses_disk = chance(2) == 0;
    world.storage->keeps_compacted = m_loses_disk;
    world.options.ledger.append_timeout_ms = 100;
    world.fates = [this](memory::Operation operation) {
      memory::Fate fate;
      if (chance(3) == 0) fate.request_delay_ms = chance(30);
      if (chance(3) == 0) fate.reply_delay_ms = chance(30);
      if (!m_has_faults || m_is_healthy || operation == memory::Operation::read_head || chance(8) != 0) return fate;
      fate.drops_request = chance(3) == 0;
      fate.drops_reply = chance(3) == 0;
      if (chance(3) == 0) fate.request_delay_ms = 150;
      if (chance(3) == 0) fate.refusal = Error(chance(2) ? ErrorKind::limit : ErrorKind::io, "refused");
      return fate;
    };
  }
  static std::string name(size_t index) { return "l" + std::to_string(index); }

  void act() {
    auto index = chance(ledger_count);
    switch (chance(14)) {
      case 12:
        return read(index);
      case 13:
        return bookmark(index);
      case 0:
        return world.shard->advance(chance(200));
      case 1:
        if (auto ledger = world.store->find(World::id(name(index)))) ledger->checkpoint([](Result<void>) {});
        return;
      case 2:
        return chance(4) == 0 ? destroy(index) : steps(chance(20));
      case 3:
        return set_fault();
      case 4:
      case 5:
      case 6:
        return steps(chance(12));
      default:
        return write(index);
    }
  }

  // Where the log may end with the ledger's deletion.
  static std::optional<Position> deletion(const Model& model) {
    for (auto it = model.commits.lower_bound(model.acknowledged); it != model.commits.end(); ++it)
      if (it->second.empty()) return it->first;
    return std::nullopt;
  }

  void steps(uint64_t count) {
    while (count-- > 0 && world.shard->step(&m_random)) {}
  }

  void set_fault() {
    if (!m_has_faults) return;
    if (chance(2)) return world.disk->set_fault(nullptr);
    world.disk->set_fault([this, rate = 1 + chance(20), is_full = chance(2) == 0](
                              DiskOperation operation, const std::string&) -> std::optional<Error> {
      if (operation == DiskOperation::open || operation == DiskOperation::read || chance(rate) != 0)
        return std::nullopt;
      if (is_full && operation == DiskOperation::write) return Error(ErrorKind::limit, "no space left on the disk");
      return Error::io("Input/output error");
    });
  }

  void write(size_t index) {
    auto ledger = ready(index);
    if (!ledger || ::testing::Test::HasFailure()) return;
    auto& model = m_models[index];
    world.shard->turn([&] {
      model.pending = model.commits.rbegin()->second;
      if (!change(*ledger, model)) return;
      auto target = ledger->pending_position();
      bool rolls_back = chance(10) == 0;
      auto promised = rolls_back ? ledger->position() : target;
      // Not always: a waiter changes when things happen.
      if (chance(3) != 0)
        ledger->when_durable(target, [&model, promised, life = m_life, this](Result<void> result) {
          if (result.is_ok() && life == m_life) model.acknowledged = std::max(model.acknowledged, promised);
        });
      if (rolls_back) {
        ASSERT_TRUE(ledger->rollback().is_ok());
        return;
      }
      ASSERT_EQ(target, ledger->position() + 1);
      model.commits[target] = model.pending;
    });
  }

  // An open ledger whose model is up to date; null if it cannot be had.
  std::shared_ptr<Ledger> ready(size_t index) {
    if (m_models[index].is_being_deleted) return nullptr;
    auto opened = world.try_open(name(index));
    if (opened.is_error()) {
      EXPECT_TRUE(m_has_faults) << opened.error().full_message();
      return nullptr;
    }
    auto& model = m_models[index];
    auto position = opened.value()->position();
    if (position == 0 && deletion(model)) model = {};
    EXPECT_TRUE(model.commits.contains(position)) << name(index) << " opened at an unknown position " << position;
    EXPECT_GE(position, model.acknowledged);
    model.commits.erase(model.commits.upper_bound(position), model.commits.end());
    model.bookmarks.erase(model.bookmarks.upper_bound(position), model.bookmarks.end());
    return opened.value();
  }

  // What a gated read has shown must never be lost, as if it had been a write.
  void read(size_t index) {
    auto ledger = ready(index);
    if (!ledger || ::testing::Test::HasFailure()) return;
    auto& model = m_models[index];
    ASSERT_EQ(content_of(*ledger), model.commits[ledger->position()]) << name(index);
    auto position = ledger->pending_position();
    ledger->when_durable(position, [&model, position, life = m_life, this](Result<void> result) {
      if (result.is_ok() && life == m_life) model.acknowledged = std::max(model.acknowledged, position);
    });
  }

  void bookmark(size_t index) {
    if (world.options.history_spaces.empty()) return;
    auto ledger = ready(index);
    if (!ledger || ::testing::Test::HasFailure()) return;
    auto& model = m_models[index];
    auto made = ledger->bookmark();
    ASSERT_TRUE(made.is_ok()) << made.error().full_message();
    auto position = ledger->position();
    ledger->when_durable(position, [&model, position, text = made.value(), life = m_life, this](Result<void> result) {
      if (result.is_error() || life != m_life || model.is_being_deleted) return;
      model.acknowledged = std::max(model.acknowledged, position);
      model.bookmarks[position] = {text, model.commits[position]};
    });
  }

  Content content_of(Ledger& ledger) {
    Content content;
    auto statement = ledger.database().prepare("SELECT k, v FROM kv");
    if (statement.is_error()) return content;
    for (;;) {
      auto row = statement.value().step();
      EXPECT_TRUE(row.is_ok()) << row.error().full_message();
      if (row.is_error() || !row.value()) return content;
      content[statement.value().integer(0)] = statement.value().text(1);
    }
  }

  // Goes back to any bookmark there is, or, in another life, forth.
  void restore(size_t index) {
    auto& model = m_models[index];
    if (model.bookmarks.empty()) return;
    auto& [position, bookmark] =
        *std::next(model.bookmarks.begin(), static_cast<ptrdiff_t>(chance(model.bookmarks.size())));
    std::optional<Result<std::string>> restored;
    world.store->restore(World::id(name(index)), bookmark.text,
                         [&](Result<std::string> result) { restored.emplace(std::move(result)); });
    world.settle_until([&] { return restored.has_value(); });
    ASSERT_TRUE(restored && restored->is_ok()) << name(index) << ": " << restored->error().full_message();
    if (chance(3) == 0) {
      world.stop();
      world.start(chance(3));
    }
    auto ledger = world.open(name(index));
    ASSERT_TRUE(ledger);
    ASSERT_EQ(content_of(*ledger), bookmark.content) << name(index) << " restored to position " << position;
    check_integrity(*ledger);
  }

  bool change(Ledger& ledger, Model& model) {
    if (ledger.write().is_error()) return false;
    EXPECT_TRUE(ledger.database().execute("CREATE TABLE IF NOT EXISTS kv (k INTEGER PRIMARY KEY, v TEXT)").is_ok());
    auto count = 1 + chance(5);
    for (uint64_t i = 0; i < count; ++i) {
      auto key = static_cast<int64_t>(chance(40));
      auto value = std::to_string(m_random()) + std::string(chance(600), 'v');
      auto statement = ledger.database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
      EXPECT_TRUE(statement.is_ok());
      auto ran = statement.value().bind_all(key, std::string_view(value)).run();
      EXPECT_TRUE(ran.is_ok()) << ran.error().full_message();
      model.pending[key] = value;
    }
    return true;
  }

  void destroy(size_t index) {
    if (m_models[index].is_being_deleted) return;
    auto opened = world.try_open(name(index));
    if (opened.is_error()) return;
    auto& model = m_models[index];
    auto position = opened.value()->position();
    // A ledger deleted for good starts over at 0 once the log has forgotten it.
    if (position == 0 && deletion(model)) model = {};
    model.commits.erase(model.commits.upper_bound(position), model.commits.end());
    model.commits[position + 1] = {};
    model.bookmarks.clear();
    opened.value() = nullptr;
    model.is_being_deleted = true;
    world.store->destroy(World::id(name(index)), [&model, position, life = m_life, this](Result<void> result) {
      if (life != m_life) return;
      model.is_being_deleted = false;
      if (result.is_ok()) model.acknowledged = std::max(model.acknowledged, position + 1);
    });
    world.settle();
  }

  void end_life() {
    if (chance(3) == 0) {
      world.store->close([](Result<void>) {});
      steps(chance(60));
    }
    ++m_life;
    world.disk->set_fault(nullptr);
    bool has_power = chance(2) == 0 || (world.storage && !m_loses_disk);
    has_power ? world.stop() : world.crash(m_random);
    m_is_healthy = true;
    if (chance(3) == 0 && !world.storage) {
      // Recovery itself is interrupted.
      world.disk->set_fault([this](DiskOperation, const std::string&) -> std::optional<Error> {
        return chance(12) == 0 ? std::optional(Error::io("Input/output error")) : std::nullopt;
      });
      world.try_start().ignore();
      world.disk->set_fault(nullptr);
      world.crash(m_random);
    }
    world.start(chance(3));
    for (size_t index = 0; index < ledger_count && !::testing::Test::HasFailure(); ++index) check(index);
    m_is_healthy = false;
  }

  void check(size_t index) {
    auto ledger = world.open(name(index));
    ASSERT_TRUE(ledger);
    auto& model = m_models[index];
    auto content = content_of(*ledger);
    auto position = ledger->position();
    if (position == 0) position = deletion(model).value_or(0);
    ASSERT_GE(position, model.acknowledged) << name(index) << " lost an acknowledged commit";
    ASSERT_TRUE(model.commits.contains(position)) << name(index) << " is at a position that never was: " << position;
    ASSERT_EQ(content, model.commits[position]) << name(index) << " at position " << position;
    check_integrity(*ledger);
    auto bookmarks = std::move(model.bookmarks);
    if (ledger->position() == 0) bookmarks.clear();
    model = {};
    model.bookmarks = std::move(bookmarks);
    ledger = nullptr;
    if (chance(2) == 0) restore(index);
    if (::testing::Test::HasFailure()) return;
    ledger = world.open(name(index));
    model.commits = {{ledger->position(), content_of(*ledger)}};
    model.acknowledged = ledger->position();
    bool is_durable = false;
    ledger->when_durable(ledger->position(), [&](Result<void> result) { is_durable = result.is_ok(); });
    world.settle_until([&] { return is_durable; });
    ASSERT_TRUE(is_durable);
  }

  static void check_integrity(Ledger& ledger) {
    auto integrity = ledger.database().prepare("PRAGMA integrity_check").value();
    ASSERT_TRUE(integrity.step().value());
    ASSERT_EQ(integrity.text(0), "ok");
  }

  World world;
  std::mt19937_64 m_random;
  std::array<Model, ledger_count> m_models;
  bool m_has_faults = false;
  bool m_is_healthy = false;
  bool m_loses_disk = false;
  int m_life = 0;
};

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Simulation, no_acknowledged_write_is_lost_and_none_is_torn) {
  auto only = setting("ADIT_SEED", UINT64_MAX);
  auto first = only == UINT64_MAX ? 0 : only;
  auto last = only == UINT64_MAX ? setting("ADIT_SEEDS", 1000) : only + 1;
  for (auto seed = first; seed < last; ++seed) {
    Simulation(seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace adit::ledger
