// JSONC: RFC 8259's grammar, plus // and /* */ comments and a comma before ] and }. Strings are checked as the RFC says.
// Why a reader of our own: the JSON libraries at hand forget positions, and every message here names line and column.
#include "worker/config/jsonc.h"

#include <fmt/format.h>

#include <cstdlib>

namespace adit::worker {
namespace {

constexpr int k_deepest = 100;

class JsoncParser {
 public:
  JsoncParser(std::string_view text, Reporter& reporter) : m_text(text), m_reporter(reporter) {}

  std::optional<Node> parse_document() {
    if (m_text.starts_with("\xef\xbb\xbf")) m_at = 3;
    Node node;
    if (!skip_blank() || !parse_value(node, 0) || !skip_blank()) return std::nullopt;
    if (m_at < m_text.size()) {
      fail(m_place, "expected the end of the file after the value");
      return std::nullopt;
    }
    return node;
  }

 private:
  bool at_end() const { return m_at >= m_text.size(); }
  char peek(size_t ahead = 0) const { return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0'; }

  void advance() {
    char c = m_text[m_at++];
    if (c == '\n') {
      m_place.line++;
      m_place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      m_place.column++;
    }
  }
  void advance(size_t count) {
    while (count-- > 0) advance();
  }

  bool fail(Place place, std::string message, std::string hint = {}) {
    m_reporter.error(place, std::move(message), std::move(hint));
    return false;
  }

  std::string found() const {
    if (at_end()) return "the end of the file";
    unsigned char c = static_cast<unsigned char>(peek());
    if (c < 0x20 || c >= 0x7f) return fmt::format("the octet 0x{:02x}", c);
    return fmt::format("'{}'", peek());
  }

  std::string comma_hint() const { return peek() == '"' || peek() == '{' ? "is a comma missing before it?" : ""; }

  // White space and comments.
  bool skip_blank() {
    while (!at_end()) {
      char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        advance();
      } else if (c == '/' && peek(1) == '/') {
        while (!at_end() && peek() != '\n') advance();
      } else if (c == '/' && peek(1) == '*') {
        Place start = m_place;
        size_t end = m_text.find("*/", m_at + 2);
        if (end == std::string_view::npos) return fail(start, "this comment has no end", "close it with */");
        advance(end + 2 - m_at);
      } else {
        break;
      }
    }
    return true;
  }

  bool parse_value(Node& out, int depth) {
    if (depth > k_deepest) return fail(m_place, fmt::format("values are nested more than {} deep", k_deepest));
    out.place = m_place;
    char c = peek();
    if (!at_end()) {
      if (c == '{') return parse_object(out, depth);
      if (c == '[') return parse_list(out, depth);
      if (c == '"') {
        out.kind = Node::Kind::text;
        return parse_string(out.text);
      }
      if (c == '-' || (c >= '0' && c <= '9')) return parse_number(out);
      if (parse_word(out)) return true;
    }
    std::string hint = c == '\'' ? "strings stand in double quotes" : "";
    return fail(m_place, fmt::format("expected a value, found {}", found()), hint);
  }

  bool parse_word(Node& out) {
    auto take = [&](std::string_view word) {
      if (!m_text.substr(m_at).starts_with(word)) return false;
      advance(word.size());
      return true;
    };
    if (take("null")) return true;
    bool is_true = take("true");
    if (!is_true && !take("false")) return false;
    out.kind = Node::Kind::boolean;
    out.boolean = is_true;
    return true;
  }

  // RFC 8259 § 6.
  bool parse_number(Node& out) {
    auto is_digit = [&](size_t at) { return at < m_text.size() && m_text[at] >= '0' && m_text[at] <= '9'; };
    size_t end = m_at;
    auto digits = [&] {
      size_t start = end;
      while (is_digit(end)) end++;
      return end > start;
    };
    if (m_text[end] == '-') end++;
    bool leading_zero = is_digit(end) && m_text[end] == '0' && is_digit(end + 1);
    bool good = digits() && !leading_zero;
    if (good && end < m_text.size() && m_text[end] == '.') {
      end++;
      good = digits();
    }
    if (good && end < m_text.size() && (m_text[end] == 'e' || m_text[end] == 'E')) {
      end++;
      if (end < m_text.size() && (m_text[end] == '+' || m_text[end] == '-')) end++;
      good = digits();
    }
    if (!good) return fail(m_place, "this is not a JSON number");
    out.kind = Node::Kind::number;
    out.text = m_text.substr(m_at, end - m_at);
    out.number = std::strtod(out.text.c_str(), nullptr);
    advance(end - m_at);
    return true;
  }

