// The dotenv reader. What its syntax means in the corners was found by asking wrangler (see dotenv_test.cc). No owner.
#include "worker/config/dotenv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace adit::worker {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  size_t done = 0;
  for (size_t at; (at = text.find(from, done)) != std::string_view::npos; done = at + from.size()) {
    result.append(text.substr(done, at - done)).append(to);
  }
  return result.append(text.substr(done));
}

class DotenvParser {
 public:
  DotenvParser(std::string_view text, Reporter& reporter) : m_text(text), m_reporter(reporter) {}

  std::vector<DotenvEntry> parse() {
    if (m_text.starts_with("\xef\xbb\xbf")) m_at = 3;
    while (m_at < m_text.size()) parse_line();
    return std::move(m_entries);
  }

 private:
  std::string_view rest_of_line() const {
    size_t end = m_text.find('\n', m_at);
    return m_text.substr(m_at, end == std::string_view::npos ? std::string_view::npos : end - m_at);
  }

  void skip_to_next_line() {
    size_t end = m_text.find('\n', m_at);
    m_at = end == std::string_view::npos ? m_text.size() : end + 1;
    m_line++;
  }

  void parse_line() {
    std::string_view line = rest_of_line();
    size_t start = m_at;
    std::string_view content = trimmed(line);
    if (content.empty() || content.starts_with('#')) return skip_to_next_line();
    Place place{m_line, static_cast<uint32_t>(content.data() - line.data()) + 1};

    if (content.starts_with("export") && content.size() > 6 && is_space(content[6]))
      content = trimmed(content.substr(6));
    size_t length = 0;
    while (length < content.size() && is_name_character(content[length])) length++;
    std::string_view name = content.substr(0, length);
    std::string_view after = content.substr(length);
    while (!after.empty() && is_space(after.front())) after.remove_prefix(1);
    bool colon = after.starts_with(':') && after.data() == name.data() + name.size() &&
                 (after.size() == 1 || is_space(after[1]));
    if (name.empty() || (!after.starts_with('=') && !colon)) {
      m_reporter.warning(place, "this line is neither NAME=value nor a comment", "it is skipped");
      return skip_to_next_line();
    }
    m_at = start + static_cast<size_t>(after.data() + 1 - line.data());
    add(std::string(name), parse_value(place), place);
  }

  // From after the equals sign to the end of the line, or of the line on which a quoted value ends.
  std::string parse_value(Place place) {
    while (m_at < m_text.size() && is_space(m_text[m_at])) m_at++;
    char quote = m_at < m_text.size() ? m_text[m_at] : '\0';
    bool quoted = quote == '"' || quote == '\'' || quote == '`';
    if (quoted) {
      if (std::optional<std::string> value = parse_quoted(quote)) return std::move(*value);
    }
    std::string_view line = rest_of_line();
    std::string_view value = trimmed(line.substr(0, line.find('#')));
    skip_to_next_line();
    if (!quoted) return std::string(value);
    // Something that starts like a quoted value but does not end like one: taken as it stands, less a pair of outer quotes.
    if (value.size() >= 2 && value.back() == quote) return unescaped(value.substr(1, value.size() - 2), quote);
    m_reporter.warning(place, fmt::format("a value that starts with {} but does not end with it", quote),
                       "the quote is part of the value");
    return std::string(value);
  }

  // A value whose closing quote is followed by nothing but a comment; may span lines. Moves past its line only if it is one.
  std::optional<std::string> parse_quoted(char quote) {
    size_t end = m_at;
    do {
      end = m_text.find(quote, end + 1);
      if (end == std::string_view::npos) return std::nullopt;
    } while (m_text[end - 1] == '\\');
    size_t after = end + 1;
    while (after < m_text.size() && is_space(m_text[after])) after++;
    if (after < m_text.size() && m_text[after] != '\n' && m_text[after] != '#') return std::nullopt;
    std::string_view inner = m_text.substr(m_at + 1, end - m_at - 1);
    m_line += static_cast<uint32_t>(std::ranges::count(inner, '\n'));
    m_at = after;
    skip_to_next_line();
    return unescaped(inner, quote);
  }

  static std::string unescaped(std::string_view inner, char quote) {
    std::string value = replaced(inner, "\r\n", "\n");
    if (quote != '"') return value;
    return replaced(replaced(value, "\\n", "\n"), "\\r", "\r");
  }

  void add(std::string name, std::string value, Place place) {
    auto found = std::ranges::find(m_entries, name, &DotenvEntry::name);
    if (found == m_entries.end()) {
      m_entries.push_back({std::move(name), std::move(value), place});
    } else {
      found->value = std::move(value);
      found->place = place;
    }
  }

  std::string_view m_text;
  Reporter& m_reporter;
  size_t m_at = 0;
  uint32_t m_line = 1;
  std::vector<DotenvEntry> m_entries;
};

bool starts_variable(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool continues_variable(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

size_t variable_length(std::string_view text) {
  size_t length = 0;
  if (!text.empty() && starts_variable(text[0])) {
    while (length < text.size() && continues_variable(text[length])) length++;
  }
  return length;
}

// The index of the brace that closes the one before `text`, counting nested ${.
size_t closing_brace(std::string_view text) {
  int depth = 1;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') depth++;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

constexpr int k_deepest = 20;

std::string expand(std::string_view value, const Lookup& lookup, int depth);

// What ${content} means; nullopt when it is not a reference.
std::optional<std::string> expand_braced(std::string_view content, const Lookup& lookup, int depth) {
  size_t length = variable_length(content);
  if (length == 0) return std::nullopt;
  std::optional<std::string> value = lookup(content.substr(0, length));
  std::string_view after = content.substr(length);
  if (after.empty()) return value.value_or("");
  bool or_empty = after.starts_with(":-");
  if (!or_empty && !after.starts_with('-')) return std::nullopt;
  if (value && !(or_empty && value->empty())) return value;
  return expand(after.substr(or_empty ? 2 : 1), lookup, depth + 1);
}

std::string expand(std::string_view value, const Lookup& lookup, int depth) {
  if (depth > k_deepest) return std::string(value);
  std::string out;
  for (size_t at = 0; at < value.size();) {
    std::string_view rest = value.substr(at);
    if (rest.starts_with("\\$")) {
      out += '$';
      at += 2;
      continue;
    }
    if (rest.starts_with("${")) {
      size_t end = closing_brace(rest.substr(2));
      std::optional<std::string> text;
      if (end != std::string_view::npos) text = expand_braced(rest.substr(2, end), lookup, depth);
      if (text) {
        out += *text;
        at += end + 3;
        continue;
      }
    } else if (size_t length = rest[0] == '$' ? variable_length(rest.substr(1)) : 0; length > 0) {
      out += lookup(rest.substr(1, length)).value_or("");
      at += length + 1;
      continue;
    }
    out += rest[0];
    at++;
  }
  return out;
}

}  // namespace

std::vector<DotenvEntry> parse_dotenv(std::string_view text, Reporter& reporter) {
  return DotenvParser(text, reporter).parse();
}

std::string expand_variables(std::string_view value, const Lookup& lookup) { return expand(value, lookup, 0); }

}  // namespace adit::worker
