#include "bindings/r2/s3/checksum.h"

#include <simdutf.h>
#include <zlib.h>

#include <array>

namespace adit::bindings::r2::s3 {
namespace {

// Reflected CRCs, an octet at a time.
template <typename T>
constexpr std::array<T, 256> crc_table(T reflected_polynomial) {
  std::array<T, 256> table{};
  for (unsigned octet = 0; octet < 256; ++octet) {
    T value = octet;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? (value >> 1) ^ reflected_polynomial : value >> 1;
    table[octet] = value;
  }
  return table;
}

constexpr auto crc32c_table = crc_table<uint32_t>(0x82f63b78);             // Castagnoli, RFC 3720
constexpr auto crc64nvme_table = crc_table<uint64_t>(0x9a6c9329ac4bc9b5);  // CRC-64/NVME

template <typename T>
T advance(const std::array<T, 256>& table, T value, BytesView data) {
  value = ~value;
  for (auto octet : data) value = table[(value ^ octet) & 0xff] ^ (value >> 8);
  return ~value;
}

Bytes big_endian(uint64_t value, size_t size) {
  Bytes out(size);
  for (size_t i = 0; i < size; ++i) out[size - 1 - i] = static_cast<uint8_t>(value >> (8 * i));
  return out;
}

}  // namespace

std::unique_ptr<Checksum> Checksum::create(std::string_view name) {
  auto self = std::make_unique<Checksum>();
  if (name == "crc32") self->m_kind = Kind::crc32;
  else if (name == "crc32c") self->m_kind = Kind::crc32c;
  else if (name == "crc64nvme") self->m_kind = Kind::crc64nvme;
  else {
    auto hash = name == "sha1" ? "SHA-1" : name == "sha256" ? "SHA-256" : name == "md5" ? "MD5" : nullptr;
    if (!hash) return nullptr;
    auto digest = web::Digest::create(hash);
    if (digest.is_error()) return nullptr;
    self->m_digest = std::move(digest).value();
  }
  return self;
}

void Checksum::update(BytesView data) {
  if (data.empty()) return;  // for zlib a null buffer means: begin anew
  switch (m_kind) {
    case Kind::crc32:
      m_value = crc32_z(static_cast<uLong>(m_value), data.data(), data.size());
      return;
    case Kind::crc32c:
      m_value = advance(crc32c_table, static_cast<uint32_t>(m_value), data);
      return;
    case Kind::crc64nvme:
      m_value = advance(crc64nvme_table, m_value, data);
      return;
    case Kind::digest:
      m_digest->update(data);
  }
}

std::string Checksum::finish() {
  if (m_kind != Kind::digest) return base64_of(big_endian(m_value, m_kind == Kind::crc64nvme ? 8 : 4));
  auto digest = m_digest->finish();
  return digest.is_ok() ? base64_of(digest.value()) : std::string();
}

std::string base64_of(BytesView octets) {
  std::string out(simdutf::base64_length_from_binary(octets.size()), '\0');
  out.resize(simdutf::binary_to_base64(reinterpret_cast<const char*>(octets.data()), octets.size(), out.data()));
  return out;
}

std::optional<Bytes> bytes_of_base64(std::string_view text) {
  Bytes out(simdutf::maximal_binary_length_from_base64(text.data(), text.size()));
  auto result = simdutf::base64_to_binary(text.data(), text.size(), reinterpret_cast<char*>(out.data()));
  if (result.error != simdutf::SUCCESS) return std::nullopt;
  out.resize(result.count);
  return out;
}

}  // namespace adit::bindings::r2::s3
