// aws-chunked, the coding of streamed uploads: chunks with or without signatures, and trailers. Source: Amazon S3 API Reference, "Signature
// Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", "Including trailing headers".
// Owner: one thread at a time. Invariant: data is handed on before its chunk's signature is known, so whoever stores it must not commit
// before is_done(); an error is final.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "bindings/r2/s3/request.h"
#include "bindings/r2/s3/signature.h"
#include "web/digest.h"

namespace adit::bindings::r2::s3 {

class ChunkDecoder {
 public:
  // Without a seed the chunks are not signed.
  explicit ChunkDecoder(std::optional<VerifiedSignature> seed);
  // Decodes and appends the data to out.
  Result<void> write(BytesView in, Bytes& out);
  // The last chunk and the trailers came.
  bool is_done() const { return m_state == State::done; }
  // Lower-case names.
  const Fields& trailers() const { return m_trailers; }

 private:
  enum class State { size, data, data_end, trailer, done };
  Result<void> line();
  Result<void> size_line(std::string_view text);
  Result<void> trailer_line(std::string_view text);
  Result<void> chunk_ended();
  Result<void> check(std::string_view expected);

  std::optional<VerifiedSignature> m_seed;
  State m_state = State::size;
  std::string m_line;
  uint64_t m_left = 0;  // of the current chunk
  bool m_is_last = false;
  std::string m_signature;  // of the current chunk, as sent
  std::string m_previous;   // of the chunk before
  std::unique_ptr<web::Digest> m_digest;
  Fields m_trailers;
  std::string m_trailer_text;  // what the trailer's signature covers
  std::string m_trailer_signature;
};

}  // namespace adit::bindings::r2::s3
