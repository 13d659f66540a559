#include "ledger/bookmark.h"

#include <fmt/format.h>

#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

constexpr size_t bookmark_length = 8 + 1 + 8 + 1 + 8 + 1 + 32;

std::string_view group(std::string_view text, size_t index) { return text.substr(index * 9, 8); }

}  // namespace

std::string format_bookmark(const LedgerId& id, Position position) {
  auto hash = XXH3_128bits_withSeed(id.text().data(), id.text().size(), position);
  return fmt::format("{:08x}-{:08x}-{:08x}-{:016x}{:016x}", position >> 32, position & 0xffffffff, 0, hash.high64,
                     hash.low64);
}

Result<Position> parse_bookmark(const LedgerId& id, std::string_view text) {
  uint64_t high = 0;
  uint64_t low = 0;
  auto read = [&](size_t index, uint64_t& value) {
    auto digits = group(text, index);
    return std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ec == std::errc();
  };
  if (text.size() == bookmark_length && read(0, high) && read(1, low)) {
    auto position = high << 32 | low;
    if (text == format_bookmark(id, position)) return position;
  }
  return Error::type_error(fmt::format("\"{}\" is not a bookmark of this database", text.substr(0, 100)));
}

}  // namespace adit::ledger
