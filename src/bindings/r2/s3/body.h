// A request's body as the store reads it: decoded from aws-chunked where it is, counted, and checked against everything the client said of
// it. Owner: the shard that serves the request. Invariant: the end is only reported when length, hash, signatures and checksums agree;
// otherwise the source fails with the S3 error, and nothing is stored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/r2/checksum.h"
#include "bindings/r2/object.h"
#include "bindings/r2/s3/chunked.h"
#include "net/byte_source.h"

namespace adit::bindings::r2::s3 {

class RequestBodySource final : public net::ByteSource, public std::enable_shared_from_this<RequestBodySource> {
 public:
  // `inner` may be null: an empty body. Fails when the headers contradict each other, or say no length.
  static Result<std::shared_ptr<RequestBodySource>> create(const S3Request& request, const VerifiedSignature& signature,
                                                           std::shared_ptr<net::ByteSource> inner);

  void read(net::ReadCallback callback) override;
  void cancel(Error reason) override;
  std::optional<uint64_t> remaining_bytes() const override { return m_length - m_delivered; }
  // The checksum that the client sent along, which the answer repeats. After the end.
  const TransferChecksum& checksum() const { return m_checksum; }

 private:
  struct Expected {
    std::string name;   // of the header or trailer
    std::string value;  // base64; of a trailer: empty until it came
    std::unique_ptr<Checksum> checksum;
  };
  RequestBodySource() = default;
  Result<void> expect_checksums(const S3Request& request);
  void pull();
  void received(Result<Bytes> chunk);
  Result<Bytes> take(Bytes chunk);
  Result<void> check_end();
  void answer(Result<Bytes> result);

  std::shared_ptr<net::ByteSource> m_inner;
  net::ReadCallback m_callback;
  std::optional<ChunkDecoder> m_decoder;
  std::unique_ptr<web::Digest> m_digest;  // of a body whose hash the signature covers
  std::string m_sha256;
  std::vector<Expected> m_expected;
  TransferChecksum m_checksum;
  uint64_t m_length = 0;
  uint64_t m_delivered = 0;
};

// Reads all of a small body: XML documents.
void read_all(std::shared_ptr<net::ByteSource> source, size_t limit_bytes, Function<void(Result<std::string>)> done);

}  // namespace adit::bindings::r2::s3
