#include "bindings/r2/s3/xml.h"

#include <charconv>
#include <cstring>
#include <pugixml.hpp>

#include "bindings/r2/s3/dates.h"
#include "bindings/r2/s3/error.h"
#include "bindings/r2/s3/headers.h"

namespace adit::bindings::r2::s3 {
namespace {

constexpr size_t max_rules = 1000;

void escape_into(std::string& out, std::string_view value) {
  for (char unit : value) {
    auto octet = static_cast<unsigned char>(unit);
    switch (unit) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        // XML 1.0 § 2.2 has no other controls, not even as references: S3 clients ask for encoding-type=url where keys may have them.
        if (octet < 0x20 && unit != '\t' && unit != '\n') out += "\xef\xbf\xbd";
        else out += unit;
    }
  }
}

// The parsed document's root, which must have this name; namespaces are not looked at, as S3 does not.
class Document {
 public:
  static Result<Document> parse(std::string_view xml, const char* root) {
    Document self;
    self.m_document = std::make_unique<pugi::xml_document>();
    auto parsed = self.m_document->load_buffer(xml.data(), xml.size(),
                                               pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
    if (!parsed) return error("MalformedXML");
    self.m_root = self.m_document->document_element();
    if (local_name(self.m_root) != root) return error("MalformedXML");
    return self;
  }
  pugi::xml_node root() const { return m_root; }

  static std::string_view local_name(pugi::xml_node node) {
    std::string_view name = node.name();
    auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }

 private:
  std::unique_ptr<pugi::xml_document> m_document;
  pugi::xml_node m_root;
};

pugi::xml_node child(pugi::xml_node node, std::string_view name) {
  for (auto inner : node.children())
    if (Document::local_name(inner) == name) return inner;
  return {};
}

template <typename Visit>
Result<void> each_child(pugi::xml_node node, std::string_view name, size_t limit, Visit visit) {
  size_t count = 0;
  for (auto inner : node.children()) {
    if (Document::local_name(inner) != name) continue;
    if (++count > limit) return error("MalformedXML");
    TRY(visit(inner));
  }
  return {};
}

std::vector<std::string> texts(pugi::xml_node node, std::string_view name) {
  std::vector<std::string> out;
  for (auto inner : node.children())
    if (Document::local_name(inner) == name) out.emplace_back(inner.child_value());
  return out;
}

Result<uint32_t> number(pugi::xml_node node, uint32_t least) {
  std::string_view text = node.child_value();
  uint32_t value = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < least) return error("MalformedXML");
  return value;
}

std::string unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

// "Days" or "Date" of an action, if there is the action.
Result<void> read_when(pugi::xml_node action, std::optional<uint32_t>& days, std::optional<int64_t>& at_ms) {
  if (!action) return {};
  if (auto node = child(action, "Days")) days = TRY(number(node, 1));
  if (auto node = child(action, "Date")) {
    at_ms = parse_iso_date(node.child_value());
    if (!at_ms) return error("MalformedXML");
  }
  if (days.has_value() == at_ms.has_value()) return error("MalformedXML");
  return {};
}

Result<LifecycleRule> lifecycle_rule(pugi::xml_node node) {
  LifecycleRule rule;
  rule.id = child(node, "ID").child_value();
  std::string_view status = child(node, "Status").child_value();
  if (status != "Enabled" && status != "Disabled") return error("MalformedXML");
  rule.enabled = status == "Enabled";
  auto filter = child(node, "Filter");
  auto both = child(filter, "And");
  for (auto place : {filter, both})
    for (const auto* unknown : {"Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"})
      if (child(place, unknown))
        return error("NotImplemented", std::string("Lifecycle filters by ") + unknown + " are not implemented");
  for (auto place : {node, filter, both})
    if (auto prefix = child(place, "Prefix")) rule.prefix = prefix.child_value();
  for (const auto* unknown : {"NoncurrentVersionExpiration", "NoncurrentVersionTransition"})
    if (child(node, unknown))
      return error("NotImplemented", std::string("Lifecycle rules with ") + unknown + " are not implemented");
  TRY(read_when(child(node, "Expiration"), rule.expire_days, rule.expire_at_ms));
  if (auto transition = child(node, "Transition")) {
    if (std::string_view(child(transition, "StorageClass").child_value()) != "STANDARD_IA")
      return error("InvalidStorageClass");
    TRY(read_when(transition, rule.transition_days, rule.transition_at_ms));
  }
  if (auto abort = child(node, "AbortIncompleteMultipartUpload"))
    rule.abort_upload_days = TRY(number(child(abort, "DaysAfterInitiation"), 1));
  if (!rule.expire_days && !rule.expire_at_ms && !rule.transition_days && !rule.transition_at_ms &&
      !rule.abort_upload_days)
    return error("MalformedXML");
  return rule;
}

}  // namespace

XmlWriter::XmlWriter(std::string_view root, bool with_namespace) {
  m_text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + std::string(root);
  if (with_namespace) m_text += " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
  m_text += '>';
  m_open.emplace_back(root);
}

XmlWriter& XmlWriter::open(std::string_view name) {
  m_text.append("<").append(name).append(">");
  m_open.emplace_back(name);
  return *this;
}

