// A segment: one blob as part of a value. A value is its segments in order: one for what was put at once, one a part for a multipart upload.
// Owner: none; value type. Invariant: segment_octets octets in its stored form.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/blobs/blob_store.h"
#include "bindings/blobs/sealing.h"

namespace adit::bindings::blobs {

struct Segment {
  BlobId id;
  uint64_t size_bytes = 0;  // of the value, before it was sealed
  SealingNonce nonce{};     // when it is sealed
};

constexpr size_t segment_octets = 32;

inline void append_stored(std::string& out, const Segment& segment) {
  out.append(text_of(segment.id.view()));
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(segment.size_bytes >> shift));
  out.append(text_of(segment.nonce));
}

// The caller has checked that the length is a multiple of segment_octets.
inline std::vector<Segment> parse_segments(std::string_view stored) {
  std::vector<Segment> segments;
  segments.reserve(stored.size() / segment_octets);
  for (; stored.size() >= segment_octets; stored.remove_prefix(segment_octets)) {
    auto octets = bytes_of(stored);
    Segment segment;
    std::copy_n(octets.begin(), 16, segment.id.octets.begin());
    for (size_t i = 16; i < 24; ++i) segment.size_bytes = segment.size_bytes << 8 | octets[i];
    std::copy_n(octets.begin() + 24, 8, segment.nonce.begin());
    segments.push_back(segment);
  }
  return segments;
}

inline std::vector<BlobId> ids_of(const std::vector<Segment>& segments) {
  std::vector<BlobId> ids;
  ids.reserve(segments.size());
  for (auto& segment : segments) ids.push_back(segment.id);
  return ids;
}

}  // namespace adit::bindings::blobs
