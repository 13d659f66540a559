// What R2 keeps of an object, as values that travel between shards. Metadata stays JSON text: a read hands it on as it is, and who needs its
// fields (the S3 API) takes it apart with http_metadata_of(). Owner: none. Invariant: texts are UTF-8.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/blobs/segment.h"

namespace adit::bindings::r2 {

constexpr size_t max_key_bytes = 1024;
constexpr size_t max_custom_metadata_bytes = 8192;
constexpr size_t max_list_keys = 1000;
constexpr size_t max_delete_keys = 1000;
constexpr uint64_t max_put_bytes = 5ull << 30;     // at once, and per part (5 GiB)
constexpr uint64_t max_object_bytes = 5ull << 40;  // 5 TiB
constexpr uint64_t min_part_bytes = 5ull << 20;    // but the last part's
constexpr uint32_t max_part_number = 10'000;
constexpr int64_t upload_life_ms = 7ll * 24 * 3600 * 1000;  // then an upload that was not completed is aborted

enum class HashKind : uint8_t { md5, sha1, sha256, sha384, sha512 };
constexpr size_t hash_kinds = 5;
// By web::Digest's names: "MD5", "SHA-1", ...
const char* hash_name(HashKind kind);

// Octets by HashKind; empty: not known.
struct Checksums {
  std::array<std::string, hash_kinds> values;
  std::string& operator[](HashKind kind) { return values[static_cast<size_t>(kind)]; }
  const std::string& operator[](HashKind kind) const { return values[static_cast<size_t>(kind)]; }
};

// What an S3 client said of the octets that it sent (x-amz-checksum-NAME), kept to be told to those who fetch them.
struct TransferChecksum {
  std::string name;   // "crc32", "crc32c", "crc64nvme", "sha1", "sha256"; empty: none
  std::string value;  // base64; "-COUNT" behind it: of the checksums of so many parts
  bool is_composite() const { return value.find('-') != std::string::npos; }
};

// "NAME:VALUE", and back; what is no such text is none.
TransferChecksum parse_transfer_checksum(std::string_view text);

enum class StorageClass : uint8_t { standard, infrequent_access };
// "Standard", "InfrequentAccess"
const char* storage_class_name(StorageClass value);

struct HttpMetadata {
  std::optional<std::string> content_type;
  std::optional<std::string> content_language;
  std::optional<std::string> content_disposition;
  std::optional<std::string> content_encoding;
  std::optional<std::string> cache_control;
  std::optional<int64_t> cache_expiry_ms;
};
using CustomMetadata = std::vector<std::pair<std::string, std::string>>;

// {"contentType":...,"cacheExpiry":ms}; what does not parse is empty.
HttpMetadata http_metadata_of(const std::string& json);
std::string to_json(const HttpMetadata& metadata);
// {"name":"value"}
CustomMetadata custom_metadata_of(const std::string& json);
std::string to_json(const CustomMetadata& metadata);

struct ObjectInfo {
  std::string key;
  std::string version;  // 32 hex digits, new with every write
  std::string etag;  // hex MD5; of a multipart object the MD5 of its parts' and "-" with their number. Without quotes
  uint64_t size_bytes = 0;
  int64_t uploaded_ms = 0;
  Checksums checksums;
  TransferChecksum transfer_checksum;
  std::string http_metadata;    // JSON; empty: none
  std::string custom_metadata;  // JSON; empty: none
  StorageClass storage_class = StorageClass::standard;
  std::string ssec_key_md5;  // hex; empty: not encrypted with a customer's key
  uint32_t part_count = 0;   // 0: put at once
};

// An object with its content.
struct StoredObject : ObjectInfo {
  std::string content;  // of a small one, sealed when it is encrypted
  blobs::SealingNonce content_nonce{};
  std::vector<blobs::Segment> segments;
  bool is_inline() const { return segments.empty(); }
};

struct ResolvedRange {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = 0;
};

// What is asked for; a suffix stands alone.
struct RangeRequest {
  std::optional<uint64_t> offset;
  std::optional<uint64_t> length;
  std::optional<uint64_t> suffix;
  bool is_whole() const { return !offset && !length && !suffix; }
};

// Nullopt: not satisfiable.
std::optional<ResolvedRange> resolve_range(const RangeRequest& range, uint64_t size_bytes);

// One of a list of entity tags.
struct EtagPattern {
  enum class Kind : uint8_t { strong, weak, any } kind = Kind::strong;
  std::string value;  // without quotes
};

// All that are given must hold, with RFC 9110 § 13.2.2's precedence: etag_matches decides over uploaded_before when it holds, and
// etag_does_not_match over uploaded_after.
struct Conditions {
  std::optional<std::vector<EtagPattern>> etag_matches;
  std::optional<std::vector<EtagPattern>> etag_does_not_match;
  std::optional<int64_t> uploaded_before_ms;
  std::optional<int64_t> uploaded_after_ms;
  bool seconds_granularity = false;
  bool is_empty() const { return !etag_matches && !etag_does_not_match && !uploaded_before_ms && !uploaded_after_ms; }
};

// Of the object as it is now; null: there is none.
bool conditions_hold(const Conditions& conditions, const ObjectInfo* object);

// R2's error codes, https://developers.cloudflare.com/r2/api/error-codes/.
enum class Code : int {
  internal_error = 10001,
  no_such_key = 10007,
  entity_too_large = 100100,
  entity_too_small = 10011,
  metadata_too_large = 10012,
  invalid_object_name = 10020,
  invalid_max_keys = 10022,
  no_such_upload = 10024,
  invalid_part = 10025,
  precondition_failed = 10031,
  bad_digest = 10037,
  invalid_range = 10039,
  bad_upload = 10048,
  invalid_storage_class = 10062,
  ssec_key_required = 10114,
  ssec_key_mismatch = 10115,
};
// "MESSAGE (CODE)", with the message that R2 gives.
Error failure(Code code);
Error failure(Code code, std::string message);
// The code at the end of such an error's message.
std::optional<Code> code_of(const Error& error);

}  // namespace adit::bindings::r2
