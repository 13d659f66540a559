#include "net/client/response_head.h"

namespace adit::net {

namespace {

std::string_view trim(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

// "HTTP/1.1 200 OK", "HTTP/2 200"
void ResponseHeadReader::take_status_line(std::string_view line) {
  m_header_block.clear();
  auto space = line.find(' ');
  m_http_version = line.substr(5, space == std::string_view::npos ? space : space - 5);
  line = space == std::string_view::npos ? std::string_view() : trim(line.substr(space));
  m_status = 0;
  for (char c : line.substr(0, 3))
    if (c >= '0' && c <= '9') m_status = m_status * 10 + (c - '0');
  m_status_text = line.size() > 3 ? trim(line.substr(3)) : std::string_view();
}

void ResponseHeadReader::take_line(std::string_view line) {
  if (m_complete) return;
  if (line.starts_with("HTTP/")) return take_status_line(line);
  auto content = trim(line);
  if (content.empty()) {
    // RFC 9110 § 15.2: an interim response is followed by the final one.
    m_complete = m_status >= 200 || m_status == 101;
    return;
  }
  if (line.front() == ' ' || line.front() == '\t') {
    // RFC 9112 § 5.2: obs-fold continues the last value.
    if (m_header_block.empty()) return;
    m_header_block.back() = ' ';
    m_header_block += content;
    m_header_block += '\0';
    return;
  }
  auto colon = content.find(':');
  if (colon == std::string_view::npos) return;
  m_header_block += trim(content.substr(0, colon));
  m_header_block += '\0';
  m_header_block += trim(content.substr(colon + 1));
  m_header_block += '\0';
}

}  // namespace adit::net
