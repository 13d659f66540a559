#include "bindings/kv/read_cache.h"

#include <gtest/gtest.h>

namespace adit::bindings::kv {
namespace {

constexpr int64_t now_s = 1'800'000'000;

SharedValue value_of(std::string text) { return std::make_shared<Value>(Value{std::move(text), {}, {}}); }

TEST(KvReadCache, remembers_values_and_absence_per_namespace) {
  ReadCache cache(1 << 20);
  cache.remember("one", "a", value_of("x"));
  cache.remember("one", "absent", nullptr);
  ASSERT_NE(cache.find("one", "a", now_s), nullptr);
  EXPECT_EQ((*cache.find("one", "a", now_s))->bytes, "x");
  ASSERT_NE(cache.find("one", "absent", now_s), nullptr);
  EXPECT_EQ(*cache.find("one", "absent", now_s), nullptr);
  EXPECT_EQ(cache.find("two", "a", now_s), nullptr);
  EXPECT_EQ(cache.find("one", "b", now_s), nullptr);
}

TEST(KvReadCache, forgets_one_key) {
  ReadCache cache(1 << 20);
  cache.remember("one", "a", value_of("x"));
  cache.remember("one", "b", value_of("y"));
  cache.forget("one", "a");
  cache.forget("one", "never");
  EXPECT_EQ(cache.find("one", "a", now_s), nullptr);
  EXPECT_NE(cache.find("one", "b", now_s), nullptr);
  cache.forget("one", "b");
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(KvReadCache, a_new_value_replaces_the_old_one) {
  ReadCache cache(1 << 20);
  cache.remember("one", "a", value_of("x"));
  auto size = cache.size_bytes();
  cache.remember("one", "a", value_of("y"));
  EXPECT_EQ((*cache.find("one", "a", now_s))->bytes, "y");
  EXPECT_EQ(cache.size_bytes(), size);
}

TEST(KvReadCache, stays_within_its_bound_and_drops_the_least_recently_used) {
  ReadCache cache(100'000);
  for (int i = 0; i < 1000; ++i) {
    cache.remember("one", std::to_string(i), value_of(std::string(1000, 'x')));
    cache.find("one", "0", now_s);
    EXPECT_LE(cache.size_bytes(), 100'000u);
  }
  EXPECT_NE(cache.find("one", "0", now_s), nullptr);
  EXPECT_NE(cache.find("one", "999", now_s), nullptr);
  EXPECT_EQ(cache.find("one", "1", now_s), nullptr);
}

TEST(KvReadCache, a_large_value_is_not_remembered_and_drops_the_old_one) {
  ReadCache cache(64'000);
  cache.remember("one", "a", value_of("x"));
  cache.remember("one", "a", value_of(std::string(2000, 'x')));
  EXPECT_EQ(cache.find("one", "a", now_s), nullptr);
  EXPECT_EQ(cache.size_bytes(), 0u);
}

TEST(KvReadCache, an_expired_value_is_not_remembered) {
  ReadCache cache(64'000);
  cache.remember("one", "a", std::make_shared<Value>(Value{"x", {}, now_s + 60}));
  EXPECT_NE(cache.find("one", "a", now_s + 59), nullptr);
  EXPECT_EQ(cache.find("one", "a", now_s + 60), nullptr);
  EXPECT_EQ(cache.size_bytes(), 0u);
}

}  // namespace
}  // namespace adit::bindings::kv
