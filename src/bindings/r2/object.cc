#include "bindings/r2/object.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace adit::bindings::r2 {

const char* hash_name(HashKind kind) {
  constexpr const char* names[] = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"};
  return names[static_cast<size_t>(kind)];
}

const char* storage_class_name(StorageClass value) {
  return value == StorageClass::standard ? "Standard" : "InfrequentAccess";
}

TransferChecksum parse_transfer_checksum(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

// ---- Metadata

using Json = nlohmann::ordered_json;

static Json parsed(const std::string& json) {
  auto value = json.empty() ? Json::object() : Json::parse(json, nullptr, false);
  return value.is_object() ? value : Json::object();
}
static std::string dumped(const Json& json) {
  return json.empty() ? std::string() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
static std::optional<std::string> text_field(const Json& json, const char* name) {
  auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

HttpMetadata http_metadata_of(const std::string& text) {
  auto json = parsed(text);
  HttpMetadata metadata{text_field(json, "contentType"),        text_field(json, "contentLanguage"),
                        text_field(json, "contentDisposition"), text_field(json, "contentEncoding"),
                        text_field(json, "cacheControl"),       std::nullopt};
  if (auto expiry = json.find("cacheExpiry"); expiry != json.end() && expiry->is_number())
    metadata.cache_expiry_ms = expiry->get<int64_t>();
  return metadata;
}

std::string to_json(const HttpMetadata& metadata) {
  auto json = Json::object();
  auto put = [&](const char* name, const std::optional<std::string>& value) {
    if (value) json[name] = *value;
  };
  put("contentType", metadata.content_type);
  put("contentLanguage", metadata.content_language);
  put("contentDisposition", metadata.content_disposition);
  put("contentEncoding", metadata.content_encoding);
  put("cacheControl", metadata.cache_control);
  if (metadata.cache_expiry_ms) json["cacheExpiry"] = *metadata.cache_expiry_ms;
  return dumped(json);
}

CustomMetadata custom_metadata_of(const std::string& text) {
  CustomMetadata metadata;
  auto json = parsed(text);
  for (auto& [name, value] : json.items())
    if (value.is_string()) metadata.emplace_back(name, value.get<std::string>());
  return metadata;
}

std::string to_json(const CustomMetadata& metadata) {
  auto json = Json::object();
  for (auto& [name, value] : metadata) json[name] = value;
  return dumped(json);
}

// ---- Ranges

std::optional<ResolvedRange> resolve_range(const RangeRequest& range, uint64_t size) {
  if (range.is_whole()) return ResolvedRange{0, size};
  if (range.suffix) {
    auto length = std::min(*range.suffix, size);
    if (length == 0) return std::nullopt;
    return ResolvedRange{size - length, length};
  }
  auto offset = range.offset.value_or(0);
  if (offset >= size || range.length == 0) return std::nullopt;
  return ResolvedRange{offset, std::min(range.length.value_or(UINT64_MAX), size - offset)};
}

// ---- Conditions

// If-Match compares strongly, If-None-Match weakly (RFC 9110 § 13.1.1, § 13.1.2).
static bool matches(const std::vector<EtagPattern>& patterns, const std::string& etag, bool weakly) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const EtagPattern& pattern) {
    if (pattern.kind == EtagPattern::Kind::any) return true;
    return pattern.value == etag && (weakly || pattern.kind == EtagPattern::Kind::strong);
  });
}

bool conditions_hold(const Conditions& conditions, const ObjectInfo* object) {
  if (!object) return !conditions.etag_matches && !conditions.uploaded_after_ms;
  auto seconds = [&](int64_t ms) { return conditions.seconds_granularity ? ms / 1000 * 1000 : ms; };
  auto uploaded = seconds(object->uploaded_ms);
  if (conditions.etag_matches) {
    if (!matches(*conditions.etag_matches, object->etag, false)) return false;
  } else if (conditions.uploaded_before_ms && uploaded >= seconds(*conditions.uploaded_before_ms)) {
    return false;
  }
  if (conditions.etag_does_not_match) return !matches(*conditions.etag_does_not_match, object->etag, true);
  return !conditions.uploaded_after_ms || uploaded > seconds(*conditions.uploaded_after_ms);
}

// ---- Errors

Error failure(Code code, std::string message) {
  return Error::failed(std::move(message) + " (" + std::to_string(static_cast<int>(code)) + ")");
}

Error failure(Code code) {
  auto text = [&]() -> const char* {
    switch (code) {
      case Code::internal_error:
        return "We encountered an internal error. Please try again.";
      case Code::no_such_key:
        return "The specified key does not exist.";
      case Code::entity_too_large:
        return "Your proposed upload exceeds the maximum allowed object size.";
      case Code::entity_too_small:
        return "Your proposed upload is smaller than the minimum allowed object size.";
      case Code::metadata_too_large:
        return "Your metadata headers exceed the maximum allowed metadata size.";
      case Code::invalid_object_name:
        return "The specified object name is not valid.";
      case Code::invalid_max_keys:
        return "MaxKeys params must be positive integer <= 1000.";
      case Code::no_such_upload:
        return "The specified multipart upload does not exist.";
      case Code::invalid_part:
        return "One or more of the specified parts could not be found.";
      case Code::precondition_failed:
        return "At least one of the pre-conditions you specified did not hold.";
      case Code::bad_digest:
        return "The checksum you specified did not match what we received.";
      case Code::invalid_range:
        return "The requested range is not satisfiable";
      case Code::bad_upload:
        return "There was a problem with the multipart upload.";
      case Code::invalid_storage_class:
        return "The storage class specified is not valid.";
      case Code::ssec_key_required:
        return "The object is encrypted with a customer-provided key: the request must give it.";
      case Code::ssec_key_mismatch:
        return "The customer-provided encryption key is not the one that the object is encrypted with.";
    }
    VERIFY_NOT_REACHED();
  };
  return failure(code, text());
}

std::optional<Code> code_of(const Error& error) {
  std::string_view message = error.message();
  auto open = message.rfind(" (");
  if (open == std::string_view::npos || !message.ends_with(')')) return std::nullopt;
  int number = 0;
  auto [end, result] = std::from_chars(message.data() + open + 2, message.data() + message.size() - 1, number);
  if (result != std::errc() || end != message.data() + message.size() - 1) return std::nullopt;
  return static_cast<Code>(number);
}

}  // namespace adit::bindings::r2
