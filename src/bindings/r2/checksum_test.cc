// The checksums of the S3 API: published check values, and that how the octets arrive does not matter.
#include "bindings/r2/checksum.h"

#include <gtest/gtest.h>

namespace adit::bindings::r2 {
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

TEST(Checksums, of_parts_are_the_whole_objects_or_those_of_the_parts) {
  std::string text(100'003, 'x');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7);
  auto of = [](const char* name, std::string_view octets) {
    auto checksum = Checksum::create(name);
    checksum->update(bytes_of(octets));
    return checksum->finish();
  };
  for (const auto* name : {"crc64nvme", "crc32", "sha256"}) {
    std::vector<Checksum::OfPart> parts;
    std::string values;
    for (std::string_view rest = text; !rest.empty();) {
      auto part = rest.substr(0, 30'000);
      rest.remove_prefix(part.size());
      parts.push_back({of(name, part), part.size()});
      auto octets = bytes_of_base64(parts.back().value);
      values += text_of(*octets);
    }
    auto expected = name == std::string_view("crc64nvme") ? of(name, text) : of(name, values) + "-4";
    EXPECT_EQ(Checksum::of_parts(name, parts), expected) << name;
    parts[1].value.clear();
    EXPECT_EQ(Checksum::of_parts(name, parts), "") << name;
  }
}

TEST(Checksums, of_no_known_kind_are_refused) { EXPECT_EQ(Checksum::create("crc16"), nullptr); }

}  // namespace
}  // namespace adit::bindings::r2
