// Bytes: owned octets; BytesView: borrowed ones. Conversions to and from text are views, never copies.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace adit {

using Bytes = std::vector<uint8_t>;
using BytesView = std::span<const uint8_t>;

inline BytesView bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes copy_bytes(BytesView bytes) { return {bytes.begin(), bytes.end()}; }
inline Bytes copy_bytes(std::string_view text) { return copy_bytes(bytes_of(text)); }

}  // namespace adit
