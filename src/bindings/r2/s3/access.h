// Who may use the S3 API: access keys with their secret, whether they may write, and which buckets they see. Kept in a JSON file that its
// owner edits; one key with all rights is made when there is none.
// Owner: none; a value. Invariant: ids are unique; the file is readable by its owner only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace adit::bindings::r2::s3 {

struct AccessKey {
  std::string id;
  std::string secret;
  bool may_write = false;
  std::optional<std::vector<std::string>> buckets;  // none: every bucket, and the right to make and delete buckets

  bool sees(std::string_view bucket) const;
};

class AccessKeys {
 public:
  // [{"accessKeyId":"...","secretAccessKey":"...","permission":"read"|"read-write","buckets":["a"]}]
  static Result<AccessKeys> parse(std::string_view json);
  // Reads the file, or makes it with one new key.
  static Result<AccessKeys> load(const std::filesystem::path& file, Random& random);

  const AccessKey* find(std::string_view id) const;
  const std::vector<AccessKey>& all() const { return m_keys; }

 private:
  std::vector<AccessKey> m_keys;
};

}  // namespace adit::bindings::r2::s3
