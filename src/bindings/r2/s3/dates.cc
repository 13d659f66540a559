#include "bindings/r2/s3/dates.h"

#include <ctime>

namespace adit::bindings::r2::s3 {
namespace {

std::tm fields_of(int64_t unix_ms) {
  auto seconds = static_cast<time_t>(unix_ms >= 0 ? unix_ms / 1000 : (unix_ms - 999) / 1000);
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  return fields;
}

std::string formatted(int64_t unix_ms, const char* format) {
  auto fields = fields_of(unix_ms);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &fields)};
}

// The time, when the whole text fits the format; strptime alone would let a day be 31 February, which timegm moves on.
std::optional<int64_t> parsed(const std::string& text, const char* format) {
  std::tm fields{};
  const char* end = strptime(text.c_str(), format, &fields);
  if (!end || *end != '\0') return std::nullopt;
  auto day = fields.tm_mday;
  auto seconds = timegm(&fields);
  if (fields.tm_mday != day) return std::nullopt;
  return static_cast<int64_t>(seconds) * 1000;
}

}  // namespace

std::string iso_date(int64_t unix_ms) {
  auto rest = std::to_string(1000 + ((unix_ms % 1000) + 1000) % 1000).substr(1);
  return formatted(unix_ms, "%Y-%m-%dT%H:%M:%S.") + rest + "Z";
}

std::optional<int64_t> parse_iso_date(std::string_view text) {
  if (text.size() > 40) return std::nullopt;
  if (text.ends_with('Z')) text.remove_suffix(1);
  // A fraction of a second is dropped.
  if (auto dot = text.find('.'); dot != std::string_view::npos) {
    if (text.substr(dot + 1).find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    text = text.substr(0, dot);
  }
  return parsed(std::string(text), text.find('T') == std::string_view::npos ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%S");
}

std::string basic_date(int64_t unix_ms) { return formatted(unix_ms, "%Y%m%dT%H%M%SZ"); }

std::optional<int64_t> parse_basic_date(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return parsed(std::string(text), "%Y%m%dT%H%M%SZ");
}

std::string http_date(int64_t unix_ms) { return formatted(unix_ms, "%a, %d %b %Y %H:%M:%S GMT"); }

std::optional<int64_t> parse_http_date(std::string_view text) {
  if (text.size() > 40) return std::nullopt;
  return parsed(std::string(text), "%a, %d %b %Y %H:%M:%S GMT");
}

}  // namespace adit::bindings::r2::s3
