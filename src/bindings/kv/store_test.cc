#include "bindings/kv/store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bindings/kv/partition.h"
#include "ledger/testing/world.h"

namespace adit::bindings::kv {
namespace {

// A namespace over a simulated disk and clock.
class KvStore : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void start() {
    m_world.start();
    m_store = std::make_unique<Store>(m_world.open("space"), *m_world.shard);
  }
  void restart() {
    m_store = nullptr;
    m_world.stop();
    start();
  }
  int64_t now_s() const { return m_world.shard->unix_ms() / 1000; }

  void put(std::string key, std::string value, std::optional<int64_t> ttl_s = {},
           std::optional<std::string> metadata = {}) {
    PutRequest request{std::move(key), std::move(value), std::move(metadata), {}};
    if (ttl_s) request.expiration_s = now_s() + *ttl_s;
    m_world.shard->turn([&] {
      auto done = m_store->put(request);
      ASSERT_TRUE(done.is_ok()) << done.error().full_message();
    });
  }
  // Time goes on once everything is durable.
  void pass(uint64_t ms) {
    m_world.settle();
    m_world.shard->advance(ms);
  }
  void remove(std::string_view key) {
    m_world.shard->turn([&] { ASSERT_TRUE(m_store->remove(key).is_ok()); });
  }
  std::optional<std::string> get(std::string_view key) {
    std::optional<std::string> value;
    auto found = m_store->read(key, [&](const EntryView& entry) { value = std::string(entry.value); });
    EXPECT_TRUE(found.is_ok());
    EXPECT_EQ(found.value(), value.has_value());
    return value;
  }
  ListPage list(std::string prefix = "", std::string after = "", size_t limit = max_list_keys) {
    auto page = m_store->list({std::move(prefix), std::move(after), limit});
    EXPECT_TRUE(page.is_ok());
    return std::move(page).value();
  }
  std::string names(const ListPage& page) {
    std::string text;
    for (const auto& key : page.keys) text += key.name + " ";
    return text + (page.is_complete ? "." : "...");
  }
  int64_t rows() {
    auto statement = m_store->ledger().database().prepare("SELECT count(*) FROM entries").value();
    EXPECT_TRUE(statement.step().value());
    return statement.integer(0);
  }

  ledger::testing::World m_world;
  std::unique_ptr<Store> m_store;
};

TEST_F(KvStore, a_namespace_never_written_to_is_empty_and_leaves_nothing) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(names(list()), ".");
  remove("a");
  m_world.settle();
  EXPECT_FALSE(m_world.store->exists(ledger::testing::World::id("space")).value());
}

TEST_F(KvStore, the_last_put_wins_with_its_metadata_and_expiration) {
  put("a", "one", 100, "{\"n\":1}");
  put("a", "two");
  EXPECT_EQ(get("a"), "two");
  auto page = list();
  ASSERT_EQ(page.keys.size(), 1u);
  EXPECT_EQ(page.keys[0].metadata, std::nullopt);
  EXPECT_EQ(page.keys[0].expiration_s, std::nullopt);
}

TEST_F(KvStore, a_read_gives_value_metadata_and_expiration) {
  put("a", std::string("\0\xff bytes", 8), 100, "[1,2]");
  auto expected = now_s() + 100;
  auto found = m_store->read("a", [&](const EntryView& entry) {
    EXPECT_EQ(entry.value, std::string_view("\0\xff bytes", 8));
    EXPECT_EQ(entry.metadata, "[1,2]");
    EXPECT_EQ(entry.expiration_s, expected);
  });
  EXPECT_TRUE(found.value());
}

TEST_F(KvStore, removed_entries_are_gone_and_removing_what_is_not_there_is_no_error) {
  put("a", "x");
  remove("a");
  remove("b");
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(names(list()), ".");
}

