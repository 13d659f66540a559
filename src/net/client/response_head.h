// Collects a response's head from libcurl's header lines: interim responses dropped, folded lines joined, trailers ignored.
// Owner: one Transfer. Invariant: once complete it does not change.
#pragma once

#include <string>
#include <string_view>

namespace adit::net {

class ResponseHeadReader {
 public:
  // One line with its line end, as libcurl gives it.
  void take_line(std::string_view line);
  bool is_complete() const { return m_complete; }
  int status() const { return m_status; }
  std::string& status_text() { return m_status_text; }
  std::string& header_block() { return m_header_block; }
  std::string& http_version() { return m_http_version; }

 private:
  void take_status_line(std::string_view line);

  bool m_complete = false;
  int m_status = 0;
  std::string m_status_text;
  std::string m_header_block;
  std::string m_http_version;
};

}  // namespace adit::net
