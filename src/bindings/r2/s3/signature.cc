#include "bindings/r2/s3/signature.h"

#include <algorithm>
#include <charconv>

#include "bindings/r2/index.h"
#include "bindings/r2/s3/dates.h"
#include "bindings/r2/s3/error.h"
#include "web/digest.h"

namespace adit::bindings::r2::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr int64_t max_skew_ms = 15 * 60 * 1000;
constexpr int64_t max_presigned_seconds = 7 * 24 * 3600;

// What a signature says about itself, in the header or in the query.
struct Claim {
  std::string access_key_id;
  std::string date;  // YYYYMMDD
  std::string region;
  std::string signed_headers;  // "host;x-amz-date"
  std::string signature;
  std::string timestamp;
  int64_t signed_ms = 0;
  std::optional<int64_t> expires_seconds;  // of a presigned URL

  std::string scope() const { return date + "/" + region + "/s3/aws4_request"; }
};

Bytes hmac_sha256(BytesView key, std::string_view data) {
  auto result = web::hmac("SHA-256", key, bytes_of(data));
  VERIFY(result.is_ok());
  return std::move(result).value();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// KEY/YYYYMMDD/REGION/s3/aws4_request, where the key may have slashes of its own.
Result<void> read_credential(std::string_view text, const char* code, Claim& claim) {
  auto parts = split(text, '/');
  if (parts.size() < 5) return error(code, "The credential is mal-formed; expecting KEY/DATE/REGION/s3/aws4_request.");
  auto last = parts.size() - 1;
  if (parts[last] != "aws4_request" || parts[last - 1] != "s3")
    return error(code, "The credential is not for the service s3 and aws4_request.");
  claim.region = parts[last - 2];
  claim.date = parts[last - 3];
  claim.access_key_id = text.substr(
      0, text.size() - parts[last].size() - parts[last - 1].size() - claim.region.size() - claim.date.size() - 4);
  return {};
}

Result<void> read_time(std::string_view timestamp, const char* code, Claim& claim) {
  auto time = parse_basic_date(timestamp);
  if (!time) return error(code, "The date of the signature is not in ISO 8601 basic format.");
  claim.timestamp = timestamp;
  claim.signed_ms = *time;
  if (!claim.timestamp.starts_with(claim.date)) return error(code, "The credential's date is not the request's date.");
  return {};
}

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

Result<Claim> claim_of_header(const S3Request& request, std::string_view authorization) {
  constexpr const char* code = "AuthorizationHeaderMalformed";
  if (!authorization.starts_with(algorithm)) return error("InvalidRequest", "Only AWS4-HMAC-SHA256 is supported.");
  Claim claim;
  for (auto part : split(authorization.substr(algorithm.size()), ',')) {
    part = trimmed(part);
    auto name = part.substr(0, part.find('='));
    auto value = name.size() < part.size() ? part.substr(name.size() + 1) : std::string_view();
    if (name == "Credential") TRY(read_credential(value, code, claim));
    if (name == "SignedHeaders") claim.signed_headers = value;
    if (name == "Signature") claim.signature = value;
  }
  if (claim.access_key_id.empty() || claim.signed_headers.empty() || claim.signature.empty()) return error(code);
  if (auto date = request.header("x-amz-date")) TRY(read_time(*date, code, claim));
  else if (auto plain = parse_http_date(request.header("date").value_or("")))
    TRY(read_time(basic_date(*plain), code, claim));
  else return error("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  return claim;
}

Result<Claim> claim_of_query(const S3Request& request) {
  constexpr const char* code = "AuthorizationQueryParametersError";
  if (request.parameter("X-Amz-Algorithm") != algorithm)
    return error(code, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  Claim claim;
  TRY(read_credential(request.parameter("X-Amz-Credential").value_or(""), code, claim));
  claim.signed_headers = request.parameter("X-Amz-SignedHeaders").value_or("");
  claim.signature = request.parameter("X-Amz-Signature").value_or("");
  if (claim.signed_headers.empty() || claim.signature.empty()) return error(code);
  TRY(read_time(request.parameter("X-Amz-Date").value_or(""), code, claim));
  auto text = request.parameter("X-Amz-Expires").value_or("");
  int64_t seconds = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > max_presigned_seconds)
    return error(code, "X-Amz-Expires must be between 1 and 604800 seconds");
  claim.expires_seconds = seconds;
  return claim;
}

Result<void> check_time(const Claim& claim, int64_t now_ms) {
  if (claim.signed_ms > now_ms + max_skew_ms) return error("RequestTimeTooSkewed");
  if (claim.expires_seconds) {
    if (now_ms > claim.signed_ms + *claim.expires_seconds * 1000) return error("ExpiredRequest");
    return {};
  }
  if (claim.signed_ms < now_ms - max_skew_ms) return error("RequestTimeTooSkewed");
  return {};
}

std::string canonical_query(const S3Request& request) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : request.query)
    if (name != "X-Amz-Signature") pairs.emplace_back(percent_encode(name, false), percent_encode(value, false));
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
  return out;
}

