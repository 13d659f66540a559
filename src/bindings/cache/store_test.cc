#include "bindings/cache/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace adit::bindings::cache {
namespace {

class CacheStore : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = std::filesystem::temp_directory_path() / ("adit-cache-" + std::to_string(::getpid()));
    std::filesystem::remove_all(m_folder);
    reopen({});
  }
  void TearDown() override { std::filesystem::remove_all(m_folder); }

  void reopen(Limits limits) { m_store = Store::create(m_disk, m_folder.string(), limits); }
  void put(const std::string& key, const std::string& body, int64_t expires_ms = 1000) {
    auto writer = m_store->write(key, "head of " + key, {1, expires_ms}).value();
    ASSERT_FALSE(writer->append(bytes_of(body)).is_error());
    ASSERT_FALSE(writer->finish().is_error());
  }
  std::optional<std::string> get(const std::string& key, int64_t now_ms = 10) {
    auto entry = m_store->find(key, now_ms).value();
    if (!entry) return std::nullopt;
    EXPECT_EQ(entry->head, "head of " + key);
    Bytes body(entry->body_bytes);
    EXPECT_EQ(entry->file->read(entry->body_offset, body).value(), body.size());
    return std::string(text_of(body));
  }
  size_t files() const {
    size_t count = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(m_folder))
      count += item.is_regular_file() ? 1 : 0;
    return count;
  }

  ledger::SystemDisk m_disk;
  std::filesystem::path m_folder;
  std::shared_ptr<Store> m_store;
};

TEST_F(CacheStore, what_was_put_is_found_until_it_expires) {
  put("a", "one");
  EXPECT_EQ(get("a", 999), "one");
  EXPECT_EQ(get("b"), std::nullopt);
  EXPECT_EQ(get("a", 1000), std::nullopt);
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheStore, nothing_is_made_on_disk_by_asking) {
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_FALSE(m_store->remove("a", 1).value());
  EXPECT_FALSE(std::filesystem::exists(m_folder));
}

TEST_F(CacheStore, a_later_response_replaces_an_earlier_one) {
  put("a", "one");
  put("a", "another");
  EXPECT_EQ(get("a"), "another");
  EXPECT_EQ(files(), 1u);
}

TEST_F(CacheStore, it_survives_a_restart) {
  put("a", "one");
  put("b", "two");
  auto size = m_store->size_bytes();
  reopen({});
  EXPECT_EQ(get("a"), "one");
  EXPECT_EQ(get("b"), "two");
  EXPECT_EQ(m_store->size_bytes(), size);
}

TEST_F(CacheStore, the_least_recently_used_goes_when_it_is_full) {
  reopen({.total_bytes = 5000, .entry_bytes = 5000});
  std::string body(1500, 'x');
  put("a", body);
  put("b", body);
  put("c", body);
  EXPECT_TRUE(get("a"));
  put("d", body);
  EXPECT_EQ(get("b"), std::nullopt);
  EXPECT_TRUE(get("a") && get("c") && get("d"));
  EXPECT_LE(m_store->size_bytes(), 5000u);
  EXPECT_EQ(files(), 3u);
}

TEST_F(CacheStore, a_response_above_the_limit_is_refused_and_leaves_nothing) {
  reopen({.total_bytes = 5000, .entry_bytes = 100});
  {
    auto writer = m_store->write("a", "", {1, 1000}).value();
    EXPECT_EQ(writer->append(bytes_of(std::string(200, 'x'))).error().kind(), ErrorKind::limit);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheStore, a_response_that_was_not_finished_is_not_there) {
  {
    auto writer = m_store->write("a", "", {1, 1000}).value();
    ASSERT_FALSE(writer->append(bytes_of("part")).is_error());
    EXPECT_EQ(get("a"), std::nullopt);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheStore, what_a_crash_left_behind_goes_at_the_next_start) {
  put("a", "one");
  std::ofstream(m_folder / "incoming" / "7") << "part";
  std::ofstream(m_folder / "stray") << "not a folder of it";
  reopen({});
  EXPECT_EQ(get("a"), "one");
  EXPECT_FALSE(std::filesystem::exists(m_folder / "incoming" / "7"));
}

TEST_F(CacheStore, a_torn_file_is_no_response) {
  put("a", "one");
  for (const auto& item : std::filesystem::recursive_directory_iterator(m_folder))
    if (item.is_regular_file()) std::filesystem::resize_file(item.path(), 40);
  EXPECT_EQ(get("a"), std::nullopt);
  EXPECT_EQ(files(), 0u);
}

TEST_F(CacheStore, a_reader_reads_on_what_was_removed) {
  put("a", "one");
  auto entry = m_store->find("a", 1).value().value();
  EXPECT_TRUE(m_store->remove("a", 1).value());
  EXPECT_FALSE(m_store->remove("a", 1).value());
  Bytes body(entry.body_bytes);
  EXPECT_EQ(entry.file->read(entry.body_offset, body).value(), 3u);
  EXPECT_EQ(text_of(body), "one");
}

}  // namespace
}  // namespace adit::bindings::cache
