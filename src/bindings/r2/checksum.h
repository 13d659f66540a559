// The checksums that S3 clients send along (x-amz-checksum-*, Content-MD5): computed while a body passes, and of an upload's parts. Owner: one
// thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "web/digest.h"

namespace adit::bindings::r2 {

class Checksum {
 public:
  // "crc32", "crc32c", "crc64nvme", "sha1", "sha256" or "md5"; null for other names.
  static std::unique_ptr<Checksum> create(std::string_view name);
  void update(BytesView data);
  // Base64 of the big-endian value. Once.
  std::string finish();

  // Of the parts of an upload, in order, from what each has: CRC64NVME's is that of the whole object (FULL_OBJECT), the others' is that of
  // the parts' checksums, "BASE64-COUNT" (COMPOSITE). Empty where the parts do not have them.
  struct OfPart {
    std::string value;  // base64
    uint64_t size_bytes = 0;
  };
  static std::string of_parts(std::string_view name, const std::vector<OfPart>& parts);

 private:
  enum class Kind { crc32, crc32c, crc64nvme, digest };
  Kind m_kind = Kind::digest;
  uint64_t m_value = 0;
  std::unique_ptr<web::Digest> m_digest;
};

std::string base64_of(BytesView octets);
std::optional<Bytes> bytes_of_base64(std::string_view text);

}  // namespace adit::bindings::r2
