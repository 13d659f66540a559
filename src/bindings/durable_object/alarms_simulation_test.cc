// Seeded simulation of alarms: the real alarms, their index, the objects' storage and the whole ledger below, over a disk that loses what was
// not synced, with objects that set, delete and serve alarms, fall asleep, fail and are killed between any two steps. A model remembers what was
// acknowledged. Every alarm begins never before its time; one whose setting was acknowledged, and that nothing replaced, begins at least once; one
// whose deletion or success was acknowledged never begins again; and in the end nothing is left. ADIT_SEED=n runs one seed, ADIT_SEEDS=n so many.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

#include "bindings/durable_object/alarms.h"
#include "ledger/recovery.h"
#include "ledger/testing/world.h"

namespace adit::bindings::durable_object {
namespace {

using ledger::Ledger;
using ledger::testing::World;

constexpr size_t object_count = 4;
const std::string space = "do-simulated";

ObjectId id_of(size_t index) {
  std::array<uint8_t, 32> octets{};
  octets[7] = static_cast<uint8_t>(index);
  return *ObjectId::from_octets(octets);
}

// One alarm that an object set: its time names it, since no two have the same.
struct Known {
  bool is_set = false;       // acknowledged
  bool is_replaced = false;  // something came after it, acknowledged or not
  bool is_over = false;      // its deletion, replacement or success was acknowledged
  int begun = 0;
};

class Simulation final : public AlarmShard {
 public:
  explicit Simulation(uint64_t seed) : m_random(seed) {
    m_world.options.log_segment_bytes = 2048 + m_random() % 16384;
    m_world.options.log_max_bytes = m_world.options.log_segment_bytes * (2 + m_random() % 4);
    m_world.options.ledger.checkpoint_after_bytes = 1024 << (m_random() % 6);
    m_world.options.max_open_ledgers = 3 + m_random() % 4;  // twice as many must hold all objects and the index
    m_world.options.idle_close_ms = 50;
    m_fails_often = m_random() % 4 == 0;
  }

  void run() {
    begin_life();
    for (int life = 0; life < 3 && !failed(); ++life) {
      for (auto left = m_random() % 60; left > 0 && !failed(); --left) act();
      end_life();
      begin_life();
    }
    finish();
  }

 private:
  struct Object {
    std::shared_ptr<Ledger> ledger;
    std::unique_ptr<Storage> storage;
    std::optional<AlarmRecord> running;
    int64_t generation = 0;
  };
  class SimulatedTimer final : public Timer {
   public:
    ~SimulatedTimer() override { *alive = false; }
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  };

  static bool failed() { return ::testing::Test::HasFailure(); }
  uint64_t chance(uint64_t n) { return m_random() % n; }

  // AlarmShard
  size_t shard_number() const override { return 0; }
  size_t shard_count() const override { return 1; }
  int64_t unix_ms() const override { return m_world.shard->unix_ms(); }
  int64_t first_alarm_retry_ms() const override { return 10; }
  bool has_state() const override { return true; }
  Result<ledger::LedgerStore*> store() override { return m_world.store.get(); }
  Result<std::vector<ledger::LedgerId>> interrupted_ledgers() override { return m_world.state->recovery().ledger_ids; }
  void interrupted_noted() override { EXPECT_TRUE(ledger::forget_recovered(*m_world.state).is_ok()); }
  bool has_class(const std::string&) override { return true; }
  void give_rows(size_t, size_t, std::vector<AlarmRow>) override { FAIL() << "there is one shard only"; }
  void log_error(const std::string& text) override {
    if (std::getenv("ADIT_SEED")) std::fprintf(stderr, "%lld %s\n", static_cast<long long>(unix_ms()), text.c_str());
  }
  void tell_author(const std::string&) override {}
  void defer(Function<void()> task) override { m_world.shard->defer(in_this_life(std::move(task))); }
  std::unique_ptr<Timer> after(uint64_t delay_ms, Function<void()> task) override {
    auto timer = std::make_unique<SimulatedTimer>();
    m_world.shard->after(delay_ms, [alive = timer->alive, task = std::move(task)]() mutable {
      if (*alive) task();
    });
    return timer;
  }
  Result<std::shared_ptr<Ledger>> open_ledger(const std::string& in, const ObjectId& id) override {
    return open_now(ledger::LedgerId::create(in, id.text()).value());
  }

  // After one that broke it opens later, and who wants it tries again.
  Result<std::shared_ptr<Ledger>> open_now(const ledger::LedgerId& id) {
    auto opened = std::make_shared<std::optional<Result<std::shared_ptr<Ledger>>>>();
    m_world.store->open(id, [opened](Result<std::shared_ptr<Ledger>> ledger) { opened->emplace(std::move(ledger)); });
    if (!*opened) return Error::failed("not open yet");
    return std::move(**opened);
  }

