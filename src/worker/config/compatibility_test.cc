#include "worker/config/compatibility.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace adit::worker {
namespace {

TEST(CompatibilityFlags, a_flag_is_on_from_its_date) {
  EXPECT_FALSE(is_enabled("global_navigator", "2022-03-20", {}));
  EXPECT_TRUE(is_enabled("global_navigator", "2022-03-21", {}));
}

TEST(CompatibilityFlags, a_flag_counts_more_than_the_date) {
  EXPECT_TRUE(is_enabled("global_navigator", "2021-01-01", {"global_navigator"}));
  EXPECT_FALSE(is_enabled("global_navigator", "2026-01-01", {"no_global_navigator"}));
}

TEST(CompatibilityFlags, a_flag_without_a_date_is_off_until_it_is_set) {
  EXPECT_FALSE(is_enabled("html_rewriter_treats_esi_include_as_void_tag", "2099-01-01", {}));
  EXPECT_TRUE(is_enabled("html_rewriter_treats_esi_include_as_void_tag", "2021-01-01",
                         {"html_rewriter_treats_esi_include_as_void_tag"}));
}

TEST(CompatibilityFlags, what_is_unknown_or_changes_nothing_is_said) {
  EXPECT_EQ(compatibility_warning("global_navigator"), "");
  EXPECT_EQ(compatibility_warning("no_global_navigator"), "");
  EXPECT_EQ(compatibility_warning("nodejs_compat"), "");
  EXPECT_EQ(compatibility_warning("url_standard"), "");
  EXPECT_NE(compatibility_warning("url_original"), "");
  EXPECT_NE(compatibility_warning("make_it_fast"), "");
}

TEST(CompatibilityFlags, the_table_is_sorted_and_has_each_name_once) {
  auto flags = compatibility_flags();
  EXPECT_TRUE(std::ranges::is_sorted(flags, std::ranges::less_equal(), &CompatibilityFlag::name));
}

}  // namespace
}  // namespace adit::worker
