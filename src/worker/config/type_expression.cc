// Parsing and checking type expressions. See the header for their grammar.
#include "worker/config/type_expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/verify.h"

namespace adit::worker {
namespace {

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : m_text(text) {}

  Type parse_whole() {
    Type type = parse_choice();
    VERIFY(m_text.empty());
    return type;
  }

 private:
  void skip_spaces() { m_text.remove_prefix(std::min(m_text.find_first_not_of(' '), m_text.size())); }

  bool take(std::string_view token) {
    skip_spaces();
    if (!m_text.starts_with(token)) return false;
    m_text.remove_prefix(token.size());
    skip_spaces();
    return true;
  }

  std::string_view take_word() {
    skip_spaces();
    size_t end = 0;
    while (end < m_text.size() &&
           (std::isalnum(static_cast<unsigned char>(m_text[end])) || m_text[end] == '_' || m_text[end] == '-'))
      end++;
    VERIFY(end > 0);
    std::string_view word = m_text.substr(0, end);
    m_text.remove_prefix(end);
    skip_spaces();
    return word;
  }

  Type parse_choice() {
    Type first = parse_one();
    if (!m_text.starts_with("|")) return first;
    Type choice{.kind = Type::Kind::choice};
    choice.parts.push_back(std::move(first));
    while (take("|")) choice.parts.push_back(parse_one());
    return choice;
  }

  Type parse_one() {
    if (take("[")) {
      Type list{.kind = Type::Kind::list};
      list.parts.push_back(parse_choice());
      VERIFY(take("]"));
      return list;
    }
    if (take("{")) return parse_object();
    if (take("'")) {
      size_t end = m_text.find('\'');
      VERIFY(end != std::string_view::npos);
      Type literal{.kind = Type::Kind::text_literal, .literal = std::string(m_text.substr(0, end))};
      m_text.remove_prefix(end + 1);
      skip_spaces();
      return literal;
    }
    return named(take_word());
  }

  static Type named(std::string_view word) {
    if (std::isdigit(static_cast<unsigned char>(word[0])))
      return Type{.kind = Type::Kind::number_literal, .literal = std::string(word)};
    static constexpr std::pair<std::string_view, Type::Kind> k_names[] = {
        {"any", Type::Kind::any},       {"string", Type::Kind::text},     {"boolean", Type::Kind::boolean},
        {"number", Type::Kind::number}, {"integer", Type::Kind::integer}, {"port", Type::Kind::port},
        {"null", Type::Kind::null},
    };
    for (auto [name, kind] : k_names) {
      if (name == word) return Type{.kind = kind};
    }
    VERIFY_NOT_REACHED();
  }

  Type parse_object() {
    Type object{.kind = Type::Kind::object};
    while (!take("}")) {
      if (take("*")) {
        VERIFY(take(":"));
        object.rest.push_back(parse_choice());
      } else {
        std::string name(take_word());
        bool optional = take("?");
        VERIFY(take(":"));
        object.properties.push_back(PropertyType{std::move(name), optional, parse_choice()});
      }
      take(",");
    }
    return object;
  }

