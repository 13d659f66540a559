// Seeded simulation: random turns of writes, rollbacks, checkpoints, closings, deletions, disk faults, kills and power losses over a
// simulated disk, against a model that remembers every commit. After each crash each ledger must equal one of its commits, and none
// before the last acknowledged. A failure prints its seed; ADIT_SEED=n runs that one alone, ADIT_SEEDS=n that many.
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

struct Model {
  std::map<Position, Content> commits{{0, {}}};  // since the last crash, from what it left
  Content pending;                               // as the open turn sees it
  Position acknowledged = 0;
  bool is_being_deleted = false;
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
  static std::string name(size_t index) { return "l" + std::to_string(index); }

  void act() {
    auto index = chance(ledger_count);
    switch (chance(12)) {
      case 0:
        return world.shard->advance(chance(80));
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
    if (m_models[index].is_being_deleted) return;
    auto opened = world.try_open(name(index));
    if (opened.is_error()) {
      ASSERT_TRUE(m_has_faults) << opened.error().full_message();
      return;
    }
    auto ledger = opened.value();
    auto& model = m_models[index];
    // A ledger deleted for good starts over at 0 once the log has forgotten it.
    if (ledger->position() == 0 && deletion(model)) model = {};
    if (auto position = ledger->position(); !model.commits.contains(position)) {
      FAIL() << name(index) << " opened at an unknown position " << position;
    }
    // After a failure the reopened ledger may be behind: what was not acknowledged is gone.
    model.commits.erase(model.commits.upper_bound(ledger->position()), model.commits.end());
    ASSERT_GE(ledger->position(), model.acknowledged);
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
    if (position == 0 && deletion(model)) model = {};
    model.commits.erase(model.commits.upper_bound(position), model.commits.end());
    model.commits[position + 1] = {};
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
    bool has_power = chance(2) == 0;
    has_power ? world.stop() : world.crash(m_random);
    if (chance(3) == 0) {
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
  }

  void check(size_t index) {
    auto ledger = world.open(name(index));
    ASSERT_TRUE(ledger);
    auto& model = m_models[index];
    Content content;
    if (auto statement = ledger->database().prepare("SELECT k, v FROM kv"); statement.is_ok()) {
      for (;;) {
        auto row = statement.value().step();
        ASSERT_TRUE(row.is_ok()) << row.error().full_message();
        if (!row.value()) break;
        content[statement.value().integer(0)] = statement.value().text(1);
      }
    }
    auto position = ledger->position();
    if (position == 0) position = deletion(model).value_or(0);
    ASSERT_GE(position, model.acknowledged) << name(index) << " lost an acknowledged commit";
    ASSERT_TRUE(model.commits.contains(position)) << name(index) << " is at a position that never was: " << position;
    ASSERT_EQ(content, model.commits[position]) << name(index) << " at position " << position;
    auto integrity = ledger->database().prepare("PRAGMA integrity_check").value();
    ASSERT_TRUE(integrity.step().value());
    ASSERT_EQ(integrity.text(0), "ok");
    model = {};
    model.commits = {{ledger->position(), content}};
    model.acknowledged = ledger->position();
  }

  World world;
  std::mt19937_64 m_random;
  std::array<Model, ledger_count> m_models;
  bool m_has_faults = false;
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
