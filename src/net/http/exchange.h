// HttpExchange: one HTTP/1.1 request and the way to answer it.
// Owner: the server's thread. The connection keeps one exchange and uses it again for the next request when nobody else holds it,
// so a handler that lets go of its reference soon after responding saves an allocation per request.
// Invariant: the request's views stay valid as long as the exchange is held; each request is answered exactly once: by respond(),
// by upgrade(), or by the server with 500 when every holder let go without either (noticed within a second).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/function.h"
#include "net/byte_source.h"
#include "net/http/request_head.h"
#include "net/stream.h"

namespace adit::net {

class HttpConnection;

// A response's body: none, text that is copied at once, owned octets, or a source to pull from. A source must not be null.
using HttpBody = std::variant<std::monostate, std::string_view, Bytes, std::shared_ptr<ByteSource>>;

struct Upgraded {
  std::unique_ptr<Stream> stream;  // stopped, without a listener
  Bytes leftover;                  // octets that the client sent after its request
};

class HttpExchange {
 public:
  explicit HttpExchange(HttpConnection* connection) : m_connection(connection) {}
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  std::string_view method() const { return m_head.method; }
  // The request-target as sent: "/path?query", "http://host/path" or "*".
  std::string_view target() const { return m_head.target; }
  // The authority the request is for: an absolute target's, else the Host header. Empty only for HTTP/1.0 without Host.
  std::string_view host() const { return m_head.host; }
  int http_minor() const { return m_head.http_minor; }  // 1 or 0
  // "name\0value\0name\0value\0...": names lower-cased, values trimmed, Latin-1 octets, in the order received.
  std::string_view header_block() const { return m_head.header_block; }
  // The value of the first header with this lower-case name.
  std::optional<std::string_view> header(std::string_view name) const;
  // Null when the request has none. Reading asks the client for it (100-continue); once the response is complete, reads fail.
  std::shared_ptr<ByteSource> body() const { return m_body; }
  // The request asks for a protocol upgrade ("Connection: upgrade"), so upgrade() may be called.
  bool wants_upgrade() const { return m_head.wants_upgrade; }
  // Nobody's once the connection is gone.
  const PeerAddress& peer_address() const;

  // The client went away before the response was complete: closed or reset its connection, or stalled. Called at most once, never
  // inside on_abort() itself. A client that only half-closed looks the same; it still gets a response that is given.
  void on_abort(Function<void()> callback) { m_on_abort = std::move(callback); }
  bool is_aborted() const { return m_aborted; }
  bool is_responded() const { return m_responded; }

  // Answers. header_lines are complete lines, "name: value\r\n" each, already validated. An empty status text is the standard one.
  // The server adds Date (unless given), Content-Length or Transfer-Encoding, and Connection, and drops lines that would contradict
  // them; a given Content-Length is kept for HEAD and 304 only, "Connection: close" is honoured. After an abort it only cancels the body.
  void respond(int status, std::string_view status_text, std::string_view header_lines, HttpBody body);
  // Answers 101 with these lines plus "Connection: Upgrade" and gives the connection away. The lines hold Upgrade and what else the
  // protocol wants. Fails when the request did not ask for it or the client is gone.
  Result<Upgraded> upgrade(std::string_view header_lines);

 private:
  friend class HttpConnection;

  HttpConnection* m_connection;  // null once the connection is done with this exchange
  RequestHead m_head;
  std::shared_ptr<ByteSource> m_body;
  Function<void()> m_on_abort;
  bool m_responded = false;
  bool m_aborted = false;
};

}  // namespace adit::net