  ledger::Task in_this_life(Function<void()> task) {
    return [this, life = m_life, task = std::move(task)]() mutable {
      if (life == m_life) task();
    };
  }

  static size_t index_of(const ObjectId& id) { return id.octets()[7]; }

  // As object_alarm.cc opens an object.
  Object* awake(size_t index) {
    auto& object = m_objects[index];
    if (object.ledger && !object.ledger->is_broken()) return &object;
    object = {};
    auto ledger = open_ledger(space, id_of(index));
    if (ledger.is_error()) return nullptr;
    object.ledger = std::move(ledger).value();
    auto storage = Storage::open(object.ledger, true);
    if (storage.is_error()) return nullptr;
    object.storage = std::move(storage).value();
    auto record = object.storage->alarm();
    if (record.is_error()) return nullptr;
    if (!record.value()) return &object;
    object.generation = record.value()->generation;
    if (m_alarms->note(space, id_of(index), std::nullopt, record.value()->time_ms).is_error()) return nullptr;
    return &object;
  }

  // Everything before it is in the past now, and over once this is acknowledged.
  void replace_all(size_t index) {
    for (auto& [time_ms, known] : m_known[index]) known.is_replaced = true;
  }
  // The output gate: first the index, then the object's ledger.
  void acknowledge(Object& object, Function<void()> acknowledged) {
    auto position = object.ledger->pending_position();
    m_alarms->when_durable(
        m_alarms->position(), [this, life = m_life, ledger = object.ledger, position,
                               acknowledged = std::move(acknowledged)](Result<void> durable) mutable {
          if (durable.is_error() || life != m_life) return;
          ledger->when_durable(position,
                               [this, life, acknowledged = std::move(acknowledged)](Result<void> written) mutable {
                                 if (written.is_ok() && life == m_life) acknowledged();
                               });
        });
  }

  void set(size_t index, int64_t time_ms) {
    auto* object = awake(index);
    if (!object || m_alarms->note(space, id_of(index), std::nullopt, time_ms).is_error()) return;
    replace_all(index);
    auto& known = m_known[index];
    known[time_ms] = {};
    if (object->storage->put_alarm({time_ms, ++object->generation}).is_error()) return;
    std::vector<int64_t> before;
    for (auto& [each, ignored] : known)
      if (each != time_ms) before.push_back(each);
    // With the index not open there is nothing to wait for, and nothing was told.
    acknowledge(*object, [this, index, time_ms, before] {
      m_known[index][time_ms].is_set = true;
      for (auto each : before) m_known[index][each].is_over = true;
    });
  }

  void remove(size_t index) {
    auto* object = awake(index);
    if (!object) return;
    replace_all(index);
    if (object->storage->remove_alarm().is_error()) return;
    std::vector<int64_t> before;
    for (auto& [each, ignored] : m_known[index]) before.push_back(each);
    acknowledge(*object, [this, index, before] {
      for (auto each : before) m_known[index][each].is_over = true;
    });
  }

  void begin_alarm(const AlarmRow& row, Function<void(Result<void>)> done) override {
    auto index = index_of(row.id);
    auto shared = std::make_shared<Function<void(Result<void>)>>(std::move(done));
    defer([this, index, shared] {
      auto* object = awake(index);
      auto record = object ? object->storage->alarm() : Result<std::optional<AlarmRecord>>(Error::failed("asleep"));
      if (record.is_error()) return (*shared)(std::move(record.error()));
      if (object->running || !record.value() || record.value()->time_ms > unix_ms()) return (*shared)({});
      begun(index, record.value()->time_ms);
      object->running = *record.value();
      // alarm() may take a while, and set another one.
      m_world.shard->after(chance(30), in_this_life([this, index, shared] { end_alarm(index, shared); }));
    });
  }

  void begun(size_t index, int64_t time_ms) {
    auto& known = m_known[index][time_ms];
    ++known.begun;
    EXPECT_LE(time_ms, unix_ms()) << "an alarm began before its time";
    EXPECT_FALSE(known.is_over) << "an alarm began again that is over for good";
  }

