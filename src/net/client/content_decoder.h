// Content codings of a response (RFC 9110 § 8.4.1): a ByteSource that reads decoded what another one gives encoded.
// Owner: one reader. Invariant: a read makes at most one chunk, however much the input expands, so memory stays bounded.
#pragma once

#include <memory>
#include <string_view>

#include "net/byte_source.h"

namespace adit::net {

class DecodingSource : public ByteSource {
 public:
  // Null when the coding is not one of gzip, x-gzip, deflate, br.
  static std::shared_ptr<DecodingSource> create(std::shared_ptr<ByteSource> encoded, std::string_view coding);
  virtual std::string_view coding() const = 0;
  // Gives the encoded octets back for passing them on as they are; null once decoding has started.
  virtual std::shared_ptr<ByteSource> release_encoded() = 0;
};

}  // namespace adit::net
