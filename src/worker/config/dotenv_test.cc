// dotenv syntax. The expectations in the corners are what wrangler 4.86 gave for the same files.
#include "worker/config/dotenv.h"

#include <gtest/gtest.h>

#include <map>

namespace adit::worker {
namespace {

std::map<std::string, std::string> parsed(std::string_view text) {
  std::vector<Diagnostic> diagnostics;
  Reporter reporter(".env", text, diagnostics);
  std::map<std::string, std::string> out;
  for (DotenvEntry& entry : parse_dotenv(text, reporter)) out[entry.name] = entry.value;
  return out;
}

std::string value_of(std::string_view text) { return parsed(text)["A"]; }

TEST(dotenv, values_without_quotes_are_trimmed_and_end_at_a_number_sign) {
  EXPECT_EQ(value_of("A = spaced value  # trailing"), "spaced value");
  EXPECT_EQ(value_of("A=x#y"), "x");
  EXPECT_EQ(value_of("A= #c"), "");
  EXPECT_EQ(value_of("A="), "");
  EXPECT_EQ(value_of("A=a=b"), "a=b");
  EXPECT_EQ(value_of("A=a \"b\" c"), "a \"b\" c");
  EXPECT_EQ(value_of("A=a\\nb"), "a\\nb");
  EXPECT_EQ(value_of(" A = t\r\n"), "t");
}

TEST(dotenv, an_empty_value_does_not_take_the_next_line) {
  auto all = parsed("A=\nB=2");
  EXPECT_EQ(all["A"], "");
  EXPECT_EQ(all["B"], "2");
}

TEST(dotenv, single_and_back_quotes_keep_everything) {
  EXPECT_EQ(value_of("A='x # ${B} \\n \"q\"'"), "x # ${B} \\n \"q\"");
  EXPECT_EQ(value_of("A=`back \"q\" 'r' \\n`"), "back \"q\" 'r' \\n");
}

TEST(dotenv, double_quotes_know_line_breaks_and_no_other_escape) {
  EXPECT_EQ(value_of(R"(A="a\nb\rc\td")"), "a\nb\rc\\td");
  EXPECT_EQ(value_of(R"(A="q \" x")"), "q \\\" x");
  EXPECT_EQ(value_of("A=\"a\\\\nb\""), "a\\\nb");
}

TEST(dotenv, quoted_values_span_lines) {
  auto all = parsed("A=\"multi\nline # no comment\r\nend\" # comment\nB=1");
  EXPECT_EQ(all["A"], "multi\nline # no comment\nend");
  EXPECT_EQ(all["B"], "1");
}

TEST(dotenv, places_count_lines_across_multi_line_values) {
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("", "", diagnostics);
  auto entries = parse_dotenv("# c\nA='1\n2'\n\n  export B=3", reporter);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].place, (Place{2, 1}));
  EXPECT_EQ(entries[1].place, (Place{5, 3}));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(dotenv, what_only_starts_like_a_quoted_value_is_taken_as_it_stands) {
  EXPECT_EQ(value_of("A=\"unclosed"), "\"unclosed");
  EXPECT_EQ(value_of("A= 'x' y"), "'x' y");
  EXPECT_EQ(value_of("A='it''s'"), "it''s");
  EXPECT_EQ(value_of("A=\"a\"#c"), "a");
}

TEST(dotenv, export_and_colons_and_dotted_names_are_known) {
  EXPECT_EQ(value_of("export A=exp"), "exp");
  EXPECT_EQ(value_of("A: colon"), "colon");
  EXPECT_EQ(parsed("U.V=uv")["U.V"], "uv");
  EXPECT_EQ(parsed("W-X=wx")["W-X"], "wx");
  EXPECT_EQ(parsed("exported=1")["exported"], "1");
}

TEST(dotenv, the_last_of_two_values_counts) { EXPECT_EQ(value_of("A=1\nA=2"), "2"); }

TEST(dotenv, a_line_that_is_no_assignment_is_a_warning) {
  std::vector<Diagnostic> diagnostics;
  Reporter reporter("", "", diagnostics);
  auto entries = parse_dotenv("A=1\nno assignment\n=x\nB=2", reporter);
  EXPECT_EQ(entries.size(), 2u);
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].line, 2u);
  EXPECT_EQ(diagnostics[0].severity, Severity::warning);
}

std::string expanded(std::string_view value) {
  return expand_variables(value, [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "a";
    if (name == "EMPTY") return "";
    return std::nullopt;
  });
}

TEST(dotenv, references_are_expanded) {
  EXPECT_EQ(expanded("${A}-x"), "a-x");
  EXPECT_EQ(expanded("$A"), "a");
  EXPECT_EQ(expanded("x$A-y"), "xa-y");
  EXPECT_EQ(expanded("$MISSING."), ".");
  EXPECT_EQ(expanded("\\$A"), "$A");
  EXPECT_EQ(expanded("\\${A}"), "${A}");
}

TEST(dotenv, references_may_have_defaults) {
  EXPECT_EQ(expanded("${MISSING:-def}"), "def");
  EXPECT_EQ(expanded("${MISSING-def}"), "def");
  EXPECT_EQ(expanded("${EMPTY:-def}"), "def");
  EXPECT_EQ(expanded("${EMPTY-def}"), "");
  EXPECT_EQ(expanded("${A:-${B}}"), "a");
  EXPECT_EQ(expanded("${B:-${A}}!"), "a!");
}

TEST(dotenv, a_dollar_sign_before_no_name_is_itself) {
  EXPECT_EQ(expanded("$"), "$");
  EXPECT_EQ(expanded("$1"), "$1");
  EXPECT_EQ(expanded("${"), "${");
  EXPECT_EQ(expanded("${A"), "${A");
  EXPECT_EQ(expanded("${}"), "${}");
}

}  // namespace
}  // namespace adit::worker
