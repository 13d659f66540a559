// Seeded simulation of several owners that take ledgers from each other over one storage (the memory engine), with messages that are dropped,
// delayed and refused, and owners that die, with or without their disk, or do not notice that they were replaced. Each ledger is a list
// that clients append to and read. At the end one list per ledger must explain all that any client saw: no acknowledged append lost, none
// there twice, order kept, no append of a former owner acknowledged; and what the owner of the day showed was never behind.
// A failure prints its seed; ADIT_SEED=n runs that one alone, ADIT_SEEDS=n that many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "ledger/testing/list_history.h"
#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::ListHistory;
using testing::SimulatedDisk;
using testing::SimulatedShard;

constexpr size_t owner_count = 3;
constexpr size_t list_count = 2;

TEST(ListHistory, finds_what_one_list_cannot_explain) {
  ListHistory history;
  auto one = history.begin_append(1);
  history.acknowledge(one);
  auto before = history.now();
  history.begin_append(2);
  auto three = history.begin_append(3);
  history.acknowledge(three);
  EXPECT_EQ(history.contradiction({1, 2, 3}), "");
  EXPECT_EQ(history.contradiction({1, 3}), "");
  EXPECT_NE(history.contradiction({1}), "");        // lost
  EXPECT_NE(history.contradiction({1, 3, 1}), "");  // twice
  EXPECT_NE(history.contradiction({1, 3, 4}), "");  // from nowhere
  EXPECT_NE(history.contradiction({3, 1}), "");     // before what was acknowledged
  history.add_read({1, 1, history.now(), history.now()});
  EXPECT_NE(history.contradiction({1, 3}), "");  // a stale read
  ListHistory early;
  early.add_read({1, 1, before, before + 1});
  static_cast<void>(early.now());
  for (int i = 0; i < 9; ++i) early.now();
  early.begin_append(1);
  EXPECT_NE(early.contradiction({1}), "");  // seen before it was begun
}

class Owners {
 public:
  explicit Owners(uint64_t seed) : m_random(seed) {
    m_storage->keeps_compacted = true;
    m_has_faults = chance(4) != 0;
    m_raises_epoch = chance(4) != 0;
    m_options.ledger.append_timeout_ms = 60;
    m_options.ledger.checkpoint_after_bytes = 2048;
    m_options.idle_close_ms = 100;
    m_options.log_max_bytes = 8192;
    for (auto& owner : m_owners) start(owner);
  }

  void run() {
    auto actions = 40 + chance(160);
    for (uint64_t i = 0; i < actions; ++i) act();
    m_has_faults = false;
    for (int i = 0; i < 100; ++i) let_time_pass(5);
    check();
  }

 private:
  struct Owner {
    std::unique_ptr<SimulatedDisk> disk = std::make_unique<SimulatedDisk>();
    std::unique_ptr<StateDirectory> state;
    std::unique_ptr<LedgerStore> store;
    std::array<std::shared_ptr<Ledger>, list_count> lists;
    std::array<Epoch, list_count> epochs{};
    uint64_t life = 0;
  };

  uint64_t chance(uint64_t n) { return m_random() % n; }
  static LedgerId id(size_t list) { return LedgerId::create("list", std::to_string(list)).value(); }

  memory::Fate fate(memory::Operation operation) {
    memory::Fate fate;
    if (chance(2) == 0) fate.request_delay_ms = chance(40);
    if (chance(2) == 0) fate.reply_delay_ms = chance(40);
    if (!m_has_faults || chance(6) != 0) return fate;
    fate.drops_request = chance(4) == 0;
    fate.drops_reply = chance(3) == 0;
    if (operation == memory::Operation::append && chance(3) == 0) fate.request_delay_ms = 100;  // after its deadline
    if (chance(4) == 0) fate.refusal = Error::io("refused");
    return fate;
  }

  void start(Owner& owner) {
    ++owner.life;
    auto state = StateDirectory::open(*owner.disk, "/state");
    ASSERT_TRUE(state.is_ok()) << state.error().full_message();
    owner.state = std::move(state).value();
    auto store = LedgerStore::create_with(*owner.state, m_shard, m_logger, m_shard, m_options,
                                          m_shard.make_background(), [this](Background&) -> std::unique_ptr<Engine> {
                                            return std::make_unique<memory::MemoryEngine>(
                                                m_storage, m_shard, m_shard,
                                                [this](memory::Operation operation) { return fate(operation); },
                                                m_options.log_max_bytes);
                                          });
    owner.store = std::move(store).value();
  }

  void die(Owner& owner) {
    owner.lists = {};
    owner.store = nullptr;
    owner.state = nullptr;
    if (chance(2)) owner.disk = std::make_unique<SimulatedDisk>();
    else owner.disk->kill();
    start(owner);
  }

  void let_time_pass(uint64_t ms) {
    m_shard.advance(ms);
    while (m_shard.step(&m_random)) {}
  }

  void act() {
    auto& owner = m_owners[chance(owner_count)];
    auto list = chance(list_count);
    switch (chance(12)) {
      case 0:
        return chance(3) == 0 ? die(owner) : let_time_pass(chance(150));
      case 1:
      case 2:
        return let_time_pass(chance(30));
      case 3:
      case 4:
        return take(owner, list);
      case 5:
      case 6:
        return read(one_that_has(list), list);
      default:
        return append(one_that_has(list), list);
    }
  }

