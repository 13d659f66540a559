#include "ledger/ledger_id.h"

namespace adit::ledger {
namespace {

constexpr size_t max_file_name_bytes = 240;  // Linux allows 255; room for a suffix

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_space_valid(std::string_view space) {
  if (space.empty() || space.size() > LedgerId::max_space_bytes || space[0] == '.') return false;
  for (char c : space)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) return false;
  return true;
}

}  // namespace

Result<LedgerId> LedgerId::create(std::string_view space, std::string_view name) {
  if (!is_space_valid(space))
    return Error::type_error("a ledger's space is 1 to 64 of a-z, 0-9, '-', '_' and '.', and does not start with '.'");
  if (name.empty() || name.size() > max_name_bytes) return Error::type_error("a ledger's name has 1 to 128 bytes");
  if (encode_file_name(name).size() > max_file_name_bytes)
    return Error::type_error("a ledger's name with so many special characters is too long for a file name");
  std::string text;
  text.reserve(space.size() + 1 + name.size());
  text.append(space).append(1, '/').append(name);
  return LedgerId(std::move(text), space.size());
}

Result<LedgerId> LedgerId::parse(std::string_view text) {
  auto slash = text.find('/');
  if (slash == std::string_view::npos) return Error::type_error("a ledger's id is space/name");
  return create(text.substr(0, slash), text.substr(slash + 1));
}

std::string encode_file_name(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_letter_or_digit(c) || c == '-' || c == '_' || (c == '.' && i > 0)) {
      out.push_back(c);
      continue;
    }
    auto octet = static_cast<uint8_t>(c);
    out.push_back('%');
    out.push_back(digits[octet >> 4]);
    out.push_back(digits[octet & 15]);
  }
  return out;
}

Result<std::string> decode_file_name(std::string_view file_name) {
  std::string out;
  for (size_t i = 0; i < file_name.size(); ++i) {
    if (file_name[i] != '%') {
      out.push_back(file_name[i]);
      continue;
    }
    if (i + 2 >= file_name.size()) return Error::type_error("file name ends inside a %XX");
    int high = hex_value(file_name[i + 1]);
    int low = hex_value(file_name[i + 2]);
    if (high < 0 || low < 0) return Error::type_error("file name has a bad %XX");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace adit::ledger
