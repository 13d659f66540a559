#include "ledger/history.h"

#include <gtest/gtest.h>

#include "ledger/bookmark.h"
#include "ledger/history_file.h"
#include "ledger/testing/world.h"

namespace adit::ledger {
namespace {

using testing::World;

struct HistoryWorld : World {
  HistoryWorld() { options.history_spaces = {"test"}; }

  void put(std::string_view name, int64_t key, std::string_view value) {
    auto ledger = open(name);
    shard->turn([&] {
      ASSERT_TRUE(ledger->write().is_ok());
      ASSERT_TRUE(
          ledger->database().execute("CREATE TABLE IF NOT EXISTS kv (key INTEGER PRIMARY KEY, value TEXT)").is_ok());
      auto statement = ledger->database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)").value();
      auto ran = statement.bind_all(key, value).run();
      ASSERT_TRUE(ran.is_ok()) << ran.error().full_message();
    });
    settle();
    shard->advance(1000);
  }
  std::string content(std::string_view name) {
    auto ledger = open(name);
    auto statement = ledger->database().prepare("SELECT group_concat(key || '=' || substr(value, 1, 8)) FROM kv");
    if (statement.is_error()) return "no table";
    auto row = statement.value().step();
    auto integrity = ledger->database().prepare("PRAGMA integrity_check").value();
    EXPECT_TRUE(integrity.step().value());
    EXPECT_EQ(integrity.text(0), "ok");
    return row.is_ok() && row.value() ? std::string(statement.value().text(0)) : "error";
  }
  std::string bookmark(std::string_view name) { return open(name)->bookmark().value(); }
  std::string restore(std::string_view name, const std::string& bookmark) {
    std::optional<Result<std::string>> restored;
    store->restore(id(name), bookmark, [&](Result<std::string> result) { restored.emplace(std::move(result)); });
    settle();
    if (!restored) return "no answer";
    return restored->is_ok() ? restored->value() : restored->error().full_message();
  }
  void checkpoint(std::string_view name) {
    open(name)->checkpoint([](Result<void> result) { ASSERT_TRUE(result.is_ok()) << result.error().full_message(); });
    settle();
  }
  void restart() {
    auto now_ns = shard->monotonic_ns();
    stop();
    start();
    shard->advance(static_cast<uint64_t>(now_ns - shard->monotonic_ns()) / 1'000'000);
  }
};

TEST(Bookmark, sorts_as_text_and_belongs_to_its_ledger) {
  auto a = World::id("a");
  EXPECT_LT(format_bookmark(a, 9), format_bookmark(a, 10));
  EXPECT_LT(format_bookmark(a, 0xffffffff), format_bookmark(a, 0x100000000));
  EXPECT_EQ(format_bookmark(a, 7).size(), 59u);
  EXPECT_EQ(parse_bookmark(a, format_bookmark(a, 0x1234567890)).value(), 0x1234567890u);
  EXPECT_TRUE(parse_bookmark(World::id("b"), format_bookmark(a, 7)).is_error());
  EXPECT_TRUE(parse_bookmark(a, "").is_error());
  EXPECT_TRUE(parse_bookmark(a, "0000007b-0000b26e-00001538-0c3e87bb37b3db5cc52eedb93cd3b96b").is_error());
}

TEST(History, a_ledger_goes_back_to_every_bookmark_and_forth_again) {
  HistoryWorld world;
  world.start();
  std::vector<std::pair<std::string, std::string>> known;
  for (int i = 0; i < 30; ++i) {
    world.put("a", i % 7, std::to_string(i) + std::string(static_cast<size_t>(i) * 40, 'x'));
    if (i % 4 == 3) world.checkpoint("a");
    if (i % 11 == 10) world.restart();
    known.emplace_back(world.bookmark("a"), world.content("a"));
  }
  for (size_t i = 0; i < known.size(); ++i) {
    auto& [bookmark, content] = known[i * 13 % known.size()];
    auto before = world.content("a");
    auto undo = world.restore("a", bookmark);
    ASSERT_EQ(world.content("a"), content) << i << " " << undo;
    if (i % 3 == 0) world.restart();
    ASSERT_EQ(world.content("a"), content);
    world.restore("a", undo);
    ASSERT_EQ(world.content("a"), before);
    world.restore("a", bookmark);
  }
}

TEST(History, the_state_of_a_time_is_found) {
  HistoryWorld world;
  world.start();
  std::vector<std::pair<int64_t, std::string>> known;
  for (int i = 0; i < 12; ++i) {
    world.put("a", i, "v");
    known.emplace_back(world.shard->unix_ms() - 1, world.content("a"));
    if (i == 5) world.restart();
    if (i == 8) world.checkpoint("a");
  }
  for (auto& [time, content] : known) {
    auto now = world.bookmark("a");
    auto found = world.open("a")->bookmark_for_time(time);
    ASSERT_TRUE(found.is_ok()) << found.error().full_message();
    world.restore("a", found.value());
    EXPECT_EQ(world.content("a"), content);
    world.restore("a", now);
  }
  auto early = world.open("a")->bookmark_for_time(1000);
  ASSERT_TRUE(early.is_error());
  EXPECT_EQ(early.error().kind(), ErrorKind::not_found);
}

TEST(History, a_ledger_goes_back_to_before_it_had_anything) {
  HistoryWorld world;
  world.start();
  auto empty = world.bookmark("a");
  world.put("a", 1, "one");
  world.put("a", 2, "two");
  world.restore("a", empty);
  EXPECT_EQ(world.content("a"), "no table");
  EXPECT_FALSE(world.open("a")->has_data());
  world.put("a", 3, "three");
  EXPECT_TRUE(world.open("a")->has_data());
  world.restart();
  EXPECT_EQ(world.content("a"), "3=three");
}

TEST(History, restoring_waits_for_the_next_open_and_happens_once) {
  HistoryWorld world;
  world.start();
  world.put("a", 1, "one");
  auto bookmark = world.bookmark("a");
  world.put("a", 1, "two");
  std::string before;
  world.open("a")->restore_at_next_open(bookmark, [&](Result<std::string> now) { before = now.value(); });
  world.settle();
  EXPECT_EQ(before, world.bookmark("a"));
  world.put("a", 1, "three");
  EXPECT_EQ(world.content("a"), "1=three");
  world.restart();
  EXPECT_EQ(world.content("a"), "1=one");
  world.put("a", 1, "four");
  world.restart();
  EXPECT_EQ(world.content("a"), "1=four");
}

TEST(History, a_crash_while_restoring_restores_whole_or_not_yet) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    HistoryWorld world;
    world.start();
    for (int i = 0; i < 6; ++i) world.put("a", i, std::string(500, 'a'));
    auto bookmark = world.bookmark("a");
    auto wanted = world.content("a");
    for (int i = 0; i < 6; ++i) world.put("a", i, std::string(500, 'b'));
    bool acknowledged = false;
    world.open("a")->restore_at_next_open(bookmark, [&](Result<std::string> now) { acknowledged = now.is_ok(); });
    for (auto steps = random() % 3; steps > 0; --steps) world.shard->step(&random);
    world.crash(random);
    world.start();
    auto content = world.content("a");
    if (acknowledged) { ASSERT_EQ(content, wanted) << "seed " << seed; }
    bool is_restored = content == wanted;
    for (auto steps = random() % 4; steps > 0; --steps) world.shard->step(&random);
    world.crash(random);
    world.start();
    if (is_restored && acknowledged) { ASSERT_EQ(world.content("a"), wanted) << "seed " << seed; }
    world.put("a", 1, "after");
    auto after = world.content("a");
    world.crash(random);
    world.start();
    ASSERT_EQ(world.content("a"), after) << "seed " << seed;
  }
}

