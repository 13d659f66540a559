#include "ledger/ledger_store.h"

#include <gtest/gtest.h>

#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::World;

void put(World& world, const std::shared_ptr<Ledger>& ledger, std::string_view value) {
  world.shard->turn([&] {
    ASSERT_TRUE(ledger->write().is_ok());
    ASSERT_TRUE(ledger->database().execute("CREATE TABLE IF NOT EXISTS t (v TEXT)").is_ok());
    auto statement = ledger->database().prepare("INSERT INTO t VALUES (?)").value();
    auto ran = statement.bind_all(value).run();
    ASSERT_TRUE(ran.is_ok()) << ran.error().full_message();
  });
}

int64_t count(const std::shared_ptr<Ledger>& ledger) {
  auto statement = ledger->database().prepare("SELECT count(*) FROM t");
  if (statement.is_error() || !statement.value().step().value()) return -1;
  return statement.value().integer(0);
}

std::vector<std::string> names(const World& world, std::string_view after = "", size_t limit = 100) {
  std::vector<std::string> names;
  auto listed = world.store->list("test", after, limit);
  for (auto& id : listed.value()) names.emplace_back(id.name());
  return names;
}

TEST(LedgerStore, opening_twice_gives_the_same_ledger) {
  World world;
  world.start();
  EXPECT_EQ(world.open("a"), world.open("a"));
  EXPECT_EQ(world.store->find(World::id("b")), nullptr);
}