  std::string_view m_text;
};

std::string type_name(const Type& type) {
  switch (type.kind) {
    case Type::Kind::any:
      return "any value";
    case Type::Kind::text:
      return "a string";
    case Type::Kind::boolean:
      return "a boolean";
    case Type::Kind::number:
      return "a number";
    case Type::Kind::integer:
      return "a whole number";
    case Type::Kind::port:
      return "a port number";
    case Type::Kind::null:
      return "null";
    case Type::Kind::text_literal:
      return fmt::format("\"{}\"", type.literal);
    case Type::Kind::number_literal:
      return type.literal;
    case Type::Kind::list:
      return type.parts[0].kind == Type::Kind::text ? "a list of strings" : "a list";
    case Type::Kind::object:
      return "an object";
    case Type::Kind::choice:
      break;
  }
  std::vector<std::string> names;
  for (const Type& part : type.parts) {
    std::string name = type_name(part);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  std::string out = names[0];
  for (size_t i = 1; i < names.size(); i++) out += (i + 1 == names.size() ? " or " : ", ") + names[i];
  return out;
}

// Whether a value of this kind can be of the type at all.
bool fits_kind(const Node& node, const Type& type) {
  switch (type.kind) {
    case Type::Kind::any:
      return true;
    case Type::Kind::text:
    case Type::Kind::text_literal:
      return node.is(Node::Kind::text);
    case Type::Kind::boolean:
      return node.is(Node::Kind::boolean);
    case Type::Kind::number:
    case Type::Kind::integer:
    case Type::Kind::port:
    case Type::Kind::number_literal:
      return node.is(Node::Kind::number);
    case Type::Kind::null:
      return node.is(Node::Kind::null);
    case Type::Kind::list:
      return node.is(Node::Kind::list);
    case Type::Kind::object:
      return node.is(Node::Kind::object);
    case Type::Kind::choice:
      return std::ranges::any_of(type.parts, [&](const Type& part) { return fits_kind(node, part); });
  }
  VERIFY_NOT_REACHED();
}

bool is_of_type(const Node& node, const Type& type) {
  std::vector<Diagnostic> found;
  Reporter trial("", "", found);
  check_type(node, type, "", trial);
  return found.empty();
}

std::string shown(const Node& node) {
  std::string text =
      node.is(Node::Kind::text) || node.is(Node::Kind::number) ? to_json(node) : std::string(kind_name(node.kind));
  return text.size() > 60 ? std::string(kind_name(node.kind)) : text;
}

void report_mismatch(const Node& node, const Type& type, const std::string& path, Reporter& reporter) {
  std::string hint;
  if (node.is(Node::Kind::date)) {
    hint = fmt::format("write the date as a string: \"{}\"", node.text);
  } else if (type.kind == Type::Kind::choice && node.is(Node::Kind::text)) {
    std::vector<std::string_view> words;
    for (const Type& part : type.parts) {
      if (part.kind == Type::Kind::text_literal) words.push_back(part.literal);
    }
    if (std::string_view near = nearest_word(node.text, words); !near.empty())
      hint = fmt::format("did you mean \"{}\"?", near);
  }
  reporter.error(node.place, fmt::format("{}: expected {}, found {}", path, type_name(type), shown(node)),
                 std::move(hint));
}

void check_object(const Node& node, const Type& type, const std::string& path, Reporter& reporter) {
  for (const PropertyType& property : type.properties) {
    if (const Node* value = node.find(property.name)) {
      check_type(*value, property.type, path + "." + property.name, reporter);
    } else if (!property.optional) {
      reporter.error(node.place, fmt::format("{}: \"{}\" is missing", path, property.name));
    }
  }
  for (const Member& member : node.members) {
    bool known = std::ranges::any_of(type.properties, [&](const PropertyType& p) { return p.name == member.key; });
    if (known) continue;
    if (!type.rest.empty()) {
      check_type(member.value, type.rest[0], path + "." + member.key, reporter);
      continue;
    }
    std::vector<std::string_view> names;
    for (const PropertyType& p : type.properties) names.push_back(p.name);
    std::string_view near = nearest_word(member.key, names);
    reporter.error(member.place, fmt::format("{}: unknown field \"{}\"", path, member.key),
                   near.empty() ? std::string() : fmt::format("did you mean \"{}\"?", near));
  }
}

void check_choice(const Node& node, const Type& type, const std::string& path, Reporter& reporter) {
  std::vector<const Type*> fitting;
  for (const Type& part : type.parts) {
    if (fits_kind(node, part)) fitting.push_back(&part);
  }
  if (std::ranges::any_of(fitting, [&](const Type* part) { return is_of_type(node, *part); })) return;
  bool nested = fitting.size() == 1 && (node.is(Node::Kind::list) || node.is(Node::Kind::object));
  if (nested) {
    check_type(node, *fitting[0], path, reporter);
  } else if (node.is(Node::Kind::object) && !fitting.empty()) {
    // Several shapes: say what each one wants instead of guessing which was meant.
    std::vector<std::string> shapes;
    for (const Type* part : fitting) {
      std::string shape;
      for (const PropertyType& property : part->properties) {
        shape += (shape.empty() ? "" : ", ") + property.name + (property.optional ? "?" : "");
      }
      shapes.push_back("{ " + shape + " }");
    }
    reporter.error(node.place, fmt::format("{}: the object has none of the known shapes", path),
                   fmt::format("one of {}", fmt::join(shapes, ", ")));
  } else {
    report_mismatch(node, type, path, reporter);
  }
}

// JSON has neither dates nor infinities; wherever any value may stand, those may not.
void check_any(const Node& node, const std::string& path, Reporter& reporter) {
  if (node.is(Node::Kind::date)) {
    reporter.error(node.place, fmt::format("{}: dates have no JSON form", path),
                   fmt::format("write it as a string: \"{}\"", node.text));
  } else if (node.is(Node::Kind::number) && !std::isfinite(node.number)) {
    reporter.error(node.place, fmt::format("{}: {} has no JSON form", path, node.text));
  }
  for (size_t i = 0; i < node.items.size(); i++) check_any(node.items[i], fmt::format("{}[{}]", path, i), reporter);
  for (const Member& member : node.members) check_any(member.value, path + "." + member.key, reporter);
}

}  // namespace

Type parse_type(std::string_view expression) { return TypeParser(expression).parse_whole(); }

void check_type(const Node& node, const Type& type, const std::string& path, Reporter& reporter) {
  if (type.kind == Type::Kind::choice) return check_choice(node, type, path, reporter);
  if (type.kind == Type::Kind::any) return check_any(node, path, reporter);
  if (!fits_kind(node, type)) return report_mismatch(node, type, path, reporter);
  switch (type.kind) {
    case Type::Kind::text_literal:
    case Type::Kind::number_literal:
      if (node.text != type.literal) report_mismatch(node, type, path, reporter);
      return;
    case Type::Kind::integer:
      if (node.number != std::floor(node.number) || node.number < 0 || node.number > 4294967295.0)
        report_mismatch(node, type, path, reporter);
      return;
    case Type::Kind::port:
      if (node.number != std::floor(node.number) || node.number < 0 || node.number > 65535)
        report_mismatch(node, type, path, reporter);
      return;
    case Type::Kind::list:
      for (size_t i = 0; i < node.items.size(); i++)
        check_type(node.items[i], type.parts[0], fmt::format("{}[{}]", path, i), reporter);
      return;
    case Type::Kind::object:
      return check_object(node, type, path, reporter);
    default:
      return;
  }
}

}  // namespace adit::worker
