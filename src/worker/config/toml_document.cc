// TOML through toml++. The one file that includes it: the library is large, and its tables are sorted by key, so members are put
// back into the order of the file by their places.
#define TOML_EXCEPTIONS 0
#include "worker/config/toml_document.h"

// toml++ 3.4 asserts (and, with NDEBUG, lets the compiler assume) that a table header begins with a character of a key, which "[é]"
// does not; the code behind the assertion reports that as it should. Found by load_fuzz.
#include <toml++/impl/preprocessor.hpp>
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expression) static_assert(true)

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <toml++/toml.hpp>

namespace adit::worker {

static Place place_of(const toml::source_region& region) {
  return {static_cast<uint32_t>(region.begin.line), static_cast<uint32_t>(region.begin.column)};
}

static Node convert(const toml::node& from);

static Node convert_table(const toml::table& table) {
  Node node;
  node.kind = Node::Kind::object;
  for (const auto& [key, value] : table) {
    node.members.push_back(Member{std::string(key.str()), place_of(key.source()), convert(value)});
  }
  std::ranges::stable_sort(node.members, [](const Member& a, const Member& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  return node;
}

static Node convert_scalar(const toml::node& from) {
  Node node;
  if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::text;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::number;
    node.number = static_cast<double>(integer->get());
    node.text = fmt::format("{}", integer->get());
  } else if (const auto* number = from.as_floating_point()) {
    node.kind = Node::Kind::number;
    node.number = number->get();
    node.text = fmt::format("{}", number->get());
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.boolean = boolean->get();
  } else {
    std::ostringstream spelling;
    if (const auto* date = from.as_date()) spelling << date->get();
    if (const auto* time = from.as_time()) spelling << time->get();
    if (const auto* date_time = from.as_date_time()) spelling << date_time->get();
    node.kind = Node::Kind::date;
    node.text = spelling.str();
  }
  return node;
}

static Node convert(const toml::node& from) {
  Node node;
  if (const toml::table* table = from.as_table()) {
    node = convert_table(*table);
  } else if (const toml::array* array = from.as_array()) {
    node.kind = Node::Kind::list;
    for (const toml::node& item : *array) node.items.push_back(convert(item));
  } else {
    node = convert_scalar(from);
  }
  node.place = place_of(from.source());
  return node;
}

std::optional<Node> parse_toml(std::string_view text, Reporter& reporter) {
  toml::parse_result result = toml::parse(text);
  if (!result) {
    reporter.error(place_of(result.error().source()), std::string(result.error().description()));
    return std::nullopt;
  }
  return convert(result.table());
}

}  // namespace adit::worker
