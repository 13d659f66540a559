// Writes the head of a response into a buffer: status line, the handler's header lines without those that would contradict the
// framing, Date, framing, Connection. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adit::net {

// The standard reason phrase, or "" for a code that has none.
std::string_view reason_phrase(int status);

struct ResponseFraming {
  std::optional<uint64_t> content_length;
  bool chunked = false;
  bool keep_content_length = false;  // a HEAD or 304 response tells the length that a GET would have
};

// What the handler's own lines decided.
struct FilteredLines {
  bool has_date = false;
  bool has_content_length = false;
  bool wants_close = false;
};

// Appends the status line and the lines that may stay.
FilteredLines append_head(std::string& out, int status, std::string_view status_text, std::string_view header_lines,
                          const ResponseFraming& framing);
void append_decimal(std::string& out, uint64_t number);
void append_hexadecimal(std::string& out, uint64_t number);

}  // namespace adit::net
