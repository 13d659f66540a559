#include "bindings/list_cursor.h"

#include <simdutf.h>

namespace adit::bindings {

std::string encode_list_cursor(std::string_view key) {
  std::string cursor(simdutf::base64_length_from_binary(key.size()), '\0');
  cursor.resize(simdutf::binary_to_base64(key.data(), key.size(), cursor.data()));
  return cursor;
}

std::optional<std::string> decode_list_cursor(std::string_view cursor) {
  std::string key(simdutf::maximal_binary_length_from_base64(cursor.data(), cursor.size()), '\0');
  auto decoded = simdutf::base64_to_binary(cursor.data(), cursor.size(), key.data());
  if (decoded.error != simdutf::SUCCESS) return std::nullopt;
  key.resize(decoded.count);
  return key;
}

}  // namespace adit::bindings
