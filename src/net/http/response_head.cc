#include "net/http/response_head.h"

#include <array>
#include <charconv>

namespace adit::net {

namespace {

bool name_is(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size()) return false;
  for (size_t i = 0; i < name.size(); ++i)
    if ((name[i] | 0x20) != lower[i]) return false;
  return true;
}

bool contains_close(std::string_view value) {
  for (size_t i = 0; i + 5 <= value.size(); ++i)
    if (name_is(value.substr(i, 5), "close")) return true;
  return false;
}

// Looks at one line; true when it stays.
bool judge(std::string_view line, const ResponseFraming& framing, FilteredLines& filtered) {
  auto name = line.substr(0, line.find(':'));
  switch (line.front() | 0x20) {
    case 'c':
      if (name_is(name, "content-length")) {
        filtered.has_content_length = framing.keep_content_length;
        return framing.keep_content_length;
      }
      if (name_is(name, "connection")) {
        filtered.wants_close = filtered.wants_close || contains_close(line);
        return false;
      }
      return true;
    case 'd':
      filtered.has_date = filtered.has_date || name_is(name, "date");
      return true;
    case 't':
      return !name_is(name, "transfer-encoding") && !name_is(name, "trailer");
    case 'k':
      return !name_is(name, "keep-alive");
    default:
      return true;
  }
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 102:
      return "Processing";
    case 103:
      return "Early Hints";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 208:
      return "Already Reported";
    case 226:
      return "IM Used";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 305:
      return "Use Proxy";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 424:
      return "Failed Dependency";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 506:
      return "Variant Also Negotiates";
    case 507:
      return "Insufficient Storage";
    case 508:
      return "Loop Detected";
    case 511:
      return "Network Authentication Required";
    default:
      return "";
  }
}

void append_decimal(std::string& out, uint64_t number) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

void append_hexadecimal(std::string& out, uint64_t number) {
  std::array<char, 16> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  out.append(digits.data(), static_cast<size_t>(end - digits.data()));
}

FilteredLines append_head(std::string& out, int status, std::string_view status_text, std::string_view header_lines,
                          const ResponseFraming& framing) {
  if (status == 200 && status_text.empty()) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    append_decimal(out, static_cast<uint64_t>(status));
    out.push_back(' ');
    out.append(status_text.empty() ? reason_phrase(status) : status_text);
    out.append("\r\n");
  }
  FilteredLines filtered;
  // Runs of lines that stay are copied at once.
  size_t run = 0;
  size_t at = 0;
  while (at < header_lines.size()) {
    size_t end = header_lines.find('\n', at);
    size_t next = end == std::string_view::npos ? header_lines.size() : end + 1;
    if (!judge(header_lines.substr(at, next - at), framing, filtered)) {
      out.append(header_lines.substr(run, at - run));
      run = next;
    }
    at = next;
  }
  out.append(header_lines.substr(run));
  return filtered;
}

}  // namespace adit::net
