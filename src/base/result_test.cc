#include "base/result.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error::range_error("odd");
  return number / 2;
}
Result<int> quarter(int number) {
  auto once = TRY(half(number));
  return TRY(half(once));
}
Result<void> check(int number) {
  TRY(quarter(number));
  return {};
}

TEST(Result, try_passes_values_and_errors_up) {
  EXPECT_EQ(quarter(8).value(), 2);
  ASSERT_TRUE(quarter(6).is_error());
  EXPECT_EQ(quarter(6).error().kind(), ErrorKind::range_error);
  EXPECT_TRUE(check(4).is_ok());
  EXPECT_TRUE(check(3).is_error());
}

TEST(Result, because_keeps_the_kind_and_joins_the_messages) {
  auto error = Error::io("disk full").because("save a.txt");
  EXPECT_EQ(error.kind(), ErrorKind::io);
  EXPECT_EQ(error.full_message(), "save a.txt: disk full");
}

}  // namespace
}  // namespace adit
