// CORS of buckets (Fetch § 3.3; Amazon S3 User Guide, "Using cross-origin resource sharing").
#include <algorithm>

#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& unit : out)
    if (unit >= 'A' && unit <= 'Z') unit = static_cast<char>(unit + 32);
  return out;
}

// A pattern has at most one "*" that counts.
bool matches(std::string_view pattern, std::string_view text) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  auto before = pattern.substr(0, star);
  auto after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() && text.starts_with(before) && text.ends_with(after);
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, text); });
}

bool allows_headers(const CorsRule& rule, std::string_view list) {
  while (!list.empty()) {
    auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    auto name = lower(item);
    if (!name.empty() && !std::any_of(rule.headers.begin(), rule.headers.end(),
                                      [&](const auto& pattern) { return matches(lower(pattern), name); }))
      return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : ", ").append(item);
  return out;
}

const CorsRule* find_rule(const BucketRecord& bucket, std::string_view origin, std::string_view method,
                          std::string_view headers) {
  for (const auto& rule : bucket.cors)
    if (matches_any(rule.origins, origin) && matches_any(rule.methods, method) && allows_headers(rule, headers))
      return &rule;
  return nullptr;
}

std::string lines_of(const CorsRule& rule, std::string_view origin) {
  bool is_open = std::find(rule.origins.begin(), rule.origins.end(), "*") != rule.origins.end();
  auto lines = header_line("access-control-allow-origin", is_open ? "*" : origin);
  if (!is_open) lines += "access-control-allow-credentials: true\r\n";
  lines += header_line("access-control-allow-methods", joined(rule.methods));
  if (!rule.exposed.empty()) lines += header_line("access-control-expose-headers", joined(rule.exposed));
  if (rule.max_age_seconds) lines += "access-control-max-age: " + std::to_string(*rule.max_age_seconds) + "\r\n";
  return lines + "vary: Origin, Access-Control-Request-Headers, Access-Control-Request-Method\r\n";
}

}  // namespace

std::string cors_lines(const BucketRecord& bucket, const S3Request& request) {
  auto origin = request.header("origin");
  if (!origin) return {};
  const auto* rule = find_rule(bucket, *origin, request.method, "");
  return rule ? lines_of(*rule, *origin) : std::string();
}

Result<void> answer_preflight(CallPtr call) {
  const auto& request = call->request();
  auto origin = request.header("origin");
  auto method = request.header("access-control-request-method");
  if (!origin || !method) return error("InvalidRequest", "Insufficient information. Origin request header needed.");
  const auto* bucket = call->context().directory->find(request.bucket);
  auto headers = request.header("access-control-request-headers").value_or("");
  const auto* rule = bucket ? find_rule(*bucket, *origin, *method, headers) : nullptr;
  if (!rule) return error("AccessDenied", "CORSResponse: This CORS request is not allowed.");
  auto lines = lines_of(*rule, *origin);
  if (!headers.empty()) lines += header_line("access-control-allow-headers", lower(headers));
  call->respond(200, std::move(lines));
  return {};
}

}  // namespace adit::bindings::r2::s3
