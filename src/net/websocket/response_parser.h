// Parses one HTTP/1.1 response off a raw stream (llhttp), for the WebSocket handshake. Owner: one connector.
// Invariant: feed() takes octets until the response is complete or it switches protocols; the rest is the caller's.
#pragma once

#include <llhttp.h>

#include "base/result.h"
#include "net/client/http_client.h"

namespace adit::net {

class ResponseParser {
 public:
  ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Returns how many octets it took.
  Result<size_t> feed(BytesView data);
  // The stream has ended: completes a body that is delimited by that.
  Result<void> finish();

  bool has_head() const { return m_has_head; }
  bool is_switching() const { return m_has_head && m_head.status == 101; }
  bool is_complete() const { return m_complete; }
  IncomingResponse& head() { return m_head; }
  // What came of the body since the last call.
  Bytes take_body() { return std::exchange(m_body, {}); }

 private:
  static ResponseParser& self(llhttp_t* parser) { return *static_cast<ResponseParser*>(parser->data); }
  int append(std::string& to, const char* data, size_t size);

  llhttp_t m_parser{};
  llhttp_settings_t m_settings{};
  IncomingResponse m_head;
  std::string m_field;
  std::string m_value;
  Bytes m_body;
  size_t m_head_bytes = 0;
  bool m_has_head = false;
  bool m_complete = false;
};

}  // namespace adit::net
