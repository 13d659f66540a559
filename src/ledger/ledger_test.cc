#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::World;

constexpr const char* schema = "CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID";

void put(Ledger& ledger, std::string_view key, std::string_view value) {
  ASSERT_TRUE(ledger.write().is_ok());
  ASSERT_TRUE(ledger.database().execute(schema).is_ok());
  auto statement = ledger.database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)");
  ASSERT_TRUE(statement.is_ok());
  auto ran = statement.value().bind_all(key, bytes_of(value)).run();
  ASSERT_TRUE(ran.is_ok()) << ran.error().full_message();
}

std::string get(Ledger& ledger, std::string_view key) {
  auto statement = ledger.database().prepare("SELECT value FROM kv WHERE key = ?");
  if (statement.is_error()) return "error: " + statement.error().message();
  auto row = statement.value().bind_all(key).step();
  if (row.is_error()) return "error: " + row.error().message();
  return row.value() ? std::string(text_of(statement.value().blob(0))) : "absent";
}

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override { world.start(); }
  std::string after_power_loss(std::string_view name, std::string_view key) {
    std::mt19937_64 random(7);
    world.crash(random);
    world.start();
    auto ledger = world.open(name);
    return get(*ledger, key);
  }
  World world;
};

TEST_F(LedgerTest, a_write_is_durable_only_after_the_log_said_so) {
  auto ledger = world.open("a");
  bool durable = false;
  world.shard->turn([&] {
    put(*ledger, "k", "v");
    ledger->when_durable(ledger->pending_position(), [&](Result<void> result) { durable = result.is_ok(); });
  });
  EXPECT_EQ(ledger->position(), 1u);
  EXPECT_EQ(ledger->durable_position(), 0u);
  EXPECT_FALSE(durable);
  world.settle();
  EXPECT_TRUE(durable);
  EXPECT_EQ(ledger->durable_position(), 1u);
  ledger = nullptr;
  EXPECT_EQ(after_power_loss("a", "k"), "v");
}

TEST_F(LedgerTest, all_writes_of_a_turn_are_one_commit_and_later_commits_coalesce_into_one_append) {
  auto ledger = world.open("a");
  world.shard->turn([&] { put(*ledger, "a", "1"), put(*ledger, "b", "2"); });
  EXPECT_EQ(ledger->position(), 1u);
  for (int i = 0; i < 10; ++i) world.shard->turn([&] { put(*ledger, "c", std::to_string(i)); });
  EXPECT_EQ(ledger->position(), 11u);
  world.settle();
  EXPECT_EQ(ledger->durable_position(), 11u);
  EXPECT_EQ(world.store->statistics().engine.appends, 2u);
  EXPECT_EQ(get(*ledger, "c"), "9");
}

TEST_F(LedgerTest, many_ledgers_share_one_sync) {
  std::vector<std::shared_ptr<Ledger>> ledgers;
  for (int i = 0; i < 20; ++i) ledgers.push_back(world.open("l" + std::to_string(i)));
  world.shard->turn([&] {
    for (auto& ledger : ledgers) put(*ledger, "k", "v");
  });
  world.settle();
  EXPECT_EQ(world.store->statistics().engine.batches, 1u);
  for (auto& ledger : ledgers) EXPECT_EQ(ledger->durable_position(), 1u);
}

TEST_F(LedgerTest, reading_or_an_empty_transaction_moves_nothing) {
  auto ledger = world.open("a");
  bool released = false;
  world.shard->turn([&] {
    ASSERT_TRUE(ledger->write().is_ok());
    ledger->when_durable(ledger->position() + 1, [&](Result<void> result) { released = result.is_ok(); });
  });
  EXPECT_TRUE(released);
  EXPECT_EQ(ledger->position(), 0u);
  EXPECT_FALSE(world.store->exists(World::id("a")).value());
}

TEST_F(LedgerTest, a_rolled_back_turn_releases_who_waits_for_it) {
  auto ledger = world.open("a");
  bool released = false;
  world.shard->turn([&] {
    put(*ledger, "k", "v");
    ledger->when_durable(ledger->pending_position(), [&](Result<void> result) { released = result.is_ok(); });
    ASSERT_TRUE(ledger->rollback().is_ok());
  });
  EXPECT_TRUE(released);
  EXPECT_EQ(ledger->position(), 0u);
}

