#include "bindings/durable_object/object_id.h"

#include <gtest/gtest.h>

namespace adit::bindings::durable_object {
namespace {

TEST(ObjectId, a_name_gives_the_same_id_for_ever) {
  // Data is found by it: this value must not change.
  EXPECT_EQ(id_from_name("do-space", "one"), id_from_name("do-space", "one"));
  EXPECT_EQ(id_from_name("do-space", "one").size(), 64u);
  EXPECT_NE(id_from_name("do-space", "one"), id_from_name("do-space", "two"));
  EXPECT_NE(id_from_name("do-space", "one"), id_from_name("do-other", "one"));
}

TEST(ObjectId, belongs_to_its_namespace_only) {
  SystemRandom random;
  for (const auto& id : {id_from_name("a", "x"), unique_id("a", random)}) {
    EXPECT_TRUE(is_id_of("a", id));
    EXPECT_FALSE(is_id_of("b", id));
    auto changed = id;
    changed[5] = changed[5] == '0' ? '1' : '0';
    EXPECT_FALSE(is_id_of("a", changed));
  }
}

TEST(ObjectId, other_text_is_no_id) {
  auto id = id_from_name("a", "x");
  EXPECT_FALSE(is_id_of("a", ""));
  EXPECT_FALSE(is_id_of("a", id.substr(1)));
  EXPECT_FALSE(is_id_of("a", id + "0"));
  EXPECT_FALSE(is_id_of("a", std::string(64, 'g')));
}

TEST(ObjectId, unique_ids_differ) {
  SystemRandom random;
  EXPECT_NE(unique_id("a", random), unique_id("a", random));
}

}  // namespace
}  // namespace adit::bindings::durable_object
