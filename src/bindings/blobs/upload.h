// Takes in a value of any size: hashes it on the way and writes what is not small to a blob, on the blocking pool, while the next part of the
// value is being read. Owner: the writer's shard. Lifecycle: keeps itself alive until it has answered, once.
// Invariant: at most two chunks in memory; a blob that is not handed out is deleted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bindings/blobs/segment.h"
#include "net/byte_source.h"
#include "net/loop.h"

namespace adit::bindings::blobs {

// The message of the error when the value is longer than max_bytes.
constexpr const char* value_is_too_long = "the value is too long";

struct UploadOptions {
  std::vector<std::string> digests{"MD5"};  // by web::Digest's names
  size_t small_bytes = 16 * 1024;           // up to this size the value stays in memory
  uint64_t max_bytes = UINT64_MAX;
  std::optional<SealingKey> key;
};

struct UploadedValue {
  uint64_t size_bytes = 0;
  std::vector<Bytes> digests;                  // as asked for
  std::variant<std::string, Segment> content;  // a small one's octets (sealed, when there is a key), or where they are
  SealingNonce nonce{};                        // of small content that is sealed
};

using UploadBody = std::variant<Bytes, std::shared_ptr<net::ByteSource>>;

// Fails with the source's error, with limit when it is longer than max_bytes, or with the disk's error.
void upload(net::Loop& loop, std::shared_ptr<BlobStore> store, Random& random, UploadBody body, UploadOptions options,
            Function<void(Result<UploadedValue>)> done);

}  // namespace adit::bindings::blobs