  void end_alarm(size_t index, const std::shared_ptr<Function<void(Result<void>)>>& done) {
    auto* object = awake(index);
    if (!object || !object->running) return (*done)(Error::failed("reset"));
    auto alarm = *std::exchange(object->running, std::nullopt);
    if (chance(m_fails_often ? 2 : 6) == 0) return (*done)(Error::failed("planned"));
    auto record = object->storage->alarm();
    if (record.is_error()) return (*done)(std::move(record.error()));
    bool is_same = record.value() && record.value()->generation == alarm.generation;
    if (is_same && object->storage->remove_alarm().is_error()) return (*done)(Error::failed("not removed"));
    if (is_same) m_known[index][alarm.time_ms].is_replaced = true;
    auto ledger = object->ledger;
    ledger->when_durable(ledger->pending_position(),
                         [this, life = m_life, index, alarm, is_same, done](Result<void> durable) {
                           if (life != m_life) return;
                           if (durable.is_ok() && is_same) m_known[index][alarm.time_ms].is_over = true;
                           (*done)(std::move(durable));
                         });
  }

  void act() {
    auto index = chance(object_count);
    switch (chance(9)) {
      case 0:
      case 1:
      case 2:
        return m_world.shard->turn([&] { set(index, next_time()); });
      case 3:
        return m_world.shard->turn([&] { remove(index); });
      case 4:
        // It falls asleep, if nothing is under way.
        if (!m_objects[index].running) m_objects[index] = {};
        return;
      case 5:
        return m_world.shard->advance(chance(60));
      default:
        for (auto left = chance(25); left > 0 && m_world.shard->step(&m_random); --left) {}
        return;
    }
  }

  int64_t next_time() {
    for (;;) {
      auto time_ms = unix_ms() + static_cast<int64_t>(chance(300));
      bool is_new = true;
      for (auto& each : m_known) is_new = is_new && !each.contains(time_ms);
      if (is_new) return time_ms;
      m_world.shard->advance(1);
    }
  }

  void begin_life() {
    m_world.start();
    m_alarms = std::make_unique<Alarms>(*this);
    m_world.shard->turn([&] { m_alarms->activated(); });
  }

  // A crash, or kill -9; in between the disk may refuse the log.
  void end_life() {
    if (chance(4) == 0) {
      m_world.disk->set_fault([](ledger::testing::DiskOperation operation, const std::string& path) {
        bool is_hit = operation == ledger::testing::DiskOperation::sync && path.find("/log/") != std::string::npos;
        return is_hit ? std::optional<Error>(Error::io("refused")) : std::nullopt;
      });
      for (auto left = chance(20); left > 0 && !failed(); --left) act();
      m_world.disk->set_fault(nullptr);
    }
    ++m_life;
    for (auto& object : m_objects) object = {};
    m_alarms->close();
    m_alarms.reset();
    auto before_ns = m_world.shard->monotonic_ns();
    if (chance(2) == 0) m_world.crash(m_random);
    else m_world.stop();
    m_world.shard->advance(static_cast<uint64_t>(before_ns / 1'000'000));
  }

  void finish() {
    for (int i = 0; i < 400 && !failed(); ++i) {
      m_world.shard->advance(20);
      m_world.settle();
    }
    for (size_t index = 0; index < object_count && !failed(); ++index) {
      for (auto& [time_ms, known] : m_known[index])
        if (known.is_set && !known.is_replaced) { EXPECT_GT(known.begun, 0) << "an alarm that was set never began"; }
      m_objects[index] = {};
      auto ledger = open_ledger(space, id_of(index));
      ASSERT_TRUE(ledger.is_ok());
      EXPECT_FALSE(Storage::alarm_in(*ledger.value()).value().has_value()) << "an alarm is left in an object";
    }
    AlarmCursor cursor;
    auto index = open_index();
    auto rows = index->due(cursor, INT64_MAX, 100);
    for (const auto& row : rows.value())
      ADD_FAILURE() << "a row is left in the index: object " << index_of(row.id) << ", retry " << row.retries
                    << ", due in " << row.time_ms - unix_ms() << " ms";
    m_alarms->close();
  }
  std::unique_ptr<AlarmIndex> open_index() {
    auto id = ledger::LedgerId::create(alarm_index_space, alarm_index_name(1, 0)).value();
    return AlarmIndex::open(open_now(id).value()).value();
  }

  std::mt19937_64 m_random;
  World m_world;
  std::unique_ptr<Alarms> m_alarms;
  std::array<Object, object_count> m_objects;
  std::array<std::map<int64_t, Known>, object_count> m_known;  // by time
  uint64_t m_life = 0;
  bool m_fails_often = false;
};

TEST(SimulatedAlarms, ring_in_time_at_least_once_and_never_after_their_end) {
  uint64_t first = 1, count = 300;
  if (const char* seed = std::getenv("ADIT_SEED")) {
    first = std::strtoull(seed, nullptr, 10);
    count = 1;
  } else if (const char* seeds = std::getenv("ADIT_SEEDS")) {
    count = std::strtoull(seeds, nullptr, 10);
  }
  for (auto seed = first; seed < first + count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).run();
  }
}

}  // namespace
}  // namespace adit::bindings::durable_object
