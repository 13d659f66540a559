#include "bindings/r2/s3/request.h"

#include <simdutf.h>

#include "bindings/r2/s3/error.h"

namespace adit::bindings::r2::s3 {
namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string_view> find(const Fields& fields, std::string_view name) {
  for (const auto& [field, value] : fields)
    if (field == name) return value;
  return std::nullopt;
}

Result<Fields> parse_query(std::string_view query) {
  Fields out;
  while (!query.empty()) {
    auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    auto name = pair.substr(0, pair.find('='));
    auto value = name.size() == pair.size() ? std::string_view() : pair.substr(name.size() + 1);
    out.emplace_back(TRY(percent_decode(name, true)), TRY(percent_decode(value, true)));
  }
  return out;
}

// "BUCKET" of a Host header "BUCKET.localhost:port".
std::string_view bucket_of_host(std::string_view host) {
  host = host.substr(0, host.find(':'));
  constexpr std::string_view suffix = ".localhost";
  if (!host.ends_with(suffix)) return {};
  host.remove_suffix(suffix.size());
  return host;
}

}  // namespace

std::optional<std::string_view> S3Request::header(std::string_view name) const { return find(headers, name); }
std::optional<std::string_view> S3Request::parameter(std::string_view name) const { return find(query, name); }

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return error("InvalidArgument", "The request's URI has a malformed escape");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  std::string out;
  out.reserve(text.size());
  for (char unit : text) {
    bool unreserved = (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || (unit >= '0' && unit <= '9') ||
                      unit == '-' || unit == '.' || unit == '_' || unit == '~' || (unit == '/' && keep_slash);
    if (unreserved) {
      out += unit;
      continue;
    }
    auto octet = static_cast<unsigned char>(unit);
    out += '%';
    out += "0123456789ABCDEF"[octet >> 4];
    out += "0123456789ABCDEF"[octet & 15];
  }
  return out;
}

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  auto is_alphanumeric = [](char unit) { return (unit >= 'a' && unit <= 'z') || (unit >= '0' && unit <= '9'); };
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  for (char unit : name)
    if (!is_alphanumeric(unit) && unit != '-' && unit != '.') return false;
  return name.find("..") == std::string_view::npos;
}

Fields fields_of(std::string_view header_block) {
  Fields out;
  while (!header_block.empty()) {
    auto name = header_block.substr(0, header_block.find('\0'));
    header_block.remove_prefix(std::min(header_block.size(), name.size() + 1));
    auto value = header_block.substr(0, header_block.find('\0'));
    header_block.remove_prefix(std::min(header_block.size(), value.size() + 1));
    out.emplace_back(name, value);
  }
  return out;
}

Result<S3Request> parse_request(std::string_view method, std::string_view target, std::string_view header_block) {
  S3Request request;
  request.method = method;
  request.headers = fields_of(header_block);
  if (target.starts_with("http://") || target.starts_with("https://")) {
    auto slash = target.find('/', target.find("//") + 2);
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  auto raw_path = target.substr(0, target.find('?'));
  if (raw_path.size() < target.size()) request.query = TRY(parse_query(target.substr(raw_path.size() + 1)));
  request.path = TRY(percent_decode(raw_path, false));
  if (!request.path.starts_with('/')) return error("InvalidArgument", "The request's URI is not a path");
  if (!simdutf::validate_utf8(request.path.data(), request.path.size()))
    return error("InvalidArgument", "The request's URI is not UTF-8");
  std::string_view rest = std::string_view(request.path).substr(1);
  if (auto host = request.header("host"); host && !bucket_of_host(*host).empty()) {
    request.bucket = bucket_of_host(*host);
    request.key = rest;
    return request;
  }
  request.bucket = rest.substr(0, rest.find('/'));
  if (request.bucket.size() < rest.size()) request.key = rest.substr(request.bucket.size() + 1);
  return request;
}

}  // namespace adit::bindings::r2::s3
