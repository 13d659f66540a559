#include "bindings/durable_object/object_id.h"

#include <gtest/gtest.h>

namespace adit::bindings::durable_object {
namespace {

constexpr NamespaceKey key{1, 2, 3};
constexpr NamespaceKey other_key{4, 5, 6};

TEST(ObjectId, of_a_name_is_the_same_for_ever) {
  auto id = ObjectId::from_name(key, "room");
  EXPECT_EQ(id, ObjectId::from_name(key, "room"));
  // A change of this text loses the data of every named object.
  EXPECT_EQ(id.text(), "91ff6a1f22116c1e17ce2d4194cf4aef2c60f55ea2441b1550882c8a0587affb");
}

TEST(ObjectId, differs_by_name_and_by_key) {
  auto id = ObjectId::from_name(key, "room");
  EXPECT_FALSE(id == ObjectId::from_name(key, "Room"));
  EXPECT_FALSE(id == ObjectId::from_name(key, ""));
  EXPECT_FALSE(id == ObjectId::from_name(other_key, "room"));
}

TEST(ObjectId, unique_ones_differ_and_are_valid) {
  SystemRandom random;
  auto first = ObjectId::make_unique(key, random);
  auto second = ObjectId::make_unique(key, random);
  EXPECT_FALSE(first == second);
  EXPECT_EQ(first.jurisdiction(key), 0);
  EXPECT_FALSE(first.jurisdiction(other_key).has_value());
}

TEST(ObjectId, text_has_64_lower_case_digits_and_parses_back_in_any_case) {
  auto id = ObjectId::from_name(key, "room");
  auto text = id.text();
  EXPECT_EQ(text.size(), 64u);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(ObjectId::parse(text), id);
  for (auto& c : text) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(ObjectId::parse(text), id);
}

TEST(ObjectId, parses_nothing_else) {
  EXPECT_FALSE(ObjectId::parse(""));
  EXPECT_FALSE(ObjectId::parse(std::string(63, '0')));
  EXPECT_FALSE(ObjectId::parse(std::string(65, '0')));
  EXPECT_FALSE(ObjectId::parse(std::string(63, '0') + "g"));
  EXPECT_FALSE(ObjectId::parse(std::string(64, ' ')));
}

TEST(ObjectId, of_another_class_or_invented_is_not_valid) {
  EXPECT_EQ(ObjectId::from_name(key, "room").jurisdiction(key), 0);
  EXPECT_FALSE(ObjectId::from_name(other_key, "room").jurisdiction(key));
  EXPECT_FALSE(ObjectId::parse(std::string(64, '0'))->jurisdiction(key));
  auto text = ObjectId::from_name(key, "room").text();
  for (size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(ObjectId::parse(changed)->jurisdiction(key)) << i;
  }
}

TEST(ObjectId, says_its_jurisdiction_which_makes_it_another_id) {
  SystemRandom random;
  for (size_t i = 0; i <= jurisdictions.size(); ++i) {
    auto each = static_cast<Jurisdiction>(i);
    EXPECT_EQ(ObjectId::from_name(key, "room", each).jurisdiction(key), each);
    EXPECT_EQ(ObjectId::make_unique(key, random, each).jurisdiction(key), each);
    EXPECT_EQ(ObjectId::parse(ObjectId::make_unique(key, random, each).text())->jurisdiction(key), each);
    for (Jurisdiction other = 0; other < each; ++other)
      EXPECT_FALSE(ObjectId::from_name(key, "room", each) == ObjectId::from_name(key, "room", other));
  }
  EXPECT_FALSE(ObjectId::from_name(key, "room", 1) == ObjectId::from_name(key, std::string("eu\0room", 7)));
}

TEST(ObjectId, hash_spreads_objects_over_shards) {
  std::array<int, 4> counts{};
  for (int i = 0; i < 4000; ++i) ++counts[ObjectId::from_name(key, std::to_string(i)).hash() % counts.size()];
  for (auto count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace adit::bindings::durable_object
