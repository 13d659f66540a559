// The field table against itself and against docs/configuration.md.
#include "worker/config/fields.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "worker/config/type_expression.h"

namespace adit::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_begin = "<!-- The table below is made from src/worker/config/fields.cc. -->\n";
constexpr std::string_view k_end = "<!-- The table ends. -->\n";

fs::path documentation() {
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at != at.parent_path(); at = at.parent_path()) {
    if (fs::exists(at / "docs/configuration.md")) return at / "docs/configuration.md";
  }
  return {};
}

TEST(fields, names_are_unique_and_types_parse) {
  std::set<std::string_view> names;
  for (const Field& field : all_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    if (!field.type.empty()) parse_type(field.type);  // aborts when it does not
  }
}

// With ADIT_UPDATE_TESTS=1 the page is written anew.
TEST(fields, the_documentation_has_the_table) {
  fs::path path = documentation();
  ASSERT_FALSE(path.empty()) << "not run from a build folder inside the source tree";
  std::stringstream in;
  in << std::ifstream(path).rdbuf();
  std::string text = in.str();
  size_t begin = text.find(k_begin), end = text.find(k_end);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  begin += k_begin.size();
  std::string table = "\n" + fields_as_markdown() + "\n";
  EXPECT_EQ(text.substr(begin, end - begin), table)
      << "docs/configuration.md is not what src/worker/config/fields.cc says";
  if (std::getenv("ADIT_UPDATE_TESTS")) std::ofstream(path) << text.replace(begin, end - begin, table);
}

}  // namespace
}  // namespace adit::worker