TEST_F(LedgerTest, an_explicit_transaction_spans_turns_and_rolls_back_when_dropped) {
  auto ledger = world.open("a");
  world.shard->turn([&] { put(*ledger, "k", "old"); });
  {
    auto transaction = ledger->begin().value();
    world.shard->turn([&] { put(*ledger, "k", "new"); });
    world.shard->turn([&] { put(*ledger, "j", "new"); });
    EXPECT_EQ(ledger->position(), 1u);
    EXPECT_EQ(ledger->pending_position(), 1u);
    EXPECT_EQ(get(*ledger, "k"), "new");
  }
  EXPECT_EQ(get(*ledger, "k"), "old");
  auto transaction = ledger->begin().value();
  world.shard->turn([&] { put(*ledger, "k", "kept"); });
  EXPECT_EQ(transaction.commit().value(), 2u);
  world.settle();
  EXPECT_EQ(ledger->durable_position(), 2u);
  EXPECT_EQ(get(*ledger, "k"), "kept");
}

TEST_F(LedgerTest, savepoints_nest_and_undo_only_their_own) {
  auto ledger = world.open("a");
  world.shard->turn([&] {
    put(*ledger, "k", "1");
    {
      auto outer = ledger->savepoint().value();
      put(*ledger, "k", "2");
      {
        auto inner = ledger->savepoint().value();
        put(*ledger, "k", "3");
      }
      EXPECT_EQ(get(*ledger, "k"), "2");
      ASSERT_TRUE(outer.release().is_ok());
    }
    auto dropped = ledger->savepoint().value();
    put(*ledger, "k", "4");
  });
  EXPECT_EQ(get(*ledger, "k"), "2");
}

TEST_F(LedgerTest, messages_leave_the_gate_in_order_and_after_their_writes) {
  auto ledger = world.open("a");
  OutputGate gate(ledger);
  std::string order;
  gate.send([&](Result<void>) { order += "0"; });
  EXPECT_EQ(order, "0");  // nothing to wait for
  EXPECT_TRUE(gate.is_open());
  world.shard->turn([&] {
    put(*ledger, "k", "1");
    EXPECT_FALSE(gate.is_open());
    gate.send([&](Result<void>) {
      order += "1";
      gate.send([&](Result<void>) { order += "4"; });
    });
    gate.send([&](Result<void>) { order += "2"; });
  });
  world.shard->turn([&] { put(*ledger, "k", "2"), gate.send([&](Result<void>) { order += "3"; }); });
  EXPECT_EQ(order, "0");
  world.settle();
  EXPECT_EQ(order, "01234");
}

TEST_F(LedgerTest, an_append_by_a_stale_owner_fails_and_breaks_the_ledger) {
  auto ledger = world.open("a");
  world.shard->turn([&] { put(*ledger, "k", "1"); });
  world.settle();
  Epoch raised = 0;
  world.store->engine().raise_epoch(World::id("a"), 1000, [&](Result<Head> head) { raised = head.value().epoch; });
  std::optional<Error> failure;
  world.shard->turn([&] {
    put(*ledger, "k", "2");
    OutputGate(ledger).send([&](Result<void> result) { failure = result.error(); });
  });
  world.settle();
  EXPECT_EQ(raised, 1u);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind(), ErrorKind::conflict);
  EXPECT_TRUE(ledger->is_broken());
  EXPECT_EQ(ledger->write().error().kind(), ErrorKind::conflict);
  auto successor = world.open("a");
  EXPECT_NE(successor, ledger);
  EXPECT_EQ(get(*successor, "k"), "1");
  world.shard->turn([&] { put(*successor, "k", "3"); });
  world.settle();
  EXPECT_EQ(successor->durable_position(), 2u);
}

