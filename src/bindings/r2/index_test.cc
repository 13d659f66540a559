#include "bindings/r2/index.h"

#include <gtest/gtest.h>

#include "ledger/testing/world.h"

namespace adit::bindings::r2 {
namespace {

using blobs::BlobId;
using blobs::Segment;

class R2Index : public testing::Test {
 protected:
  void SetUp() override { start(); }
  void start() {
    m_world.start();
    m_index = std::make_unique<Index>(m_world.open("bucket"), *m_world.shard, m_random);
  }
  // Power fails now.
  void crash(uint64_t seed) {
    std::mt19937_64 random(seed);
    m_index = nullptr;
    m_world.crash(random);
    start();
  }
  static Segment segment(uint8_t number, uint64_t size = 100'000) {
    Segment made{{}, size, {}};
    made.id.octets[15] = number;
    return made;
  }
  bool put(std::string key, std::optional<uint8_t> blob = {}, const Conditions& conditions = {}) {
    StoredObject object;
    object.key = std::move(key);
    object.etag = "etag";
    object.size_bytes = 5;
    object.content = "value";
    if (blob) object.segments = {segment(*blob)};
    bool done = false;
    m_world.shard->turn([&] { done = m_index->put(object, conditions).value(); });
    return done;
  }
  void remove(const std::vector<std::string>& keys) {
    m_world.shard->turn([&] { ASSERT_TRUE(m_index->remove(keys).is_ok()); });
  }
  std::vector<int> to_delete() {
    std::vector<int> numbers;
    auto ids = m_index->to_delete().value();
    for (auto& id : ids) numbers.push_back(id.octets[15]);
    return numbers;
  }
  std::vector<int> in_use() {
    std::vector<BlobId> ids;
    std::optional<std::string> after;
    while (m_index->blobs_in_use(after, 2, ids).value()) {}
    std::vector<int> numbers;
    for (auto& id : ids) numbers.push_back(id.octets[15]);
    return numbers;
  }
  std::string listed(const ListRequest& request) {
    auto page = m_index->list(request).value();
    std::string text;
    for (auto& object : page.objects) text += object.key + " ";
    for (auto& prefix : page.prefixes) text += "[" + prefix + "] ";
    return text + (page.is_truncated() ? "... " + page.cursor : ".");
  }