TEST_F(KvStore, an_entry_expires_at_its_second) {
  put("a", "x", 60);
  pass(59'999);
  EXPECT_EQ(get("a"), "x");
  EXPECT_EQ(names(list()), "a .");
  pass(1);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(names(list()), ".");
}

TEST_F(KvStore, an_expired_key_may_be_put_again) {
  put("a", "x", 60);
  pass(60'000);
  put("a", "y");
  EXPECT_EQ(get("a"), "y");
}

TEST_F(KvStore, sweeping_deletes_expired_entries_only_oldest_first_and_no_more_than_asked) {
  for (int i = 0; i < 10; ++i) put("k" + std::to_string(i), "x", 60 + i);
  put("stays", "x");
  put("later", "x", 10'000);
  pass(66'000);
  m_world.shard->turn([&] { EXPECT_EQ(m_store->sweep(4).value(), 4); });
  EXPECT_EQ(rows(), 8);
  m_world.shard->turn([&] { EXPECT_EQ(m_store->sweep(100).value(), 3); });
  EXPECT_EQ(rows(), 5);
  EXPECT_EQ(names(list()), "k7 k8 k9 later stays .");
}

TEST_F(KvStore, puts_sweep_what_has_expired) {
  for (int i = 0; i < 200; ++i) put("old" + std::to_string(i), "x", 60);
  pass(61'000);
  for (int i = 0; i < 200; ++i) put("new", "x");
  EXPECT_EQ(rows(), 1);
}

TEST_F(KvStore, entries_survive_a_restart) {
  put("a", "x", 1000, "7");
  put("long", std::string(300'000, 'z'));
  m_world.settle();
  restart();
  EXPECT_EQ(get("a"), "x");
  EXPECT_EQ(get("long")->size(), 300'000u);
  EXPECT_EQ(list().keys[0].metadata, "7");
  put("b", "y");
  EXPECT_EQ(names(list()), "a b long .");
}

TEST_F(KvStore, values_of_up_to_the_limit_are_stored) {
  put("empty", "");
  put("largest", std::string(max_value_bytes, 'm'));
  EXPECT_EQ(get("empty"), "");
  EXPECT_EQ(get("largest"), std::string(max_value_bytes, 'm'));
}

TEST_F(KvStore, a_list_is_in_the_order_of_utf8_octets) {
  for (const char* key : {"z", "a", "\xc3\xa9", "Z", "\xf0\x9f\x98\x80", "\xef\xbf\xbf", "aa"}) put(key, "x");
  EXPECT_EQ(names(list()), "Z a aa z \xc3\xa9 \xef\xbf\xbf \xf0\x9f\x98\x80 .");
}

TEST_F(KvStore, lists_by_prefix_and_page) {
  struct Case {
    const char* prefix;
    const char* after;
    size_t limit;
    const char* expected;
  };
  for (const char* key : {"a", "a/1", "a/2", "a/3", "a0", "b/1", "\xf4\x8f\xbf\xbf"}) put(key, "x");
  for (const auto& each : std::vector<Case>{
           {"", "", 1000, "a a/1 a/2 a/3 a0 b/1 \xf4\x8f\xbf\xbf ."},
           {"a/", "", 1000, "a/1 a/2 a/3 ."},
           {"a/", "", 3, "a/1 a/2 a/3 ."},
           {"a/", "", 2, "a/1 a/2 ..."},
           {"a/", "a/2", 2, "a/3 ."},
           {"a/", "a/3", 2, "."},
           {"a/", "a/2gone", 2, "a/3 ."},
           {"a/", "0", 2, "a/1 a/2 ..."},
           {"a/", "z", 2, "."},
           {"a/1", "", 1000, "a/1 ."},
           {"c", "", 1000, "."},
           {"\xf4\x8f\xbf\xbf", "", 1000, "\xf4\x8f\xbf\xbf ."},
           {"", "a0", 1, "b/1 ..."},
       })
    EXPECT_EQ(names(list(each.prefix, each.after, each.limit)), each.expected)
        << each.prefix << " after " << each.after << " limit " << each.limit;
}

TEST_F(KvStore, paging_sees_each_key_that_stays_once_while_others_come_and_go) {
  for (int i = 10; i < 50; ++i) put("k" + std::to_string(i), "x");
  std::vector<std::string> seen;
  std::string after;
  for (int round = 0;; ++round) {
    auto page = list("k", after, 7);
    for (const auto& key : page.keys)
      if (key.name.size() == 3) seen.push_back(key.name);
    if (page.is_complete) break;
    after = page.keys.back().name;
    remove(after);                                         // the cursor's own key
    put("k" + std::to_string(10 + round) + "extra", "x");  // behind and before it
    put("k4" + std::to_string(round) + "extra", "x");
  }
  EXPECT_EQ(seen.size(), 40u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

// Another shard that reads from the partition, as the owner sees it.
class FakeReaders final : public Readers {
 public:
  void forget(size_t shard, const std::string&, const std::string& key, Function<void()> done) override {
    told.push_back(std::to_string(shard) + ":" + key);
    waiting.push_back(std::move(done));
  }
  std::vector<std::string> told;
  std::vector<Function<void()>> waiting;
};

class KvPartition : public KvStore {
 protected:
  void SetUp() override {
    KvStore::SetUp();
    m_partition = std::make_shared<Partition>("space", m_world.open("space"), *m_world.shard, 0, m_readers);
  }
  std::shared_ptr<std::optional<Answer>> get_by(size_t reader, const std::string& key) {
    auto answer = std::make_shared<std::optional<Answer>>();
    m_partition->get(key, reader, [answer](Result<Answer> result) { *answer = std::move(result).value(); });
    return answer;
  }
  std::shared_ptr<bool> put_by(size_t writer, std::string key, std::string value) {
    auto done = std::make_shared<bool>(false);
    m_world.shard->turn([&] {
      m_partition->put({std::move(key), std::move(value), {}, {}}, writer,
                       [done](Result<void> durable) { *done = durable.is_ok(); });
    });
    return done;
  }
  FakeReaders m_readers;
  std::shared_ptr<Partition> m_partition;
};

TEST_F(KvPartition, a_put_is_acknowledged_when_it_is_durable) {
  auto done = put_by(0, "a", "x");
  EXPECT_FALSE(*done);
  m_world.settle();
  EXPECT_TRUE(*done);
}

TEST_F(KvPartition, a_put_that_expires_asks_for_sweeping_once_and_a_sweep_says_how_much_it_did) {
  put_by(0, "a", "x");
  EXPECT_FALSE(m_partition->take_expiring());
  for (int i = 0; i < 30; ++i)
    m_world.shard->turn([&] {
      PutRequest request{"e" + std::to_string(i), "x", {}, now_s() + 60};
      m_partition->put(request, 0, [](Result<void>) {});
    });
  EXPECT_TRUE(m_partition->take_expiring());
  EXPECT_FALSE(m_partition->take_expiring());
  pass(61'000);
  for (auto expected : {20, 10, 0}) m_world.shard->turn([&] { EXPECT_EQ(m_partition->sweep(20), expected); });
}

TEST_F(KvPartition, a_value_that_is_not_durable_is_told_to_nobody) {
  put_by(0, "a", "x");
  auto answer = get_by(0, "a");
  auto other = get_by(0, "b");
  EXPECT_FALSE(answer->has_value());
  EXPECT_TRUE(other->has_value());
  m_world.settle();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->value->bytes, "x");
  EXPECT_FALSE((*answer)->may_be_remembered);
}

TEST_F(KvPartition, a_list_waits_for_writes_under_way) {
  put_by(0, "a", "x");
  std::optional<ListPage> page;
  m_partition->list({}, [&](Result<ListPage> result) { page = std::move(result).value(); });
  EXPECT_FALSE(page);
  m_world.settle();
  EXPECT_EQ(names(*page), "a .");
}

TEST_F(KvPartition, a_put_waits_until_the_shards_that_remember_the_value_have_forgotten_it) {
  put_by(0, "a", "x");
  m_world.settle();
  EXPECT_TRUE((*get_by(1, "a"))->may_be_remembered);
  EXPECT_TRUE((*get_by(2, "a"))->may_be_remembered);
  auto done = put_by(0, "a", "y");
  m_world.settle();
  EXPECT_EQ(m_readers.told, (std::vector<std::string>{"1:a", "2:a"}));
  EXPECT_FALSE(*done);
  m_readers.waiting[0]();
  EXPECT_FALSE(*done);
  m_readers.waiting[1]();
  EXPECT_TRUE(*done);
}

TEST_F(KvPartition, the_writers_own_shard_is_told_but_not_waited_for) {
  get_by(1, "a");
  auto done = put_by(1, "a", "y");
  m_world.settle();
  EXPECT_EQ(m_readers.told, (std::vector<std::string>{"1:a"}));
  EXPECT_TRUE(*done);
}

TEST_F(KvPartition, the_disks_failure_reaches_the_writer_and_who_waits_for_the_value) {
  m_world.disk->set_fault([](ledger::testing::DiskOperation operation, const std::string&) -> std::optional<Error> {
    if (operation == ledger::testing::DiskOperation::sync) return Error::io("no");
    return std::nullopt;
  });
  std::optional<bool> written;
  std::optional<bool> read;
  m_world.shard->turn([&] {
    m_partition->put({"a", "x", {}, {}}, 0, [&](Result<void> durable) { written = durable.is_ok(); });
    m_partition->get("a", 0, [&](Result<Answer> answer) { read = answer.is_ok(); });
  });
  m_world.settle();
  EXPECT_EQ(written, false);
  EXPECT_EQ(read, false);
  EXPECT_TRUE(m_partition->is_broken());
  m_world.disk->set_fault(nullptr);
}

}  // namespace
}  // namespace adit::bindings::kv
