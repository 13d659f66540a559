// Blobs that only who brings the key can read (SSE-C): AES-256-GCM over chunks of 64 KiB, so that any range can be read and no octet
// changed unnoticed. A chunk's nonce is the blob's eight random octets and the chunk's number. Owner: any thread; value types.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::bindings::blobs {

using SealingKey = std::array<uint8_t, 32>;
using SealingNonce = std::array<uint8_t, 8>;

constexpr uint64_t sealed_chunk_bytes = 64 * 1024;  // of plain text
constexpr uint64_t seal_bytes = 16;                 // after each chunk

// What so much plain text takes on disk.
constexpr uint64_t sealed_size(uint64_t plain_bytes) {
  return plain_bytes + (plain_bytes + sealed_chunk_bytes - 1) / sealed_chunk_bytes * seal_bytes;
}

// One chunk; `last` is part of what is authenticated, so that a shortened blob is noticed.
Result<Bytes> seal_chunk(const SealingKey& key, const SealingNonce& nonce, uint32_t number, bool last, BytesView plain);
Result<Bytes> unseal_chunk(const SealingKey& key, const SealingNonce& nonce, uint32_t number, bool last,
                           BytesView sealed);

}  // namespace adit::bindings::blobs
