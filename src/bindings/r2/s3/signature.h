// AWS Signature Version 4 as S3 has it: in the Authorization header, in a presigned URL, and of the chunks of a streamed body.
// Source: Amazon S3 API Reference, "Authenticating Requests". Owner: none; pure functions and values.
// Invariant: a request that verify_signature() accepts was signed with the key's secret, for this method, path, query and signed headers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "bindings/r2/s3/request.h"

namespace adit::bindings::r2::s3 {

struct VerifiedSignature {
  std::string access_key_id;
  std::string payload_hash;  // x-amz-content-sha256, or UNSIGNED-PAYLOAD
  // For the signatures of chunks.
  Bytes signing_key;
  std::string timestamp;
  std::string scope;  // DATE/REGION/s3/aws4_request
  std::string signature;
};

// The secret of an access key; nothing when there is no such key.
using SecretLookup = std::function<std::optional<std::string>(std::string_view access_key_id)>;

// Any region is accepted. Fails with the code that S3 gives.
Result<VerifiedSignature> verify_signature(const S3Request& request, int64_t now_ms, const SecretLookup& secret_of);

std::string sha256_hex(std::string_view data);
std::string hmac_sha256_hex(BytesView key, std::string_view data);
// The signature of one chunk, after the signature before it.
std::string chunk_signature(const VerifiedSignature& seed, std::string_view previous, std::string_view chunk_sha256);
std::string trailer_signature(const VerifiedSignature& seed, std::string_view previous, std::string_view trailer_text);

}  // namespace adit::bindings::r2::s3