XmlWriter& XmlWriter::close() {
  m_text.append("</").append(m_open.back()).append(">");
  m_open.pop_back();
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view name, std::string_view value) {
  m_text.append("<").append(name).append(">");
  escape_into(m_text, value);
  m_text.append("</").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::time(std::string_view name, int64_t unix_ms) { return text(name, iso_date(unix_ms)); }

std::string XmlWriter::finish() {
  while (!m_open.empty()) close();
  return std::move(m_text);
}

Result<std::vector<PartName>> parse_complete_upload(std::string_view xml) {
  auto document = TRY(Document::parse(xml, "CompleteMultipartUpload"));
  std::vector<PartName> parts;
  TRY(each_child(document.root(), "Part", max_part_number, [&](pugi::xml_node node) -> Result<void> {
    auto part = TRY(number(child(node, "PartNumber"), 1));
    if (part > max_part_number) return error("InvalidPart");
    if (!parts.empty() && parts.back().number >= part) return error("InvalidPartOrder");
    TransferChecksum checksum;
    for (const auto* name : {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"})
      if (auto element = child(node, checksum_element(name).c_str())) checksum = {name, element.child_value()};
    parts.push_back({part, unquoted(child(node, "ETag").child_value()), std::move(checksum)});
    return {};
  }));
  if (parts.empty()) return error("MalformedXML");
  return parts;
}

Result<std::string> parse_location(std::string_view xml) {
  auto document = TRY(Document::parse(xml, "CreateBucketConfiguration"));
  return std::string(child(document.root(), "LocationConstraint").child_value());
}

Result<DeleteRequest> parse_delete(std::string_view xml) {
  auto document = TRY(Document::parse(xml, "Delete"));
  DeleteRequest request;
  request.quiet = std::string_view(child(document.root(), "Quiet").child_value()) == "true";
  TRY(each_child(document.root(), "Object", max_delete_keys, [&](pugi::xml_node node) -> Result<void> {
    std::string key = child(node, "Key").child_value();
    if (key.empty()) return error("MalformedXML");
    request.keys.push_back(std::move(key));
    return {};
  }));
  if (request.keys.empty()) return error("MalformedXML");
  return request;
}

Result<std::vector<CorsRule>> parse_cors(std::string_view xml) {
  auto document = TRY(Document::parse(xml, "CORSConfiguration"));
  std::vector<CorsRule> rules;
  TRY(each_child(document.root(), "CORSRule", 100, [&](pugi::xml_node node) -> Result<void> {
    CorsRule rule;
    rule.id = child(node, "ID").child_value();
    rule.origins = texts(node, "AllowedOrigin");
    rule.methods = texts(node, "AllowedMethod");
    rule.headers = texts(node, "AllowedHeader");
    rule.exposed = texts(node, "ExposeHeader");
    if (auto age = child(node, "MaxAgeSeconds")) rule.max_age_seconds = TRY(number(age, 0));
    if (rule.origins.empty() || rule.methods.empty()) return error("MalformedXML");
    for (const auto& method : rule.methods)
      if (method != "GET" && method != "PUT" && method != "HEAD" && method != "POST" && method != "DELETE")
        return error("InvalidRequest", "Found unsupported HTTP method in CORS config: " + method);
    for (const auto* list : {&rule.exposed, &rule.headers, &rule.origins})
      for (const auto& value : *list)
        for (unsigned char octet : value)
          if (octet < 0x20 || octet > 0x7e) return error("MalformedXML");
    rules.push_back(std::move(rule));
    return {};
  }));
  if (rules.empty()) return error("MalformedXML");
  return rules;
}

Result<std::vector<LifecycleRule>> parse_lifecycle(std::string_view xml) {
  auto document = TRY(Document::parse(xml, "LifecycleConfiguration"));
  std::vector<LifecycleRule> rules;
  TRY(each_child(document.root(), "Rule", max_rules, [&](pugi::xml_node node) -> Result<void> {
    rules.push_back(TRY(lifecycle_rule(node)));
    return {};
  }));
  if (rules.empty()) return error("MalformedXML");
  return rules;
}

std::string to_xml(const std::vector<CorsRule>& rules) {
  XmlWriter xml("CORSConfiguration");
  for (const auto& rule : rules) {
    xml.open("CORSRule");
    if (!rule.id.empty()) xml.text("ID", rule.id);
    for (const auto& value : rule.origins) xml.text("AllowedOrigin", value);
    for (const auto& value : rule.methods) xml.text("AllowedMethod", value);
    for (const auto& value : rule.headers) xml.text("AllowedHeader", value);
    for (const auto& value : rule.exposed) xml.text("ExposeHeader", value);
    if (rule.max_age_seconds) xml.number("MaxAgeSeconds", *rule.max_age_seconds);
    xml.close();
  }
  return xml.finish();
}

std::string to_xml(const std::vector<LifecycleRule>& rules) {
  XmlWriter xml("LifecycleConfiguration");
  for (const auto& rule : rules) {
    xml.open("Rule").text("ID", rule.id).text("Status", rule.enabled ? "Enabled" : "Disabled");
    xml.open("Filter").text("Prefix", rule.prefix).close();
    if (rule.expire_days) xml.open("Expiration").number("Days", *rule.expire_days).close();
    if (rule.expire_at_ms) xml.open("Expiration").time("Date", *rule.expire_at_ms).close();
    if (rule.transition_days || rule.transition_at_ms) {
      xml.open("Transition");
      if (rule.transition_days) xml.number("Days", *rule.transition_days);
      else xml.time("Date", *rule.transition_at_ms);
      xml.text("StorageClass", "STANDARD_IA").close();
    }
    if (rule.abort_upload_days)
      xml.open("AbortIncompleteMultipartUpload").number("DaysAfterInitiation", *rule.abort_upload_days).close();
    xml.close();
  }
  return xml.finish();
}

}  // namespace adit::bindings::r2::s3