  ledger::testing::World m_world;
  SystemRandom m_random;
  std::unique_ptr<Index> m_index;
};

TEST_F(R2Index, a_bucket_that_was_never_written_to_is_empty_and_leaves_nothing) {
  EXPECT_FALSE(m_index->head("a").value());
  EXPECT_FALSE(m_index->find("a").value());
  EXPECT_EQ(listed({}), ".");
  remove({"a"});
  EXPECT_TRUE(to_delete().empty());
  EXPECT_FALSE(m_index->ledger().has_data());
}

TEST_F(R2Index, everything_about_an_object_is_kept) {
  StoredObject object;
  object.key = std::string("k\0ey", 4);
  object.etag = "0123";
  object.size_bytes = 1ull << 40;
  object.checksums[HashKind::md5] = std::string(16, '\1');
  object.checksums[HashKind::sha512] = std::string(64, '\xff');
  object.http_metadata = R"({"contentType":"a/b"})";
  object.custom_metadata = R"({"a":"b"})";
  object.storage_class = StorageClass::infrequent_access;
  object.ssec_key_md5 = "abcd";
  object.part_count = 2;
  object.segments = {segment(1, 77), segment(2, 1ull << 35)};
  object.segments[1].nonce = {1, 2, 3, 4, 5, 6, 7, 8};
  m_world.shard->turn([&] { ASSERT_TRUE(m_index->put(object, {}).value()); });
  auto found = m_index->find(object.key).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key, object.key);
  EXPECT_EQ(found->version, object.version);
  EXPECT_EQ(found->version.size(), 32u);
  EXPECT_EQ(found->size_bytes, object.size_bytes);
  EXPECT_EQ(found->uploaded_ms, m_world.shard->unix_ms());
  EXPECT_EQ(found->checksums.values, object.checksums.values);
  EXPECT_EQ(found->http_metadata, object.http_metadata);
  EXPECT_EQ(found->custom_metadata, object.custom_metadata);
  EXPECT_EQ(found->storage_class, StorageClass::infrequent_access);
  EXPECT_EQ(found->ssec_key_md5, "abcd");
  EXPECT_EQ(found->part_count, 2u);
  ASSERT_EQ(found->segments.size(), 2u);
  EXPECT_EQ(found->segments[1].id, object.segments[1].id);
  EXPECT_EQ(found->segments[1].size_bytes, 1ull << 35);
  EXPECT_EQ(found->segments[1].nonce, object.segments[1].nonce);
}

TEST_F(R2Index, what_a_write_forgets_is_to_be_deleted) {
  put("a", 1);
  put("b", 2);
  EXPECT_TRUE(to_delete().empty());
  EXPECT_EQ(in_use(), (std::vector<int>{1, 2}));
  put("a", 3);
  EXPECT_EQ(to_delete(), std::vector<int>{1});
  remove({"b", "c"});
  EXPECT_EQ(to_delete(), (std::vector<int>{1, 2}));
  EXPECT_EQ(in_use(), std::vector<int>{3});
  EXPECT_EQ(m_index->take_forgotten().size(), 2u);
  m_world.shard->turn([&] { ASSERT_TRUE(m_index->deleted({segment(1).id}).is_ok()); });
  EXPECT_EQ(to_delete(), std::vector<int>{2});
}

TEST_F(R2Index, a_write_that_fails_its_conditions_forgets_nothing) {
  put("a", 1);
  Conditions conditions;
  conditions.etag_matches = {{EtagPattern::Kind::strong, "other"}};
  EXPECT_FALSE(put("a", 2, conditions));
  EXPECT_TRUE(to_delete().empty());
  EXPECT_EQ(in_use(), std::vector<int>{1});
}

TEST_F(R2Index, a_power_failure_leaves_each_blob_in_use_or_to_be_deleted) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    put("a", 1);
    m_world.settle();
    put("a", 2);
    if (seed % 3 == 0) m_world.settle();
    crash(seed);
    auto used = in_use();
    ASSERT_EQ(used.size(), 1u);
    bool is_new = used[0] == 2;
    EXPECT_TRUE(is_new || seed % 3 != 0) << "seed " << seed;
    EXPECT_EQ(to_delete(), is_new ? std::vector<int>{1} : std::vector<int>{}) << "seed " << seed;
    m_world.shard->turn([&] { ASSERT_TRUE(m_index->deleted(m_index->to_delete().value()).is_ok()); });
    remove({"a"});
    m_world.shard->turn([&] { ASSERT_TRUE(m_index->deleted(m_index->to_delete().value()).is_ok()); });
    m_world.settle();
  }
}

TEST_F(R2Index, a_group_of_keys_is_one_prefix_however_many_there_are) {
  for (int i = 0; i < 3000; ++i) put("many/" + std::to_string(i));
  for (auto key : {"a", "many", "many0", "z/1", "z/2"}) put(key);
  EXPECT_EQ(listed({.delimiter = "/"}), "a many many0 [many/] [z/] .");
  EXPECT_EQ(listed({.delimiter = "/", .limit = 3}), "a many [many/] ... many/");
  EXPECT_EQ(listed({.delimiter = "/", .cursor = "many/"}), "many0 [z/] .");
  EXPECT_EQ(listed({.prefix = "many/29", .delimiter = "/", .limit = 2}), "many/29 many/290 ... many/290");
  EXPECT_EQ(listed({.start_after = "many0", .limit = 1}), "z/1 ... z/1");
}

