#include "bindings/durable_object/object_id.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/bytes.h"
#include "base/verify.h"

namespace adit::bindings::durable_object {
namespace {

constexpr size_t body_bytes = 24;
constexpr size_t check_bytes = 8;
using Digest = std::array<uint8_t, 32>;

Digest keyed_digest(std::string_view key, char purpose, BytesView data) {
  std::string message(1, purpose);
  message.append(text_of(data));
  Digest digest;
  unsigned int length = 0;
  VERIFY(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message).data(), message.size(),
              digest.data(), &length));
  VERIFY(length == digest.size());
  return digest;
}

std::string to_hex(BytesView bytes) {
  std::string out;
  for (auto byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string with_check(std::string_view space, BytesView body) {
  auto check = keyed_digest(space, 'c', body);
  return to_hex(body) + to_hex(BytesView(check).first(check_bytes));
}

}  // namespace

std::string id_from_name(std::string_view space, std::string_view name) {
  auto digest = keyed_digest(space, 'n', bytes_of(name));
  return with_check(space, BytesView(digest).first(body_bytes));
}

std::string unique_id(std::string_view space, Random& random) {
  std::array<uint8_t, body_bytes> body;
  random.fill(body);
  return with_check(space, body);
}

bool is_id_of(std::string_view space, std::string_view id) {
  if (id.size() != 2 * (body_bytes + check_bytes)) return false;
  Bytes body;
  for (size_t i = 0; i < 2 * body_bytes; i += 2) {
    unsigned value = 0;
    for (char c : id.substr(i, 2)) {
      bool is_digit = c >= '0' && c <= '9';
      if (!is_digit && (c < 'a' || c > 'f')) return false;
      value = value * 16 + static_cast<unsigned>(is_digit ? c - '0' : c - 'a' + 10);
    }
    body.push_back(static_cast<uint8_t>(value));
  }
  return with_check(space, body) == id;
}

}  // namespace adit::bindings::durable_object
