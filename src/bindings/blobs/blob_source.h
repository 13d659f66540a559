// A range of a value in blobs as a ByteSource. What the kernel has in memory is read on the loop at once, the rest on the blocking pool.
// Owner: the reader's shard. Lifecycle: keeps its blobs from being deleted until its end. Invariant: one chunk in memory, whatever the size.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bindings/blobs/segment.h"
#include "net/byte_source.h"
#include "net/loop.h"

namespace adit::bindings::blobs {

struct BlobRange {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
};

// The range lies within the segments. `pin` keeps their blobs.
std::shared_ptr<net::ByteSource> read_segments(net::Loop& loop, std::shared_ptr<BlobStore> store,
                                               std::vector<Segment> segments, std::shared_ptr<BlobPin> pin,
                                               BlobRange range, std::optional<SealingKey> key);

}  // namespace adit::bindings::blobs
