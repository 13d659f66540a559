// A body that is read on another shard than the one that produces it. export_source() on the producer's shard gives an address, a value
// that travels; import_source() on the reader's shard makes a ByteSource of it.
// Owner: each half its shard. Lifecycle: the producing half lives until the body's end, an error, or the reader lets go; nothing is read
// before the reader reads. Invariant: no more than window_bytes (and one chunk) are on their way or waiting for the reader.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "net/byte_source.h"
#include "worker/invocation.h"

namespace adit::worker {

class Shard;

struct RemoteSourceAddress {
  size_t shard = 0;
  uint64_t end = 0;
  std::optional<uint64_t> length_bytes;
};

RemoteSourceAddress export_source(Shard& home, std::shared_ptr<net::ByteSource> source);
std::shared_ptr<net::ByteSource> import_source(Shard& here, const RemoteSourceAddress& address);

// A body as it travels: octets that are in memory go as they are.
using RemoteBody = std::variant<std::monostate, Bytes, RemoteSourceAddress>;
RemoteBody export_body(Shard& home, BodyValue body);
BodyValue import_body(Shard& here, RemoteBody body);

}  // namespace adit::worker