TEST(LedgerStore, idle_ledgers_are_written_out_and_closed_but_never_those_in_use) {
  World world;
  world.start();
  auto used = world.open("used");
  put(world, used, "x");
  put(world, world.open("idle"), "x");
  world.settle();
  for (int i = 0; i < 6; ++i) {
    world.shard->advance(30'000);
    world.settle();
  }
  EXPECT_EQ(world.store->find(World::id("idle")), nullptr);
  EXPECT_EQ(world.store->find(World::id("used")), used);
  EXPECT_EQ(count(world.open("idle")), 1);
  EXPECT_EQ(world.open("idle")->position(), 1u);
}

TEST(LedgerStore, opening_more_than_the_bound_closes_the_least_recently_used) {
  World world;
  world.options.max_open_ledgers = 8;
  world.start();
  for (int i = 0; i < 50; ++i) {
    put(world, world.open(std::to_string(i)), "x");
    world.settle();
  }
  EXPECT_LE(world.store->statistics().open_ledgers, 16u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(count(world.open(std::to_string(i))), 1);
    world.settle();
  }
}

TEST(LedgerStore, the_log_stays_bounded_although_a_ledger_never_writes_again) {
  World world;
  world.options.log_segment_bytes = 16 * 1024;
  world.options.log_max_bytes = 64 * 1024;
  world.options.ledger.checkpoint_after_bytes = 32 * 1024;
  world.start();
  auto quiet = world.open("quiet");
  put(world, quiet, "once");
  auto busy = world.open("busy");
  for (int i = 0; i < 1000; ++i) {
    put(world, busy, std::string(100, 'x'));
    world.settle();
    world.shard->advance(1);
    ASSERT_LE(world.store->statistics().engine.log_bytes_kept,
              2 * world.options.log_max_bytes + world.options.log_segment_bytes);
    ASSERT_LE(busy->dirty_bytes(), 128u * 1024);
  }
  EXPECT_GT(world.store->statistics().engine.log_bytes_written, 10 * world.options.log_max_bytes);
  quiet = busy = nullptr;
  std::mt19937_64 random(3);
  world.crash(random);
  world.start();
  EXPECT_EQ(count(world.open("quiet")), 1);
  EXPECT_EQ(count(world.open("busy")), 1000);
}

TEST(LedgerStore, a_checkpoint_that_fails_loses_nothing_and_is_tried_again) {
  World world;
  world.options.log_segment_bytes = 16 * 1024;
  world.options.log_max_bytes = 32 * 1024;
  world.start();
  auto ledger = world.open("a");
  world.disk->set_fault([](testing::DiskOperation operation, const std::string& path) -> std::optional<Error> {
    if (operation == testing::DiskOperation::write && path.ends_with(".sqlite"))
      return Error(ErrorKind::limit, "write: no space left on the disk");
    return std::nullopt;
  });
  for (int i = 0; i < 45; ++i) {
    put(world, ledger, "x");
    world.settle();
  }
  EXPECT_GT(world.store->statistics().engine.log_bytes_kept, 32u * 1024);
  EXPECT_FALSE(ledger->is_broken());
  world.disk->set_fault(nullptr);
  world.shard->advance(2000);
  world.settle();
  put(world, ledger, "x");
  world.settle();
  EXPECT_LT(world.store->statistics().engine.log_bytes_kept, 32u * 1024);
  EXPECT_EQ(count(ledger), 46);
}

TEST(LedgerStore, list_shows_what_has_data_in_order) {
  World world;
  world.start();
  for (auto* name : {"b", "a", "a/c d", "Z"}) put(world, world.open(name), "x");
  world.open("never-written");
  EXPECT_EQ(names(world), (std::vector<std::string>{"Z", "a", "a/c d", "b"}));
  world.settle();
  ASSERT_TRUE(world.close().is_ok());
  world.stop();
  world.start();
  EXPECT_EQ(names(world), (std::vector<std::string>{"Z", "a", "a/c d", "b"}));
  EXPECT_EQ(names(world, "a", 1), (std::vector<std::string>{"a/c d"}));
  EXPECT_TRUE(world.store->exists(World::id("a/c d")).value());
}

TEST(LedgerStore, a_destroyed_ledger_is_gone_for_good_and_can_be_made_anew) {
  for (bool checkpointed : {false, true}) {
    for (uint64_t seed = 0; seed < 50; ++seed) {
      World world;
      world.start();
      auto ledger = world.open("a");
      put(world, ledger, "old");
      world.settle();
      if (checkpointed) ledger->checkpoint([](Result<void>) {});
      world.settle();
      bool destroyed = false;
      world.store->destroy(World::id("a"), [&](Result<void> result) { destroyed = result.is_ok(); });
      world.settle();
      EXPECT_TRUE(destroyed);
      EXPECT_EQ(ledger->write().error().kind(), ErrorKind::not_found);
      EXPECT_EQ(names(world), std::vector<std::string>());
      ledger = nullptr;
      std::mt19937_64 random(seed);
      if (seed & 1) {
        put(world, world.open("a"), "new");
        put(world, world.open("a"), "newer");
        world.settle();
        if (seed & 2) world.open("a")->checkpoint([](Result<void>) {});
        if (seed & 4) world.settle();
        EXPECT_EQ(count(world.open("a")), 2);
      }
      world.crash(random);
      world.start();
      EXPECT_EQ(count(world.open("a")), seed & 1 ? 2 : -1) << "seed " << seed;
      EXPECT_EQ(world.store->exists(World::id("a")).value(), (seed & 1) == 1);
    }
  }
}

TEST(LedgerId, file_names_are_reversible_and_harmless) {
  for (const std::string& name :
       std::vector<std::string>{"plain", "..", ".hidden", "a/b", "UPPER", "100%", std::string("\0x", 2), "é"}) {
    auto file = encode_file_name(name);
    EXPECT_EQ(decode_file_name(file).value(), name);
    EXPECT_EQ(file.find('/'), std::string::npos);
    EXPECT_NE(file[0], '.');
  }
  EXPECT_TRUE(LedgerId::create("../x", "y").is_error());
  EXPECT_TRUE(LedgerId::create("x", "").is_error());
  EXPECT_TRUE(LedgerId::create("x", std::string(129, 'a')).is_error());
  EXPECT_EQ(LedgerId::parse("space/name/with/slashes").value().name(), "name/with/slashes");
}

TEST(Blobs, put_get_list_and_delete) {
  World world;
  world.start();
  auto& engine = world.store->engine();
  int done = 0;
  for (auto* key : {"b/2", "a/1", "b/1", "c"})
    engine.put_blob(key, copy_bytes(std::string_view(key)), 1000, [&](Result<void> result) { done += result.is_ok(); });
  world.settle();
  EXPECT_EQ(done, 4);
  std::string got;
  engine.get_blob("b/1", {1, 100}, 1000, [&](Result<Bytes> result) { got = text_of(result.value()); });
  std::vector<BlobInfo> listed;
  engine.list_blobs("b/", "", 10, 1000, [&](auto result) { listed = std::move(result.value()); });
  world.settle();
  EXPECT_EQ(got, "/1");
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].key, "b/1");
  EXPECT_EQ(listed[1].size_bytes, 3u);
  engine.delete_blob("b/1", 1000, [](Result<void>) {});
  std::optional<ErrorKind> kind;
  engine.get_blob("b/1", {}, 1000, [&](Result<Bytes> result) { kind = result.error().kind(); });
  world.settle();
  EXPECT_EQ(kind, ErrorKind::not_found);
  std::mt19937_64 random(5);
  world.crash(random);
  world.start();
  world.store->engine().get_blob("c", {}, 1000, [&](Result<Bytes> result) { got = text_of(result.value()); });
  world.settle();
  EXPECT_EQ(got, "c");
}

}  // namespace
}  // namespace adit::ledger
