// The tree of a configuration file: look-up, JSON text, and diagnostics about a place in it. Value types; no owner.
#include "worker/config/document.h"

#include <fmt/format.h>

#include <cmath>

#include "base/verify.h"

namespace adit::worker {

const Member* Node::find_member(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Member* member = find_member(key);
  return member ? &member->value : nullptr;
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::boolean:
      return "a boolean";
    case Node::Kind::number:
      return "a number";
    case Node::Kind::text:
      return "a string";
    case Node::Kind::date:
      return "a date";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::object:
      return "an object";
  }
  VERIFY_NOT_REACHED();
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

static void append_json(std::string& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      out += "null";
      return;
    case Node::Kind::boolean:
      out += node.boolean ? "true" : "false";
      return;
    case Node::Kind::number:
      // JSON has no spelling for infinities and NaN (TOML has); checking refuses them before anyone uses the text.
      out += std::isfinite(node.number) ? node.text : "null";
      return;
    case Node::Kind::text:
    case Node::Kind::date:
      append_json_string(out, node.text);
      return;
    case Node::Kind::list: {
      out += '[';
      for (const Node& item : node.items) {
        if (&item != &node.items.front()) out += ',';
        append_json(out, item);
      }
      out += ']';
      return;
    }
    case Node::Kind::object: {
      out += '{';
      for (const Member& member : node.members) {
        if (&member != &node.members.front()) out += ',';
        append_json_string(out, member.key);
        out += ':';
        append_json(out, member.value);
      }
      out += '}';
      return;
    }
  }
}

std::string to_json(const Node& node) {
  std::string out;
  append_json(out, node);
  return out;
}

static std::string_view line_of(std::string_view text, uint32_t line) {
  for (uint32_t at = 1; at < line; at++) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Reporter Reporter::lenient() const {
  Reporter copy = *this;
  copy.m_worst = Severity::warning;
  return copy;
}

void Reporter::add(Severity severity, Place place, std::string message, std::string hint) {
  std::string source_line = place.line ? std::string(line_of(m_text, place.line)) : std::string();
  m_sink->push_back(Diagnostic{severity, m_file, place.line, place.column, std::move(message), std::move(hint),
                               std::move(source_line)});
}

}  // namespace adit::worker
