#include "bindings/r2/s3/headers.h"

#include <simdutf.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bindings/r2/checksum.h"
#include "bindings/r2/index.h"
#include "bindings/r2/s3/dates.h"
#include "bindings/r2/s3/error.h"
#include "web/digest.h"

namespace adit::bindings::r2::s3 {
namespace {

constexpr std::string_view meta_prefix = "x-amz-meta-";

std::optional<std::string> text(const S3Request& request, std::string_view name) {
  auto value = request.header(name);
  if (!value) return std::nullopt;
  return decode_metadata(*value);
}

// aws-chunked codes the request, not the object.
std::optional<std::string> content_encoding(const S3Request& request) {
  auto value = request.header("content-encoding");
  if (!value) return std::nullopt;
  std::string out;
  std::string_view rest = *value;
  while (!rest.empty()) {
    auto part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.empty() || part == "aws-chunked") continue;
    out.append(out.empty() ? "" : ",").append(part);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::vector<EtagPattern> etags(std::string_view list) {
  std::vector<EtagPattern> out;
  while (!list.empty()) {
    auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    EtagPattern pattern;
    if (item == "*") pattern.kind = EtagPattern::Kind::any;
    if (item.starts_with("W/")) {
      pattern.kind = EtagPattern::Kind::weak;
      item.remove_prefix(2);
    }
    if (item.size() >= 2 && item.front() == '"' && item.back() == '"') item = item.substr(1, item.size() - 2);
    pattern.value = item;
    if (!item.empty()) out.push_back(std::move(pattern));
  }
  return out;
}

// What R2's table of compatibility says is not there, as R2 words it. Private is what every object is.
Result<void> refuse_headers(const S3Request& request) {
  constexpr auto not_implemented = std::to_array<std::string_view>(
      {"x-amz-acl", "x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write-acp",
       "x-amz-object-lock-legal-hold", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date",
       "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
       "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-context", "x-amz-tagging",
       "x-amz-tagging-directive", "x-amz-website-redirect-location"});
  for (auto name : not_implemented)
    if (auto value = request.header(name); value && !(name == "x-amz-acl" && *value == "private"))
      return error("NotImplemented",
                   "Header '" + std::string(name) + "' with value '" + std::string(*value) + "' not implemented");
  return {};
}

bool fits_a_header(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char unit) {
    auto octet = static_cast<unsigned char>(unit);
    return octet >= 0x20 && octet != 0x7f;
  });
}

std::string to_utf8(std::string_view octets) {
  if (simdutf::validate_utf8(octets.data(), octets.size())) return std::string(octets);
  std::string out(simdutf::utf8_length_from_latin1(octets.data(), octets.size()), '\0');
  out.resize(simdutf::convert_latin1_to_utf8(octets.data(), octets.size(), out.data()));
  return out;
}

std::optional<uint64_t> number(std::string_view digits) {
  uint64_t value = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || code != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

const char* s3_storage_class(StorageClass value) {
  return value == StorageClass::standard ? "STANDARD" : "STANDARD_IA";
}

std::string encode_metadata(std::string_view value) {
  bool plain = std::all_of(value.begin(), value.end(), [](char unit) { return unit >= 0x20 && unit < 0x7f; });
  return plain ? std::string(value) : "=?UTF-8?B?" + base64_of(bytes_of(value)) + "?=";
}

std::string decode_metadata(std::string_view value) {
  constexpr std::string_view begin = "=?UTF-8?B?";
  if (value.starts_with(begin) && value.ends_with("?=") && value.size() >= begin.size() + 2)
    if (auto octets = bytes_of_base64(value.substr(begin.size(), value.size() - begin.size() - 2)))
      return to_utf8(text_of(*octets));
  return to_utf8(value);
}

Result<std::optional<SsecKey>> ssec_key(const S3Request& request, bool of_copy_source) {
  std::string prefix =
      of_copy_source ? "x-amz-copy-source-server-side-encryption-customer-" : "x-amz-server-side-encryption-customer-";
  auto algorithm = request.header(prefix + "algorithm");
  auto key = request.header(prefix + "key");
  if (!algorithm && !key) return std::optional<SsecKey>();
  if (!algorithm || *algorithm != "AES256") return error("InvalidArgument", "The SSE-C algorithm must be AES256");
  auto octets = bytes_of_base64(key.value_or(""));
  if (!octets || octets->size() != 32) return error("InvalidArgument", "The SSE-C key must have 256 bits");
  auto md5 = request.header(prefix + "key-md5");
  if (md5 && *md5 != base64_of(TRY(web::digest("MD5", *octets))))
    return error("InvalidArgument", "The MD5 of the SSE-C key does not match it");
  SsecKey out;
  std::copy(octets->begin(), octets->end(), out.begin());
  return std::optional<SsecKey>(out);
}

Result<ObjectOptions> object_options(const S3Request& request) {
  ObjectOptions options;
  HttpMetadata http;
  http.content_type = text(request, "content-type");
  http.content_language = text(request, "content-language");
  http.content_disposition = text(request, "content-disposition");
  http.content_encoding = content_encoding(request);
  http.cache_control = text(request, "cache-control");
  if (auto expires = request.header("expires")) http.cache_expiry_ms = parse_http_date(*expires);
  options.http_metadata = to_json(http);
  CustomMetadata custom;
  for (const auto& [name, value] : request.headers)
    if (name.starts_with(meta_prefix)) custom.emplace_back(name.substr(meta_prefix.size()), decode_metadata(value));
  if (!custom.empty()) options.custom_metadata = to_json(custom);
  if (auto storage = request.header("x-amz-storage-class")) {
    if (*storage == "STANDARD_IA") options.storage_class = StorageClass::infrequent_access;
    else if (*storage != "STANDARD") return error("InvalidStorageClass");
  }
  TRY(refuse_headers(request));
  options.ssec_key = TRY(ssec_key(request));
  return options;
}

Result<std::string> upload_checksum_name(const S3Request& request) {
  auto algorithm = request.header("x-amz-checksum-algorithm");
  auto type = request.header("x-amz-checksum-type");
  if (!algorithm) {
    if (type) return error("InvalidRequest", "The x-amz-checksum-type header needs x-amz-checksum-algorithm");
    return std::string();
  }
  std::string name;
  for (char unit : *algorithm) name += unit >= 'A' && unit <= 'Z' ? static_cast<char>(unit + 32) : unit;
  if (name == "md5" || !Checksum::create(name))
    return error("InvalidRequest", "Checksum algorithm provided is unsupported.");
  const auto* only = name == "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
  if (type && *type != only)
    return error("InvalidRequest", "The " + std::string(*type) + " checksum type cannot be used with the " +
                                       std::string(*algorithm) + " checksum algorithm.");
  return name;
}

std::string checksum_line(const TransferChecksum& checksum) {
  if (checksum.name.empty()) return {};
  return header_line("x-amz-checksum-" + checksum.name, checksum.value);
}

std::string checksum_lines(const ObjectInfo& object) {
  auto checksum = object.transfer_checksum;
  // What the binding was given serves as well.
  for (auto [kind, name] : {std::pair(HashKind::sha1, "sha1"), std::pair(HashKind::sha256, "sha256")})
    if (checksum.name.empty() && !object.checksums[kind].empty())
      checksum = {name, base64_of(bytes_of(object.checksums[kind]))};
  if (checksum.name.empty()) return {};
  return checksum_line(checksum) + "x-amz-checksum-type: " + (checksum.is_composite() ? "COMPOSITE" : "FULL_OBJECT") +
         "\r\n";
}

std::string algorithm_of(std::string_view checksum_name) {
  std::string algorithm;
  for (char unit : checksum_name) algorithm += unit >= 'a' && unit <= 'z' ? static_cast<char>(unit - 32) : unit;
  return algorithm;
}

std::string checksum_element(std::string_view name) { return "Checksum" + algorithm_of(name); }

Result<Conditions> conditions(const S3Request& request, std::string_view prefix) {
  Conditions out;
  auto header = [&](std::string_view name) { return request.header(std::string(prefix) + std::string(name)); };
  if (auto value = header("if-match")) out.etag_matches = etags(*value);
  if (auto value = header("if-none-match")) out.etag_does_not_match = etags(*value);
  // RFC 9110 § 13.1.3: a date that is not valid is ignored.
  if (auto value = header("if-unmodified-since")) out.uploaded_before_ms = parse_http_date(*value);
  if (auto value = header("if-modified-since")) out.uploaded_after_ms = parse_http_date(*value);
  out.seconds_granularity = true;
  return out;
}

bool is_not_modified(const Conditions& conditions, const ObjectInfo& object) {
  auto preconditions = conditions;
  preconditions.etag_does_not_match.reset();
  preconditions.uploaded_after_ms.reset();
  return preconditions.is_empty() || conditions_hold(preconditions, &object);
}

std::optional<RangeRequest> parse_range(std::string_view text) {
  constexpr std::string_view unit = "bytes=";
  if (!text.starts_with(unit)) return std::nullopt;
  text.remove_prefix(unit.size());
  auto dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return std::nullopt;
  auto first = number(text.substr(0, dash));
  auto last = number(text.substr(dash + 1));
  RangeRequest range;
  if (dash == 0) {
    if (!last) return std::nullopt;
    range.suffix = *last;
    return range;
  }
  if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return std::nullopt;
  range.offset = *first;
  if (last) range.length = *last - *first + 1;
  return range;
}

std::string header_line(std::string_view name, std::string_view value) {
  if (!fits_a_header(value)) return {};
  return std::string(name) + ": " + std::string(value) + "\r\n";
}

std::string object_lines(const ObjectInfo& object, bool with_metadata) {
  auto lines = "etag: \"" + object.etag + "\"\r\n";
  if (!object.ssec_key_md5.empty()) lines += "x-amz-server-side-encryption-customer-algorithm: AES256\r\n";
  if (!with_metadata) return lines;
  lines += "last-modified: " + http_date(object.uploaded_ms) + "\r\naccept-ranges: bytes\r\n";
  if (object.storage_class != StorageClass::standard)
    lines += "x-amz-storage-class: " + std::string(s3_storage_class(object.storage_class)) + "\r\n";
  auto http = http_metadata_of(object.http_metadata);
  lines += header_line("content-type", encode_metadata(http.content_type.value_or("binary/octet-stream")));
  if (http.content_language) lines += header_line("content-language", encode_metadata(*http.content_language));
  if (http.content_disposition) lines += header_line("content-disposition", encode_metadata(*http.content_disposition));
  if (http.content_encoding) lines += header_line("content-encoding", encode_metadata(*http.content_encoding));
  if (http.cache_control) lines += header_line("cache-control", encode_metadata(*http.cache_control));
  if (http.cache_expiry_ms) lines += header_line("expires", http_date(*http.cache_expiry_ms));
  size_t missing = 0;
  for (const auto& [name, value] : custom_metadata_of(object.custom_metadata)) {
    // What the binding stored under a name that is no header's cannot be shown here.
    bool is_token = std::all_of(name.begin(), name.end(), [](char unit) {
      return unit > 0x20 && unit < 0x7f && std::string_view("()<>@,;:\\\"/[]?={}").find(unit) == std::string_view::npos;
    });
    if (is_token && !name.empty()) lines += header_line("x-amz-meta-" + name, encode_metadata(value));
    else ++missing;
  }
  if (missing > 0) lines += "x-amz-missing-meta: " + std::to_string(missing) + "\r\n";
  return lines;
}

}  // namespace adit::bindings::r2::s3