TEST_F(LedgerTest, a_full_disk_fails_the_commit_and_a_reopened_ledger_goes_on_when_space_returns) {
  auto ledger = world.open("a");
  world.shard->turn([&] { put(*ledger, "k", "1"); });
  world.settle();
  world.disk->set_capacity_bytes(3000);
  std::optional<Error> failure;
  world.shard->turn([&] {
    put(*ledger, "k", "2");
    OutputGate(ledger).send([&](Result<void> result) { failure = result.error(); });
  });
  world.settle();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind(), ErrorKind::limit);
  EXPECT_NE(failure->full_message().find("no space left"), std::string::npos) << failure->full_message();
  world.disk->set_capacity_bytes(UINT64_MAX);
  ledger = world.open("a");
  EXPECT_EQ(get(*ledger, "k"), "1");
  world.shard->turn([&] { put(*ledger, "k", "3"); });
  world.settle();
  ledger = nullptr;
  EXPECT_EQ(after_power_loss("a", "k"), "3");
}

TEST_F(LedgerTest, after_a_failed_sync_nothing_is_acknowledged_until_restart) {
  auto ledger = world.open("a");
  auto other = world.open("b");
  world.shard->turn([&] { put(*ledger, "k", "1"), put(*other, "k", "1"); });
  world.settle();
  world.disk->set_fault([](testing::DiskOperation operation, const std::string&) -> std::optional<Error> {
    if (operation == testing::DiskOperation::sync) return Error::io("sync: Input/output error");
    return std::nullopt;
  });
  std::optional<Error> failure;
  world.shard->turn([&] {
    put(*ledger, "k", "2");
    OutputGate(ledger).send([&](Result<void> result) { failure = result.error(); });
  });
  world.settle();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind(), ErrorKind::unknown_outcome);
  world.disk->set_fault(nullptr);
  failure.reset();
  world.shard->turn([&] {
    put(*other, "k", "2");
    OutputGate(other).send([&](Result<void> result) { failure = result.error(); });
  });
  world.settle();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind(), ErrorKind::io);
  EXPECT_TRUE(world.try_open("a").is_error());
  ledger = other = nullptr;
  EXPECT_EQ(after_power_loss("b", "k"), "1");
}

TEST_F(LedgerTest, a_disk_that_does_not_answer_ends_in_unknown_outcome) {
  auto ledger = world.open("a");
  std::optional<Error> failure;
  world.shard->turn([&] {
    put(*ledger, "k", "1");
    OutputGate(ledger).send([&](Result<void> result) { failure = result.error(); });
  });
  world.shard->advance(31'000);  // the batch is with the log's thread, which does not run
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind(), ErrorKind::unknown_outcome);
  auto reopened = world.open("a");  // reads the log behind the late write
  EXPECT_EQ(get(*reopened, "k"), "1");
}

TEST_F(LedgerTest, user_sql_cannot_undermine_durability) {
  auto ledger = world.open("a");
  for (auto* sql : {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode=OFF", "PRAGMA locking_mode=NORMAL",
                    "PRAGMA synchronous=FULL", "ATTACH 'x' AS y", "PRAGMA mmap_size=100000"})
    EXPECT_TRUE(ledger->database().execute(sql).is_error()) << sql;
  EXPECT_TRUE(ledger->database().execute("PRAGMA journal_mode").is_ok());
}

TEST_F(LedgerTest, vacuum_shrinks_and_survives) {
  auto ledger = world.open("a");
  for (int i = 0; i < 200; ++i)
    world.shard->turn([&] { put(*ledger, "key" + std::to_string(i), std::string(500, 'x')); });
  world.settle();
  bool checkpointed = false;
  ledger->checkpoint([&](Result<void> result) { checkpointed = result.is_ok(); });
  world.settle();
  ASSERT_TRUE(checkpointed);
  auto path = world.state->database_path(World::id("a"));
  auto before = world.disk->content(path).size();
  world.shard->turn([&] {
    ASSERT_TRUE(ledger->database().execute("DELETE FROM kv WHERE key <> 'key7'").is_ok());
    auto vacuumed = ledger->database().execute("VACUUM");
    ASSERT_TRUE(vacuumed.is_ok()) << vacuumed.error().full_message();
  });
  world.settle();
  ledger->checkpoint([](Result<void>) {});
  world.settle();
  EXPECT_LT(world.disk->content(path).size(), before / 4);
  ledger = nullptr;
  EXPECT_EQ(after_power_loss("a", "key7"), std::string(500, 'x'));
}

}  // namespace
}  // namespace adit::ledger