TEST(History, what_a_vacuum_and_a_growing_database_replaced_comes_back) {
  HistoryWorld world;
  world.start();
  for (int i = 0; i < 40; ++i) world.put("a", i, std::string(900, 'a'));
  world.checkpoint("a");
  auto large = world.bookmark("a");
  auto content = world.content("a");
  ASSERT_TRUE(world.open("a")->database().execute("DELETE FROM kv WHERE key > 2; VACUUM").is_ok());
  world.settle();
  world.shard->advance(1000);
  auto small = world.bookmark("a");
  for (int i = 10; i < 60; ++i) world.put("a", i, std::string(900, 'b'));
  world.checkpoint("a");
  world.restore("a", large);
  EXPECT_EQ(world.content("a"), content);
  world.restore("a", small);
  EXPECT_EQ(world.content("a"), "0=aaaaaaaa,1=aaaaaaaa,2=aaaaaaaa");
}

TEST(History, a_ledger_written_all_the_time_keeps_bookmarks_and_a_state_per_interval) {
  HistoryWorld world;
  world.options.history.burst = 4;
  world.start();
  std::string bookmark;
  for (int i = 0; i < 100; ++i) {
    world.put("a", 1, std::to_string(i));
    if (i == 33) bookmark = world.bookmark("a");
  }
  world.checkpoint("a");
  auto path = history_path(world.state->database_path(World::id("a")));
  auto steps = HistoryFile(*world.disk, path).steps().value();
  // 100 s at one commit a second: a burst of 4, one for each interval of 10 s, and the bookmark.
  EXPECT_GE(steps.size(), 11u);
  EXPECT_LE(steps.size(), 18u);
  world.restore("a", bookmark);
  EXPECT_EQ(world.content("a"), "1=33");
}

