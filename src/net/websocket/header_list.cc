#include "net/websocket/header_list.h"

#include <algorithm>

namespace adit::net::websocket {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Splits at a separator that is outside quoted strings.
std::vector<std::string_view> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); i++) {
    if (quoted && text[i] == '\\') i++;
    else if (text[i] == '"') quoted = !quoted;
    else if (text[i] == separator && !quoted) {
      parts.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  parts.push_back(trim(text.substr(start)));
  return parts;
}

// § 9.1: the value is a token, or a quoted string whose content is one.
std::optional<std::string> parameter_value(std::string_view text) {
  std::string value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
    for (size_t i = 0; i < text.size(); i++) {
      if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
      value += text[i];
    }
  } else {
    value = text;
  }
  if (!is_token(value)) return std::nullopt;
  return value;
}

std::optional<ExtensionElement> parse_element(std::string_view text) {
  ExtensionElement element;
  auto parts = split_outside_quotes(text, ';');
  if (!is_token(parts[0])) return std::nullopt;
  element.name = parts[0];
  std::transform(element.name.begin(), element.name.end(), element.name.begin(), lower);
  for (size_t i = 1; i < parts.size(); i++) {
    auto equals = parts[i].find('=');
    auto name = trim(parts[i].substr(0, equals));
    if (!is_token(name)) return std::nullopt;
    std::optional<std::string> value;
    if (equals != std::string_view::npos) {
      value = parameter_value(trim(parts[i].substr(equals + 1)));
      if (!value) return std::nullopt;
    }
    element.parameters.emplace_back(std::string(name), std::move(value));
  }
  return element;
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || marks.find(c) != std::string_view::npos;
  });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool list_has_token(std::string_view list, std::string_view token) {
  for (auto part : split_outside_quotes(list, ','))
    if (equals_ignoring_case(part, token)) return true;
  return false;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  for (auto part : split_outside_quotes(list, ','))
    if (!part.empty()) parts.emplace_back(part);
  return parts;
}

std::vector<ExtensionElement> parse_extensions(std::string_view header) {
  std::vector<ExtensionElement> elements;
  for (auto part : split_outside_quotes(header, ',')) {
    if (part.empty()) continue;
    elements.push_back(parse_element(part).value_or(ExtensionElement{}));
  }
  return elements;
}

}  // namespace adit::net::websocket
