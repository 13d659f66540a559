// XML of the S3 API: a writer for the answers, and the documents that requests carry, read with pugixml (which resolves no external
// entities). Owner: none; values. Invariant: what the writer wrote is well-formed, whatever octets a key has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bindings/r2/bucket.h"

namespace adit::bindings::r2::s3 {

class XmlWriter {
 public:
  // The root element, in S3's namespace or in none.
  explicit XmlWriter(std::string_view root, bool with_namespace = true);
  XmlWriter& open(std::string_view name);
  XmlWriter& close();
  XmlWriter& text(std::string_view name, std::string_view value);
  XmlWriter& number(std::string_view name, uint64_t value) { return text(name, std::to_string(value)); }
  XmlWriter& boolean(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }
  XmlWriter& time(std::string_view name, int64_t unix_ms);
  // Closes what is open.
  std::string finish();

 private:
  std::string m_text;
  std::vector<std::string> m_open;
};

struct DeleteRequest {
  std::vector<std::string> keys;
  bool quiet = false;
};

struct CorsRule {
  std::vector<std::string> origins;  // with at most one "*" each
  std::vector<std::string> methods;
  std::vector<std::string> headers;  // with at most one "*" each
  std::vector<std::string> exposed;
  std::optional<uint32_t> max_age_seconds;
  std::string id;
};

struct LifecycleRule {
  std::string id;
  bool enabled = false;
  std::string prefix;
  std::optional<uint32_t> expire_days;
  std::optional<int64_t> expire_at_ms;
  // To infrequent access, the only class there is to go to.
  std::optional<uint32_t> transition_days;
  std::optional<int64_t> transition_at_ms;
  std::optional<uint32_t> abort_upload_days;
};

// Each fails with MalformedXML, or with a code that says more.
Result<std::vector<PartName>> parse_complete_upload(std::string_view xml);
// The LocationConstraint of a CreateBucketConfiguration.
Result<std::string> parse_location(std::string_view xml);
Result<DeleteRequest> parse_delete(std::string_view xml);
Result<std::vector<CorsRule>> parse_cors(std::string_view xml);
Result<std::vector<LifecycleRule>> parse_lifecycle(std::string_view xml);

std::string to_xml(const std::vector<CorsRule>& rules);
std::string to_xml(const std::vector<LifecycleRule>& rules);

}  // namespace adit::bindings::r2::s3