TEST(History, what_is_too_old_is_forgotten) {
  HistoryWorld world;
  world.options.history.keep_ms = 24 * 3600 * 1000;
  world.options.history.interval_ms = 1;
  world.start();
  world.put("a", 1, "old");
  auto old = world.bookmark("a");
  std::string young;
  for (int hour = 0; hour < 40; ++hour) {
    world.put("a", 1, std::to_string(hour));
    if (hour == 30) young = world.bookmark("a");
    world.shard->advance(3600 * 1000);
    world.checkpoint("a");
  }
  EXPECT_NE(world.restore("a", old).find("no longer kept"), std::string::npos);
  EXPECT_EQ(world.content("a"), "1=39");
  world.restore("a", young);
  EXPECT_EQ(world.content("a"), "1=30");
}

TEST(History, a_history_file_stays_below_its_bound_and_thins_what_is_old) {
  HistoryWorld world;
  world.options.history.max_bytes = 64 << 10;
  world.options.history.interval_ms = 1;
  world.start();
  auto path = history_path(world.state->database_path(World::id("a")));
  std::string young;
  for (int i = 0; i < 300; ++i) {
    world.put("a", i % 3, std::to_string(i * 7919 % 10007) + std::string(500, 'x') + std::to_string(i));
    if (i == 290) young = world.bookmark("a");
    if (i % 5 == 4) world.checkpoint("a");
    if (i > 5) { ASSERT_LE(world.disk->content(path).size(), (64u << 10) + 8192); }
  }
  EXPECT_GT(HistoryFile(*world.disk, path).verify().value(), 10u);
  auto content = world.content("a");
  auto now = world.restore("a", young);
  EXPECT_NE(world.content("a"), content);
  world.restore("a", now);
  EXPECT_EQ(world.content("a"), content);
}

TEST(History, a_destroyed_ledger_leaves_no_past) {
  HistoryWorld world;
  world.start();
  for (int i = 0; i < 3; ++i) world.put("a", 1, std::to_string(i));
  auto bookmark = world.bookmark("a");
  world.checkpoint("a");
  world.put("a", 1, "x");
  world.store->destroy(World::id("a"), [](Result<void> result) { ASSERT_TRUE(result.is_ok()); });
  world.settle();
  for (auto& path : world.disk->paths()) EXPECT_EQ(path.find("/a."), std::string::npos) << path;
  world.put("a", 1, "new");
  EXPECT_NE(world.restore("a", bookmark).find("no longer kept"), std::string::npos);
  EXPECT_EQ(world.content("a"), "1=new");
}

TEST(History, a_ledger_outside_its_spaces_has_none) {
  World world;
  world.start();
  auto bookmark = world.open("a")->bookmark();
  ASSERT_TRUE(bookmark.is_error());
  EXPECT_EQ(bookmark.error().kind(), ErrorKind::not_supported);
}

}  // namespace
}  // namespace adit::ledger
