#include "bindings/r2/checksum.h"

#include <simdutf.h>
#include <zlib.h>

#include <array>

namespace adit::bindings::r2 {
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

// A CRC-64 goes through so many zero octets: a linear map over GF(2), squared for each bit of the number.
uint64_t through_zeros(uint64_t crc, uint64_t octets) {
  using Matrix = std::array<uint64_t, 64>;
  auto times = [](const Matrix& matrix, uint64_t vector) {
    uint64_t sum = 0;
    for (size_t row = 0; vector; vector >>= 1, ++row)
      if (vector & 1) sum ^= matrix[row];
    return sum;
  };
  Matrix step;  // by one zero octet
  for (size_t bit = 0; bit < 64; ++bit) {
    uint64_t value = 1ull << bit;
    step[bit] = crc64nvme_table[value & 0xff] ^ (value >> 8);
  }
  for (; octets; octets >>= 1) {
    if (octets & 1) crc = times(step, crc);
    Matrix squared;
    for (size_t bit = 0; bit < 64; ++bit) squared[bit] = times(step, step[bit]);
    step = squared;
  }
  return crc;
}

uint64_t from_big_endian(BytesView octets) {
  uint64_t value = 0;
  for (auto octet : octets) value = value << 8 | octet;
  return value;
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

std::string Checksum::of_parts(std::string_view name, const std::vector<OfPart>& parts) {
  auto whole = create(name);
  if (!whole || parts.empty()) return {};
  uint64_t crc = 0;
  for (auto& part : parts) {
    auto octets = bytes_of_base64(part.value);
    if (!octets || octets->empty()) return {};
    if (whole->m_kind == Kind::crc64nvme) crc = through_zeros(crc, part.size_bytes) ^ from_big_endian(*octets);
    else whole->update(*octets);
  }
  if (whole->m_kind == Kind::crc64nvme) return base64_of(big_endian(crc, 8));
  return whole->finish() + "-" + std::to_string(parts.size());
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

}  // namespace adit::bindings::r2
