// The JSONC reader: places, and what RFC 8259 lets through.
#include "worker/config/jsonc.h"

#include <gtest/gtest.h>

namespace adit::worker {
namespace {

// The document as compact JSON, or the first error as LINE:COLUMN MESSAGE.
std::string read(std::string_view text) {
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("", text, diagnostics);
  std::optional<Node> node = parse_jsonc(text, reporter);
  if (node) return to_json(*node);
  EXPECT_TRUE(has_errors(diagnostics)) << text;
  const Diagnostic& first = diagnostics.front();
  return std::to_string(first.line) + ":" + std::to_string(first.column) + " " + first.message;
}

TEST(jsonc, reads_json) {
  EXPECT_EQ(read(R"({"a":[1,-2.5e+3,0,true,false,null],"b":{"c":"d"}})"),
            R"({"a":[1,-2.5e+3,0,true,false,null],"b":{"c":"d"}})");
  EXPECT_EQ(read(" [ ] "), "[]");
  EXPECT_EQ(read("\xef\xbb\xbf{}"), "{}");
}

TEST(jsonc, reads_comments_and_trailing_commas) {
  EXPECT_EQ(read("// x\n[1, /* two */ 2, // three\n]\n// end"), "[1,2]");
  EXPECT_EQ(read("{\"a\": 1,}"), "{\"a\":1}");
  EXPECT_EQ(read("[1/**/]"), "[1]");
  EXPECT_EQ(read("[\"// no comment /* */\"]"), "[\"// no comment /* */\"]");
}

TEST(jsonc, reads_escapes) {
  EXPECT_EQ(read(R"(["\"\\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00"])"),
            "[\"\\\"\\\\/\\u0008\\u000c\\n\\r\\tA\u00e9\u20ac\U0001f600\"]");
  EXPECT_EQ(read(R"(["\x"])"), "1:3 an unknown escape in a string");
  EXPECT_EQ(read(R"(["\u12"])"), "1:3 \\u wants four hexadecimal digits");
  EXPECT_EQ(read(R"(["\ud83d"])"), "1:3 half of a surrogate pair");
  EXPECT_EQ(read(R"(["\ude00"])"), "1:3 half of a surrogate pair");
  EXPECT_EQ(read(R"(["\ud83dA"])"), "1:3 half of a surrogate pair");
}

TEST(jsonc, refuses_what_is_not_json) {
  EXPECT_EQ(read(""), "1:1 expected a value, found the end of the file");
  EXPECT_EQ(read("[01]"), "1:2 this is not a JSON number");
  EXPECT_EQ(read("[1.]"), "1:2 this is not a JSON number");
  EXPECT_EQ(read("[-]"), "1:2 this is not a JSON number");
  EXPECT_EQ(read("[1e]"), "1:2 this is not a JSON number");
  EXPECT_EQ(read("[,]"), "1:2 expected a value, found ','");
  EXPECT_EQ(read("[1,,2]"), "1:4 expected a value, found ','");
  EXPECT_EQ(read("[1 2]"), "1:4 expected ',' or ']' in a list, found '2'");
  EXPECT_EQ(read("{a: 1}"), "1:2 expected a property's name, found 'a'");
  EXPECT_EQ(read("{\"a\" 1}"), "1:6 expected ':' after \"a\", found '1'");
  EXPECT_EQ(read("{} {}"), "1:4 expected the end of the file after the value");
  EXPECT_EQ(read("[\"a\nb\"]"), "1:2 this string has no end");
  EXPECT_EQ(read("[\"a\tb\"]"), "1:4 a control character in a string");
  EXPECT_EQ(read("nul"), "1:1 expected a value, found 'n'");
  EXPECT_EQ(read("{"), "1:2 expected a property's name, found the end of the file");
}

TEST(jsonc, columns_count_characters_and_not_octets) {
  EXPECT_EQ(read("[\"\u00e9\u20ac\", x]"), "1:8 expected a value, found 'x'");
}

TEST(jsonc, every_value_knows_its_place) {
  std::string_view text = "{\n  \"a\": [\n    true\n  ]\n}";
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("", text, diagnostics);
  std::optional<Node> node = parse_jsonc(text, reporter);
  ASSERT_TRUE(node);
  EXPECT_EQ(node->members[0].place, (Place{2, 3}));
  EXPECT_EQ(node->members[0].value.place, (Place{2, 8}));
  EXPECT_EQ(node->members[0].value.items[0].place, (Place{3, 5}));
}

TEST(jsonc, very_deep_nesting_is_an_error_and_not_a_crash) {
  std::string deep(100000, '[');
  EXPECT_EQ(read(deep), "1:102 values are nested more than 100 deep");
}

}  // namespace
}  // namespace adit::worker
