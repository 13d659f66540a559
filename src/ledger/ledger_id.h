// LedgerId: "space/name". A space groups the ledgers of one kind and owner (a Durable Object namespace, a KV namespace) and is a folder
// on disk; the name is any text (an object's hex id, a partition). Value type. Invariant: made only by create() or parse(), which check.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace adit::ledger {

class LedgerId {
 public:
  static constexpr size_t max_space_bytes = 64;
  static constexpr size_t max_name_bytes = 128;

  // space: lower-case letters, digits, '-', '_' and '.', not starting with '.'. name: 1 to 128 bytes of anything.
  static Result<LedgerId> create(std::string_view space, std::string_view name);
  static Result<LedgerId> parse(std::string_view text);

  const std::string& text() const { return m_text; }
  std::string_view space() const { return std::string_view(m_text).substr(0, m_space_bytes); }
  std::string_view name() const { return std::string_view(m_text).substr(m_space_bytes + 1); }
  auto operator<=>(const LedgerId& other) const { return m_text <=> other.m_text; }
  bool operator==(const LedgerId& other) const { return m_text == other.m_text; }

 private:
  LedgerId(std::string text, size_t space_bytes) : m_text(std::move(text)), m_space_bytes(space_bytes) {}

  std::string m_text;
  size_t m_space_bytes = 0;
};

// Reversible file-name spelling of any bytes: letters, digits, '-', '_' and inner '.' stand for themselves, the rest is %XX.
std::string encode_file_name(std::string_view text);
Result<std::string> decode_file_name(std::string_view file_name);

}  // namespace adit::ledger

template <>
struct std::hash<adit::ledger::LedgerId> {
  size_t operator()(const adit::ledger::LedgerId& id) const noexcept { return std::hash<std::string>()(id.text()); }
};