TEST_F(R2Index, uploads_are_listed_in_order_and_swept_when_they_are_old) {
  auto create = [&](const char* key) {
    std::string id;
    m_world.shard->turn([&] { id = m_index->create_upload(key, {}).value().info.upload_id; });
    return id;
  };
  auto part_of = [&](const char* key, const std::string& id, uint8_t blob) {
    StoredPart part{{1, "etag", 100, 0}, segment(blob)};
    m_world.shard->turn([&] { ASSERT_TRUE(m_index->put_part(key, id, part).is_ok()); });
  };
  auto names = [&](const ListUploadsRequest& request) {
    auto page = m_index->list_uploads(request).value();
    std::string text;
    for (auto& upload : page.uploads) text += upload.key + " ";
    for (auto& prefix : page.prefixes) text += "[" + prefix + "] ";
    return text + (page.is_truncated ? "..." : ".");
  };
  auto first = create("a");
  part_of("a", first, 1);
  m_world.settle();
  m_world.shard->advance(static_cast<uint64_t>(upload_life_ms) - 1000);
  auto second = create("b/1");
  part_of("b/1", second, 2);
  create("b/2");
  EXPECT_EQ(names({}), "a b/1 b/2 .");
  EXPECT_EQ(names({.limit = 2}), "a b/1 ...");
  EXPECT_EQ(names({.prefix = "b/"}), "b/1 b/2 .");
  EXPECT_EQ(names({.after_key = "b/1"}), "b/2 .");
  EXPECT_EQ(names({.prefix = "b/", .after_key = "a"}), "b/1 b/2 .");
  EXPECT_EQ(names({.delimiter = "/"}), "a [b/] .");
  EXPECT_EQ(names({.delimiter = "/", .after_key = "b/"}), ".");
  EXPECT_EQ(names({.prefix = "b/", .delimiter = "/"}), "b/1 b/2 .");
  m_world.settle();
  m_world.shard->advance(2000);
  // It has ended even before it is swept.
  EXPECT_FALSE(m_index->find_upload("a", first).value());
  EXPECT_EQ(names({}), "b/1 b/2 .");
  EXPECT_TRUE(to_delete().empty());
  m_world.shard->turn([&] { EXPECT_EQ(m_index->sweep_uploads(100).value(), 1u); });
  EXPECT_EQ(names({}), "b/1 b/2 .");
  EXPECT_EQ(to_delete(), std::vector<int>{1});
  EXPECT_EQ(in_use(), std::vector<int>{2});
  m_world.shard->turn([&] { ASSERT_TRUE(m_index->abort_upload("b/1", second).value()); });
  m_world.shard->turn([&] { ASSERT_FALSE(m_index->abort_upload("b/1", second).value()); });
  EXPECT_EQ(to_delete(), (std::vector<int>{1, 2}));
}

TEST(r2_errors, the_code_is_found_in_the_message) {
  EXPECT_EQ(code_of(failure(Code::no_such_upload)), Code::no_such_upload);
  EXPECT_EQ(code_of(Error::failed("something else")), std::nullopt);
  EXPECT_EQ(code_of(Error::failed("something (else)")), std::nullopt);
}

TEST(r2_metadata, json_and_back) {
  HttpMetadata http{"a/b", std::nullopt, "inline", std::nullopt, "no-store", 1234567890123};
  auto json = to_json(http);
  EXPECT_EQ(
      json,
      R"({"contentType":"a/b","contentDisposition":"inline","cacheControl":"no-store","cacheExpiry":1234567890123})");
  auto back = http_metadata_of(json);
  EXPECT_EQ(back.content_type, "a/b");
  EXPECT_EQ(back.content_language, std::nullopt);
  EXPECT_EQ(back.cache_expiry_ms, 1234567890123);
  EXPECT_EQ(custom_metadata_of(R"({"b":"1","a":"2"})"), (CustomMetadata{{"b", "1"}, {"a", "2"}}));
  EXPECT_EQ(to_json(CustomMetadata{}), "");
  EXPECT_TRUE(custom_metadata_of("junk").empty());
}

}  // namespace
}  // namespace adit::bindings::r2
