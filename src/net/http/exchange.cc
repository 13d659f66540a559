#include "net/http/exchange.h"

#include "net/http/http_connection.h"

namespace adit::net {

std::optional<std::string_view> HttpExchange::header(std::string_view name) const {
  std::string_view rest = m_head.header_block;
  while (!rest.empty()) {
    size_t name_end = rest.find('\0');
    size_t value_end = rest.find('\0', name_end + 1);
    if (rest.substr(0, name_end) == name) return rest.substr(name_end + 1, value_end - name_end - 1);
    rest.remove_prefix(value_end + 1);
  }
  return std::nullopt;
}

const PeerAddress& HttpExchange::peer_address() const {
  static const PeerAddress nobody;
  return m_connection ? m_connection->peer_address() : nobody;
}

void HttpExchange::respond(int status, std::string_view status_text, std::string_view header_lines, HttpBody body) {
  VERIFY(!m_responded);
  if (m_connection) return m_connection->respond(status, status_text, header_lines, std::move(body));
  m_responded = true;
  if (auto* source = std::get_if<std::shared_ptr<ByteSource>>(&body))
    (*source)->cancel(Error(ErrorKind::aborted, "the client is gone"));
}

Result<Upgraded> HttpExchange::upgrade(std::string_view header_lines) {
  VERIFY(!m_responded);
  if (!m_connection) return Error(ErrorKind::aborted, "the client is gone");
  return m_connection->upgrade(header_lines);
}

}  // namespace adit::net