// Trimmed, with runs of spaces as one, the values of a repeated header joined.
std::string canonical_header(const S3Request& request, std::string_view name) {
  std::string out;
  bool first = true;
  for (const auto& [field, value] : request.headers) {
    if (field != name) continue;
    if (!std::exchange(first, false)) out += ',';
    bool in_space = false;
    for (char unit : trimmed(value)) {
      if (unit != ' ' || !in_space) out += unit;
      in_space = unit == ' ';
    }
  }
  return out;
}

// Headers that change what a request means must be signed, or somebody else could add them.
Result<void> check_signed_headers(const S3Request& request, const std::vector<std::string_view>& names) {
  auto is_signed = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  if (!is_signed("host")) return error("AccessDenied", "The header host must be signed");
  for (const auto& [name, value] : request.headers)
    if (name.starts_with("x-amz-") && name != "x-amz-content-sha256" && !is_signed(name))
      return error("AccessDenied", "There were headers present in the request which were not signed: " + name);
  return {};
}

Result<std::string> canonical_request(const S3Request& request, const Claim& claim, std::string_view payload_hash) {
  auto names = split(claim.signed_headers, ';');
  TRY(check_signed_headers(request, names));
  auto out = request.method + "\n" + percent_encode(request.path, true) + "\n" + canonical_query(request) + "\n";
  for (auto name : names) out.append(name).append(":").append(canonical_header(request, name)).append("\n");
  out.append("\n").append(claim.signed_headers).append("\n").append(payload_hash);
  return out;
}

Bytes signing_key(const std::string& secret, const Claim& claim) {
  auto key = hmac_sha256(bytes_of("AWS4" + secret), claim.date);
  key = hmac_sha256(key, claim.region);
  key = hmac_sha256(key, "s3");
  return hmac_sha256(key, "aws4_request");
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  auto result = web::digest("SHA-256", bytes_of(data));
  VERIFY(result.is_ok());
  return hex_of(result.value());
}

std::string hmac_sha256_hex(BytesView key, std::string_view data) { return hex_of(hmac_sha256(key, data)); }

Result<VerifiedSignature> verify_signature(const S3Request& request, int64_t now_ms, const SecretLookup& secret_of) {
  auto authorization = request.header("authorization");
  bool presigned = request.has("X-Amz-Signature") || request.has("X-Amz-Algorithm");
  if (!authorization && !presigned) return error("Unauthorized");
  if (authorization && presigned) return error("InvalidArgument", "Only one auth mechanism allowed");
  auto claim = TRY(authorization ? claim_of_header(request, *authorization) : claim_of_query(request));
  TRY(check_time(claim, now_ms));
  auto secret = secret_of(claim.access_key_id);
  if (!secret) return error("Unauthorized");
  auto hash = request.header("x-amz-content-sha256");
  if (!hash && !presigned)
    return error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  VerifiedSignature out;
  out.payload_hash = hash.value_or("UNSIGNED-PAYLOAD");
  out.signing_key = signing_key(*secret, claim);
  out.timestamp = claim.timestamp;
  out.scope = claim.scope();
  out.access_key_id = claim.access_key_id;
  auto canonical = TRY(canonical_request(request, claim, out.payload_hash));
  auto to_sign = std::string(algorithm) + "\n" + out.timestamp + "\n" + out.scope + "\n" + sha256_hex(canonical);
  out.signature = hmac_sha256_hex(out.signing_key, to_sign);
  if (!web::equal_in_constant_time(bytes_of(out.signature), bytes_of(claim.signature)))
    return error("SignatureDoesNotMatch");
  return out;
}

std::string chunk_signature(const VerifiedSignature& seed, std::string_view previous, std::string_view chunk_sha256) {
  static const auto nothing = sha256_hex("");
  auto text = "AWS4-HMAC-SHA256-PAYLOAD\n" + seed.timestamp + "\n" + seed.scope + "\n" + std::string(previous) + "\n" +
              nothing + "\n" + std::string(chunk_sha256);
  return hmac_sha256_hex(seed.signing_key, text);
}

std::string trailer_signature(const VerifiedSignature& seed, std::string_view previous, std::string_view trailer_text) {
  auto text = "AWS4-HMAC-SHA256-TRAILER\n" + seed.timestamp + "\n" + seed.scope + "\n" + std::string(previous) + "\n" +
              sha256_hex(trailer_text);
  return hmac_sha256_hex(seed.signing_key, text);
}

}  // namespace adit::bindings::r2::s3