  // RFC 8259 § 7.
  bool parse_string(std::string& out) {
    Place start = m_place;
    advance();
    while (true) {
      if (at_end() || peek() == '\n') return fail(start, "this string has no end", "close it with \"");
      char c = peek();
      if (c == '"') {
        advance();
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20)
        return fail(m_place, "a control character in a string", "write it as an escape, \\t for a tab");
      if (c == '\\') {
        if (!parse_escape(out)) return false;
      } else {
        out += c;
        advance();
      }
    }
  }

  bool parse_escape(std::string& out) {
    static constexpr std::string_view k_names = "\"\\/bfnrt";
    static constexpr std::string_view k_values = "\"\\/\b\f\n\r\t";
    Place start = m_place;
    char c = peek(1);
    if (size_t index = k_names.find(c); c != '\0' && index != std::string_view::npos) {
      out += k_values[index];
      advance(2);
      return true;
    }
    if (c != 'u') return fail(start, "an unknown escape in a string", "a backslash is written \\\\");
    std::optional<uint32_t> unit = hex_unit();
    if (!unit) return fail(start, "\\u wants four hexadecimal digits");
    uint32_t point = *unit;
    if (point >= 0xd800 && point < 0xdc00 && peek() == '\\' && peek(1) == 'u') {
      std::optional<uint32_t> low = hex_unit();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return fail(start, "half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (*low - 0xdc00);
    }
    if (point >= 0xd800 && point <= 0xdfff) return fail(start, "half of a surrogate pair");
    append_utf8(out, point);
    return true;
  }

  // Reads \uXXXX.
  std::optional<uint32_t> hex_unit() {
    uint32_t unit = 0;
    for (size_t i = 2; i < 6; i++) {
      char c = peek(i);
      uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = static_cast<uint32_t>((c | 0x20) - 'a') + 10;
      } else {
        return std::nullopt;
      }
      unit = unit * 16 + digit;
    }
    advance(6);
    return unit;
  }

  static void append_utf8(std::string& out, uint32_t point) {
    auto put = [&](uint32_t octet) { out += static_cast<char>(octet); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xc0 | (point >> 6));
      put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      put(0xe0 | (point >> 12));
      put(0x80 | ((point >> 6) & 0x3f));
      put(0x80 | (point & 0x3f));
    } else {
      put(0xf0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3f));
      put(0x80 | ((point >> 6) & 0x3f));
      put(0x80 | (point & 0x3f));
    }
  }

  bool parse_list(Node& out, int depth) {
    out.kind = Node::Kind::list;
    advance();
    while (true) {
      if (!skip_blank()) return false;
      if (peek() == ']') break;
      Node item;
      if (!parse_value(item, depth + 1) || !skip_blank()) return false;
      out.items.push_back(std::move(item));
      if (peek() == ',') {
        advance();
      } else if (peek() != ']') {
        return fail(m_place, fmt::format("expected ',' or ']' in a list, found {}", found()), comma_hint());
      }
    }
    advance();
    return true;
  }

  bool parse_object(Node& out, int depth) {
    out.kind = Node::Kind::object;
    advance();
    while (true) {
      if (!skip_blank()) return false;
      if (peek() == '}') break;
      if (!parse_member(out, depth) || !skip_blank()) return false;
      if (peek() == ',') {
        advance();
      } else if (peek() != '}') {
        return fail(m_place, fmt::format("expected ',' or '}}' in an object, found {}", found()), comma_hint());
      }
    }
    advance();
    return true;
  }

  bool parse_member(Node& object, int depth) {
    Member member;
    member.place = m_place;
    if (peek() != '"')
      return fail(m_place, fmt::format("expected a property's name, found {}", found()),
                  "names stand in double quotes");
    if (!parse_string(member.key) || !skip_blank()) return false;
    if (peek() != ':') return fail(m_place, fmt::format("expected ':' after \"{}\", found {}", member.key, found()));
    advance();
    if (!skip_blank() || !parse_value(member.value, depth + 1)) return false;
    for (Member& earlier : object.members) {
      if (earlier.key != member.key) continue;
      m_reporter.warning(member.place,
                         fmt::format("\"{}\" is given twice; the first is on line {}", member.key, earlier.place.line),
                         "this one counts");
      earlier = std::move(member);
      return true;
    }
    object.members.push_back(std::move(member));
    return true;
  }

  std::string_view m_text;
  Reporter& m_reporter;
  size_t m_at = 0;
  Place m_place{1, 1};
};

}  // namespace

std::optional<Node> parse_jsonc(std::string_view text, Reporter& reporter) {
  return JsoncParser(text, reporter).parse_document();
}

}  // namespace adit::worker
