#include "ledger/recovery.h"

#include <gtest/gtest.h>

#include "ledger/engines/local/log_format.h"
#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::SimulatedDisk;
using testing::World;

void put(World& world, const std::shared_ptr<Ledger>& ledger, int64_t key, std::string_view value) {
  world.shard->turn([&] {
    ASSERT_TRUE(ledger->write().is_ok());
    ASSERT_TRUE(
        ledger->database().execute("CREATE TABLE IF NOT EXISTS kv (key INTEGER PRIMARY KEY, value TEXT)").is_ok());
    auto statement = ledger->database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)").value();
    auto ran = statement.bind_all(key, value).run();
    ASSERT_TRUE(ran.is_ok()) << ran.error().full_message();
  });
}

std::string get(const std::shared_ptr<Ledger>& ledger, int64_t key) {
  auto statement = ledger->database().prepare("SELECT value FROM kv WHERE key = ?");
  if (statement.is_error()) return "error: " + statement.error().message();
  auto row = statement.value().bind_all(key).step();
  return row.is_ok() && row.value() ? std::string(statement.value().text(0)) : "absent";
}

std::string only_segment(SimulatedDisk& disk) {
  std::string found;
  for (auto& path : disk.paths())
    if (path.ends_with(".log")) found = path;
  return found;
}

TEST(Recovery, a_log_torn_at_any_byte_of_its_last_records_keeps_all_whole_ones) {
  World world;
  world.start();
  auto ledger = world.open("a");
  auto other = world.open("b");
  size_t ends[3];
  for (int i = 0; i < 3; ++i) {
    put(world, i == 1 ? other : ledger, 1, std::to_string(i));
    world.settle();
    ends[i] = world.disk->content(only_segment(*world.disk)).size();
  }
  ledger = other = nullptr;
  world.stop();
  auto whole = std::move(world.disk);
  whole->make_all_durable();
  for (size_t cut = ends[0]; cut <= ends[2]; ++cut) {
    World torn;
    torn.disk = whole->clone();
    torn.disk->content(only_segment(*torn.disk)).resize(cut);
    torn.start();
    EXPECT_EQ(torn.state->recovery().torn_bytes, cut - (cut < ends[1] ? ends[0] : cut < ends[2] ? ends[1] : ends[2]));
    ASSERT_EQ(get(torn.open("a"), 1), cut < ends[2] ? "0" : "2") << cut;
    ASSERT_EQ(torn.open("b")->position(), cut < ends[1] ? 0u : 1u) << cut;
  }
}

TEST(Recovery, garbage_after_the_last_record_is_a_torn_end) {
  World world;
  world.start();
  put(world, world.open("a"), 1, "x");
  world.settle();
  world.stop();
  auto& log = world.disk->content(only_segment(*world.disk));
  log.insert(log.end(), 777, uint8_t{0xad});
  world.start();
  EXPECT_EQ(world.state->recovery().torn_bytes, 777u);
  EXPECT_EQ(get(world.open("a"), 1), "x");
}

TEST(Recovery, damage_before_what_was_durable_is_an_error_and_not_a_torn_end) {
  World world;
  world.start();
  auto ledger = world.open("a");
  for (int i = 0; i < 3; ++i) {
    put(world, ledger, 1, std::to_string(i));
    world.settle();
  }
  ledger = nullptr;
  world.stop();
  world.disk->content(only_segment(*world.disk))[local::segment_header_bytes + 200] ^= 1;
  auto started = world.try_start();
  ASSERT_TRUE(started.is_error());
  EXPECT_EQ(started.error().kind(), ErrorKind::io);
  EXPECT_NE(started.error().full_message().find("damaged at byte 40"), std::string::npos)
      << started.error().full_message();
}

TEST(Recovery, a_torn_checkpoint_is_healed_by_the_log) {
  World world;
  world.start();
  auto ledger = world.open("a");
  for (int i = 0; i < 50; ++i) put(world, ledger, i, std::string(300, 'a'));
  world.settle();
  ledger->checkpoint([](Result<void>) {});
  world.settle();
  auto path = world.state->database_path(World::id("a"));
  ledger = nullptr;
  world.stop();
  auto& file = world.disk->content(path);
  for (size_t i = 0; i < file.size(); i += 3) file[i] ^= 0x5a;
  file.resize(file.size() - 700);
  world.start();
  ledger = world.open("a");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get(ledger, i), std::string(300, 'a'));
  EXPECT_EQ(ledger->position(), 50u);
}

TEST(Recovery, any_shard_opens_what_another_wrote) {
  World world;
  world.start(3);
  put(world, world.open("a"), 1, "three");
  world.settle();
  world.stop();
  world.start(0);
  EXPECT_EQ(get(world.open("a"), 1), "three");
  put(world, world.open("a"), 1, "zero");
  world.settle();
  world.stop();
  world.start(1);
  EXPECT_EQ(get(world.open("a"), 1), "zero");
  EXPECT_EQ(world.open("a")->position(), 2u);
}

