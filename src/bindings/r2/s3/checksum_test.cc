// The checksums of the S3 API: published check values, and that how the octets arrive does not matter.
#include "bindings/r2/s3/checksum.h"

#include <gtest/gtest.h>

namespace adit::bindings::r2::s3 {
namespace {

struct Known {
  const char* name;
  const char* of_nine_digits;  // "123456789", as every catalogue of CRCs has it
};
constexpr Known known[] = {{"crc32", "y/Q5Jg=="},
                           {"crc32c", "4waSgw=="},
                           {"crc64nvme", "rosUhgp5mIg="},
                           {"sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="},
                           {"md5", "JfnnlDI7RTiF9RgfG2JNCw=="}};

TEST(Checksums, have_their_check_values_however_the_octets_arrive) {
  for (const auto& [name, expected] : known) {
    auto checksum = Checksum::create(name);
    ASSERT_TRUE(checksum) << name;
    checksum->update({});
    checksum->update(bytes_of("1234"));
    checksum->update({});  // of a segment that held only the coding's own octets
    checksum->update(bytes_of("56789"));
    checksum->update({});
    EXPECT_EQ(checksum->finish(), expected) << name;
  }
}

TEST(Checksums, of_no_known_kind_are_refused) { EXPECT_EQ(Checksum::create("crc16"), nullptr); }

}  // namespace
}  // namespace adit::bindings::r2::s3
