// The date formats of the S3 API. Owner: none; pure functions. Times are Unix milliseconds, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adit::bindings::r2::s3 {

// ISO 8601, as XML answers have it: 2026-11-24T12:00:00.000Z.
std::string iso_date(int64_t unix_ms);
// ISO 8601 with or without time, fraction and "Z".
std::optional<int64_t> parse_iso_date(std::string_view text);
// SigV4's 20261124T120000Z.
std::string basic_date(int64_t unix_ms);
std::optional<int64_t> parse_basic_date(std::string_view text);
// IMF-fixdate, RFC 9110 § 5.6.7.
std::string http_date(int64_t unix_ms);
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace adit::bindings::r2::s3
