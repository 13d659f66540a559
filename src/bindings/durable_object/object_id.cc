#include "bindings/durable_object/object_id.h"

#include <openssl/sha.h>

#include <algorithm>

namespace adit::bindings::durable_object {
namespace {

constexpr size_t half_bytes = 16;

// SHA-256 over a key of fixed length, a letter for what it is used for, and the data. No HMAC: nobody outside learns enough to extend it,
// since only half of the digest is shown.
std::array<uint8_t, half_bytes> derive(const NamespaceKey& key, char purpose, std::string_view data) {
  std::string input(reinterpret_cast<const char*>(key.data()), key.size());
  input.push_back(purpose);
  input.append(data);
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(input.data()), input.size(), digest.data());
  std::array<uint8_t, half_bytes> half;
  std::copy_n(digest.begin(), half_bytes, half.begin());
  return half;
}

std::string_view view(const uint8_t* octets) { return {reinterpret_cast<const char*>(octets), half_bytes}; }

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// What the tag's hash is used for, by jurisdiction. A change loses the data of every object.
static char tag_purpose(Jurisdiction jurisdiction) { return "tefhu"[jurisdiction]; }

void ObjectId::tag(const NamespaceKey& key, Jurisdiction jurisdiction) {
  auto half = derive(key, tag_purpose(jurisdiction), view(m_octets.data()));
  std::copy(half.begin(), half.end(), m_octets.begin() + half_bytes);
}

ObjectId ObjectId::from_name(const NamespaceKey& key, std::string_view name, Jurisdiction jurisdiction) {
  ObjectId id;
  auto half = jurisdiction == 0
                  ? derive(key, 'n', name)
                  : derive(key, 'j', std::string(jurisdictions[jurisdiction - 1u]) + '\0' + std::string(name));
  std::copy(half.begin(), half.end(), id.m_octets.begin());
  id.tag(key, jurisdiction);
  return id;
}

ObjectId ObjectId::make_unique(const NamespaceKey& key, Random& random, Jurisdiction jurisdiction) {
  ObjectId id;
  random.fill(std::span(id.m_octets).first(half_bytes));
  id.tag(key, jurisdiction);
  return id;
}

std::optional<ObjectId> ObjectId::parse(std::string_view text) {
  ObjectId id;
  if (text.size() != 2 * id.m_octets.size()) return std::nullopt;
  for (size_t i = 0; i < id.m_octets.size(); ++i) {
    int high = digit_of(text[2 * i]);
    int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.m_octets[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return id;
}

std::optional<ObjectId> ObjectId::from_octets(std::span<const uint8_t> octets) {
  ObjectId id;
  if (octets.size() != id.m_octets.size()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), id.m_octets.begin());
  return id;
}

std::optional<Jurisdiction> ObjectId::jurisdiction(const NamespaceKey& key) const {
  for (size_t i = 0; i <= jurisdictions.size(); ++i) {
    auto each = static_cast<Jurisdiction>(i);
    auto half = derive(key, tag_purpose(each), view(m_octets.data()));
    if (std::equal(half.begin(), half.end(), m_octets.begin() + half_bytes)) return each;
  }
  return std::nullopt;
}

std::string ObjectId::text() const {
  std::string text;
  text.reserve(2 * m_octets.size());
  for (auto octet : m_octets) {
    text.push_back("0123456789abcdef"[octet >> 4]);
    text.push_back("0123456789abcdef"[octet & 15]);
  }
  return text;
}

uint64_t ObjectId::hash() const {
  uint64_t hash = 0;
  for (size_t i = 0; i < 8; ++i) hash = hash << 8 | m_octets[i];  // the same number on every machine
  return hash;
}

}  // namespace adit::bindings::durable_object