TEST(Recovery, after_a_clean_close_there_is_no_log) {
  World world;
  world.start();
  for (auto* name : {"a", "b", "c"}) put(world, world.open(name), 1, name);
  ASSERT_TRUE(world.close().is_ok());
  EXPECT_EQ(only_segment(*world.disk), "");
  std::mt19937_64 random(1);
  world.crash(random);
  world.start();
  EXPECT_EQ(world.state->recovery().entries, 0u);
  for (auto* name : {"a", "b", "c"}) {
    EXPECT_EQ(get(world.open(name), 1), name);
    EXPECT_EQ(world.open(name)->position(), 1u);
  }
}

TEST(Recovery, segments_before_a_gap_are_meant_to_be_gone) {
  World world;
  world.options.log_segment_bytes = 4096;
  world.start();
  auto ledger = world.open("a");
  for (int i = 0; i < 40; ++i) {
    put(world, ledger, i % 3, std::to_string(i) + std::string(200, 'x'));
    world.settle();
  }
  auto log = world.state->log_path(0);
  ASSERT_GE(local::list_segments(*world.disk, log).value().size(), 4u);
  ledger->checkpoint([](Result<void>) {});
  world.settle();
  ledger = nullptr;
  world.stop();
  ASSERT_TRUE(world.disk->remove(log + "/" + local::segment_name(2)).is_ok());
  world.start();
  EXPECT_EQ(get(world.open("a"), 0), "39" + std::string(200, 'x'));
}

TEST(Recovery, deleting_a_log_is_atomic_whatever_part_of_it_a_crash_keeps) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    World world;
    world.options.log_segment_bytes = 4096;
    world.start();
    auto ledger = world.open("a");
    for (int i = 0; i < 15; ++i) {
      put(world, ledger, 1, std::to_string(i) + std::string(200, 'x'));
      world.settle();
    }
    ledger = nullptr;
    std::optional<Result<void>> closed;
    world.store->close([&](Result<void> result) { closed.emplace(std::move(result)); });
    for (auto steps = random() % 8; steps > 0; --steps) world.shard->step(&random);
    if (seed & 1) world.settle();
    world.crash(random);
    world.start();
    ASSERT_EQ(get(world.open("a"), 1), "14" + std::string(200, 'x')) << "seed " << seed;
  }
}

TEST(Recovery, a_write_that_was_reported_as_not_made_does_not_come_back) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    World world;
    world.start();
    put(world, world.open("first"), 1, "x");  // so that the log's segment exists
    world.settle();
    auto small = world.open("small");
    auto large = world.open("large");
    world.disk->set_fault([](testing::DiskOperation operation, const std::string&) -> std::optional<Error> {
      if (operation == testing::DiskOperation::write)
        return Error(ErrorKind::limit, "write: no space left on the disk");
      return std::nullopt;
    });
    // One batch, of which the disk takes the first half: all of the small entry.
    for (auto& ledger : {small, large}) {
      ASSERT_TRUE(ledger->write().is_ok());
      ASSERT_TRUE(ledger->database().execute("CREATE TABLE kv (key INTEGER PRIMARY KEY, value TEXT)").is_ok());
    }
    ASSERT_TRUE(large->database().execute("INSERT INTO kv VALUES (1, hex(randomblob(10000)))").is_ok());
    world.settle();
    ASSERT_TRUE(small->is_broken());
    ASSERT_EQ(small->error().kind(), ErrorKind::limit);
    small = large = nullptr;
    world.disk->set_fault(nullptr);
    std::mt19937_64 random(seed);
    world.crash(random);
    world.start();
    ASSERT_EQ(world.open("small")->position(), 0u) << "seed " << seed;
  }
}

TEST(StateDirectory, a_second_process_is_told_that_the_directory_is_in_use) {
  World world;
  world.start();
  auto second = StateDirectory::open(*world.disk, "/state");
  ASSERT_TRUE(second.is_error());
  EXPECT_EQ(second.error().full_message(), "state directory /state is in use by another adit");
}

TEST(StateDirectory, a_newer_format_is_a_clear_error) {
  World world;
  world.start();
  world.stop();
  world.disk->content("/state/format") = copy_bytes(std::string_view("adit state 3\n"));
  auto started = world.try_start();
  ASSERT_TRUE(started.is_error());
  EXPECT_EQ(started.error().kind(), ErrorKind::not_supported);
  EXPECT_NE(started.error().message().find("newer adit"), std::string::npos);
}

TEST(StateDirectory, a_newer_log_format_is_a_clear_error) {
  World world;
  world.start();
  put(world, world.open("a"), 1, "x");
  world.settle();
  world.stop();
  world.disk->content(only_segment(*world.disk))[8] = 9;
  auto started = world.try_start();
  ASSERT_TRUE(started.is_error());
  EXPECT_EQ(started.error().kind(), ErrorKind::not_supported);
}

TEST(StateDirectory, someone_elses_directory_is_refused) {
  World world;
  ASSERT_TRUE(world.disk->make_directories("/state").is_ok());
  ASSERT_TRUE(world.disk->open("/state/format", OpenMode::create).value()->write(0, bytes_of("hello")).is_ok());
  EXPECT_TRUE(world.try_start().is_error());
}

}  // namespace
}  // namespace adit::ledger