  // Anyone who believes to own it.
  Owner& one_that_has(size_t list) {
    auto first = chance(owner_count);
    for (size_t i = 0; i < owner_count; ++i) {
      auto& owner = m_owners[(first + i) % owner_count];
      if (owner.lists[list] && !owner.lists[list]->is_broken()) return owner;
    }
    return m_owners[first];
  }

  // Becomes the ledger's owner: raises the epoch, then opens. Without the first only the positions fence.
  void take(Owner& owner, size_t list) {
    if (owner.lists[list] && !owner.lists[list]->is_broken()) return;
    owner.lists[list] = nullptr;
    auto open = [this, &owner, list, life = owner.life](Result<Head>) {
      if (life != owner.life) return;
      owner.store->open(id(list), [this, &owner, list, life](Result<std::shared_ptr<Ledger>> opened) {
        if (life != owner.life || opened.is_error()) return;
        owner.lists[list] = opened.value();
        owner.epochs[list] = m_storage->logs[id(list).text()].head.epoch;
      });
    };
    if (!m_raises_epoch) return open(Head{});
    auto& engine = owner.store->engine();
    engine.read_head(id(list), {}, 1000, [this, &owner, list, life = owner.life, open](Result<Head>) mutable {
      if (life == owner.life) owner.store->engine().raise_epoch(id(list), 1000, std::move(open));
    });
  }

  void append(Owner& owner, size_t list) {
    auto ledger = owner.lists[list];
    if (!ledger || ledger->is_broken()) return;
    auto element = ++m_elements;
    m_shard.turn([&] {
      if (ledger->write().is_error()) return;
      auto& database = ledger->database();
      ASSERT_TRUE(database.execute("CREATE TABLE IF NOT EXISTS list (place INTEGER PRIMARY KEY, element)").is_ok());
      auto insert = database.prepare("INSERT INTO list (element) VALUES (?)").value();
      ASSERT_TRUE(insert.bind_all(static_cast<int64_t>(element)).run().is_ok());
      auto number = m_histories[list].begin_append(element);
      OutputGate(ledger).send([this, list, number](Result<void> durable) {
        if (durable.is_ok()) m_histories[list].acknowledge(number);
      });
    });
  }

  void read(Owner& owner, size_t list) {
    auto ledger = owner.lists[list];
    if (!ledger || ledger->is_broken()) return;
    auto seen = content(*ledger);
    auto begun = m_histories[list].now();
    OutputGate(ledger).send([this, &owner, list, seen, begun, life = owner.life](Result<void> durable) {
      if (durable.is_error()) return;
      // Who was replaced may show the past until its lease ends, and leases come with the cluster: then its answer counts from when it was
      // read, else it must be what is true in between.
      bool is_owner = life == owner.life && owner.lists[list] && !owner.lists[list]->is_broken() &&
                      m_storage->logs[id(list).text()].head.position == owner.lists[list]->durable_position();
      if (is_owner)
        m_histories[list].add_read({seen.size(), seen.empty() ? 0 : seen.back(), begun, m_histories[list].now()});
      else m_stale[list].push_back(seen);
    });
  }

  static std::vector<uint64_t> content(Ledger& ledger) {
    std::vector<uint64_t> list;
    auto statement = ledger.database().prepare("SELECT element FROM list ORDER BY place");
    if (statement.is_error()) return list;
    while (statement.value().step().value()) list.push_back(static_cast<uint64_t>(statement.value().integer(0)));
    return list;
  }

  void check() {
    Owner last;
    start(last);
    for (size_t list = 0; list < list_count && !::testing::Test::HasFailure(); ++list) {
      for (auto& owner : m_owners) owner.lists[list] = nullptr;
      std::shared_ptr<Ledger> ledger;
      last.store->open(id(list), [&](Result<std::shared_ptr<Ledger>> opened) {
        ASSERT_TRUE(opened.is_ok()) << opened.error().full_message();
        ledger = opened.value();
      });
      for (int i = 0; i < 100 && !ledger; ++i) let_time_pass(5);
      ASSERT_TRUE(ledger);
      auto list_now = content(*ledger);
      ASSERT_EQ(m_histories[list].contradiction(list_now), "") << "list " << list;
      // Even the past that a former owner showed was durable.
      for (auto& seen : m_stale[list])
        ASSERT_TRUE(seen.size() <= list_now.size() && std::equal(seen.begin(), seen.end(), list_now.begin()))
            << "list " << list;
      Epoch epoch = 0;
      for (auto& entry : m_storage->logs[id(list).text()].entries) {
        ASSERT_GE(entry.epoch, epoch);
        epoch = entry.epoch;
      }
    }
    last.lists = {};
  }

  SimulatedShard m_shard;
  Logger m_logger{LogLevel::none};
  std::shared_ptr<memory::MemoryStorage> m_storage = std::make_shared<memory::MemoryStorage>();
  StoreOptions m_options;
  std::mt19937_64 m_random;
  std::array<Owner, owner_count> m_owners;
  std::array<ListHistory, list_count> m_histories;
  std::array<std::vector<std::vector<uint64_t>>, list_count> m_stale;
  uint64_t m_elements = 0;
  bool m_has_faults = false;
  bool m_raises_epoch = false;
};

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(SimulatedOwners, one_list_explains_what_every_client_saw) {
  auto only = setting("ADIT_SEED", UINT64_MAX);
  auto first = only == UINT64_MAX ? 0 : only;
  auto last = only == UINT64_MAX ? setting("ADIT_SEEDS", 500) : only + 1;
  for (auto seed = first; seed < last; ++seed) {
    Owners(seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace adit::ledger
