#include "web/encoding.h"

#include <gtest/gtest.h>

namespace adit::web {
namespace {

std::u16string all(std::string_view encoding, const std::vector<Bytes>& chunks) {
  auto decoder = TextDecoder::create(encoding, {}).value().release();
  std::unique_ptr<TextDecoder> owned(decoder);
  std::u16string out;
  for (size_t i = 0; i < chunks.size(); ++i) out += owned->decode(chunks[i], i + 1 < chunks.size()).value();
  return out;
}

TEST(TextDecoder, utf8_split_anywhere_decodes_to_the_same_text) {
  Bytes bytes = copy_bytes(
      "\xef\xbb\xbf"
      "a\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80\xff\xed\xa0\x80\xf4\x90\x80\xe2\x82"
      "b\xf0\x9f");
  auto whole = all("utf-8", {bytes});
  EXPECT_EQ(whole,
            u"aé☃😀\xfffd\xfffd\xfffd\xfffd\xfffd\xfffd\xfffd\xfffd"
            u"b\xfffd");
  for (size_t i = 0; i <= bytes.size(); ++i)
    for (size_t j = i; j <= bytes.size(); ++j)
      EXPECT_EQ(all("utf-8", {{bytes.begin(), bytes.begin() + i},
                              {bytes.begin() + i, bytes.begin() + j},
                              {bytes.begin() + j, bytes.end()}}),
                whole);
}

TEST(TextDecoder, an_impossible_sequence_is_not_held_back) {
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("a\xe2\x98")), 2u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("\xf0\x9f\x98")), 3u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("\xe2\x98\x83")), 0u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("\xf4\x90")), 0u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("\xed\xa0")), 0u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("\xc0")), 0u);
  EXPECT_EQ(incomplete_utf8_suffix(bytes_of("")), 0u);
}

TEST(TextDecoder, fatal_decoders_refuse_and_start_anew) {
  auto decoder = TextDecoder::create("utf-8", {.fatal = true}).value().release();
  std::unique_ptr<TextDecoder> owned(decoder);
  EXPECT_EQ(owned->decode(bytes_of("\xe2"), true).value(), u"");
  EXPECT_EQ(owned->decode(bytes_of("x"), false).error().kind(), ErrorKind::type_error);
  EXPECT_EQ(owned->decode(bytes_of("\xef\xbb\xbfok"), false).value(), u"ok");
}

TEST(TextDecoder, legacy_encodings_come_from_icu) {
  EXPECT_EQ(all("windows-1252", {copy_bytes("\x80\x81\xff")}), u"€\x81ÿ");
  EXPECT_EQ(all("shift_jis", {copy_bytes("\x82"), copy_bytes("\xa0\\~")}), u"あ\\~");
  EXPECT_EQ(all("gbk", {copy_bytes("\xc4\xe3")}), u"你");
  EXPECT_EQ(all("euc-kr", {copy_bytes("\xc7\xd1")}), u"한");
  EXPECT_EQ(all("big5", {copy_bytes("\xa7\x41")}), u"你");
  EXPECT_EQ(all("utf-16be", {Bytes{0}, Bytes{0x41, 0xd8}, Bytes{0x3d, 0xde, 0x00, 0xd8}}), u"A😀\xfffd");
  EXPECT_TRUE(TextDecoder::create("utf-7", {}).is_error());
}

TEST(TextDecoder, every_encoding_of_the_standard_has_a_decoder) {
  for (auto name : {"ibm866",       "iso-8859-2",   "iso-8859-3",    "iso-8859-4",     "iso-8859-5",   "iso-8859-6",
                    "iso-8859-7",   "iso-8859-8",   "iso-8859-8-i",  "iso-8859-10",    "iso-8859-13",  "iso-8859-14",
                    "iso-8859-15",  "iso-8859-16",  "koi8-r",        "koi8-u",         "macintosh",    "windows-874",
                    "windows-1250", "windows-1251", "windows-1252",  "windows-1253",   "windows-1254", "windows-1255",
                    "windows-1256", "windows-1257", "windows-1258",  "x-mac-cyrillic", "gbk",          "gb18030",
                    "big5",         "euc-jp",       "iso-2022-jp",   "shift_jis",      "euc-kr",       "utf-8",
                    "utf-16le",     "utf-16be",     "x-user-defined"})
    EXPECT_EQ(all(name, {copy_bytes("plain")}).size(), std::string_view(name).starts_with("utf-16") ? 3u : 5u) << name;
}

}  // namespace
}  // namespace adit::web
