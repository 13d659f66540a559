#include "web/compression.h"

#include <gtest/gtest.h>

#include <string>

namespace adit::web {

static Bytes append(Bytes head, const Bytes& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

static Bytes compress(std::string_view format, std::string_view text) {
  auto codec = std::move(Codec::compressor(format)).value();
  auto head = codec->write(bytes_of(text)).value();
  return append(std::move(head), codec->finish().value());
}

class Formats : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, Formats, testing::Values("gzip", "deflate", "deflate-raw"));

TEST_P(Formats, what_is_compressed_comes_back_byte_by_byte) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i) + "\n";
  auto packed = compress(GetParam(), text);
  EXPECT_LT(packed.size(), text.size() / 2);
  auto codec = Codec::decompressor(GetParam()).value();
  Bytes result;
  for (auto octet : packed) result = append(std::move(result), codec->write(BytesView(&octet, 1)).value());
  EXPECT_TRUE(codec->finish().is_ok());
  EXPECT_EQ(text_of(result), text);
}

TEST_P(Formats, output_larger_than_a_chunk_is_complete) {
  std::string text(5'000'000, 'a');
  auto codec = Codec::decompressor(GetParam()).value();
  auto result = codec->write(compress(GetParam(), text));
  ASSERT_TRUE(result.is_ok());
  EXPECT_EQ(result.value().size(), text.size());
}

TEST_P(Formats, empty_content_makes_a_valid_stream) {
  auto codec = Codec::decompressor(GetParam()).value();
  EXPECT_TRUE(codec->write(compress(GetParam(), "")).value().empty());
  EXPECT_TRUE(codec->finish().is_ok());
}

TEST_P(Formats, incomplete_data_fails_at_the_end) {
  auto packed = compress(GetParam(), "hello hello hello");
  auto codec = Codec::decompressor(GetParam()).value();
  EXPECT_TRUE(codec->write(BytesView(packed).first(packed.size() - 1)).is_ok());
  EXPECT_EQ(codec->finish().error().message(), "Called close() on a decompression stream with incomplete data");
}

TEST_P(Formats, trailing_data_fails) {
  auto packed = compress(GetParam(), "hello");
  packed.push_back(0);
  auto codec = Codec::decompressor(GetParam()).value();
  EXPECT_EQ(codec->write(packed).error().message(), "Trailing bytes after end of compressed data");
}

TEST(Compression, garbage_fails_as_a_type_error) {
  auto codec = Codec::decompressor("gzip").value();
  auto result = codec->write(bytes_of("certainly not gzip"));
  ASSERT_TRUE(result.is_error());
  EXPECT_EQ(result.error().kind(), ErrorKind::type_error);
}

TEST(Compression, an_unknown_format_is_refused) {
  EXPECT_TRUE(Codec::compressor("brotli").is_error());
  EXPECT_TRUE(Codec::decompressor("").is_error());
}

}  // namespace adit::web
