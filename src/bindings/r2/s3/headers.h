// Between the headers of the S3 API and what R2 keeps of an object: metadata, conditions, ranges, customer keys. Owner: none; pure functions.
#pragma once

#include <optional>
#include <string>

#include "bindings/r2/bucket.h"
#include "bindings/r2/s3/request.h"

namespace adit::bindings::r2::s3 {

// Content-*, Cache-Control, Expires, x-amz-meta-*, x-amz-storage-class and the customer's key of a write.
Result<ObjectOptions> object_options(const S3Request& request);
// The customer's key (SSE-C), under "x-amz-server-side-encryption-customer-..." or, of a copy's source, "x-amz-copy-source-server-...".
Result<std::optional<SsecKey>> ssec_key(const S3Request& request, bool of_copy_source = false);

// Of CreateMultipartUpload: the name of the checksum that the parts will have, empty for none.
Result<std::string> upload_checksum_name(const S3Request& request);

// If-Match and the like, or x-amz-copy-source-if-match and the like.
Result<Conditions> conditions(const S3Request& request, std::string_view prefix = "");
// True: the answer to a GET whose conditions do not hold is 304, else 412.
bool is_not_modified(const Conditions& conditions, const ObjectInfo& object);

// "bytes=0-9", "bytes=5-", "bytes=-3". Nothing for what RFC 9110 § 14.2 says to ignore.
std::optional<RangeRequest> parse_range(std::string_view text);

// The lines of an answer that describe the object; `with_metadata` for GET and HEAD.
std::string object_lines(const ObjectInfo& object, bool with_metadata);
// The checksum and its type, for answers to writes and to reads that ask for it (x-amz-checksum-mode).
std::string checksum_lines(const ObjectInfo& object);
std::string checksum_line(const TransferChecksum& checksum);
// "CRC32" of "crc32".
std::string algorithm_of(std::string_view checksum_name);
// "ChecksumCRC32" and the like, of XML documents.
std::string checksum_element(std::string_view name);
// One line, or none when the value cannot be in a header.
std::string header_line(std::string_view name, std::string_view value);

// Octets that a header cannot carry are kept by RFC 2047, as S3 does.
std::string encode_metadata(std::string_view value);
std::string decode_metadata(std::string_view value);

const char* s3_storage_class(StorageClass value);

}  // namespace adit::bindings::r2::s3
