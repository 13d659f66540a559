// The HTTP/1.1 server (RFC 9110, 9112): accepts connections, parses requests strictly, hands each to the handler as an HttpExchange.
// Owner: the loop's thread. Lifecycle: outlived by its loop and handler; destroying it closes every connection at once,
// drain() first lets them finish.
// Invariant: per connection one request is in flight at a time, and its memory is bounded in both directions.
// Why one sweep for all timeouts: a timer per request would cost more than the rest of the request's bookkeeping.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/connection.h"
#include "net/http/exchange.h"
#include "net/loop.h"

namespace adit::net {

class HttpHandler {
 public:
  // Called once the head is complete. May respond inside the call or at any later time.
  virtual void on_request(std::shared_ptr<HttpExchange> exchange) = 0;

 protected:
  ~HttpHandler() = default;
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free port
  bool reuse_port = false;

  size_t target_limit_bytes = 16 * 1024;   // longer: 414
  size_t head_limit_bytes = 128 * 1024;    // request line and headers: longer: 431
  uint64_t body_limit_bytes = UINT64_MAX;  // longer: 413, before the handler when Content-Length says so
  std::string body_limit_reason = "the request's body is too large";
  size_t body_buffer_bytes = 64 * 1024;  // reading stops while this much of a body waits for its reader
  size_t drain_limit_bytes =
      256 * 1024;  // of an unread body after the response, before the connection is closed instead
  size_t write_buffer_bytes = 64 * 1024;  // the response's source waits while this much waits for the socket

  uint64_t head_timeout_ms = 60'000;   // from the first octet (or accept) to the end of the head: 408
  uint64_t idle_timeout_ms = 75'000;   // between requests
  uint64_t body_timeout_ms = 60'000;   // wanted body octets that do not come
  uint64_t write_timeout_ms = 60'000;  // a client that takes nothing
  uint64_t linger_timeout_ms = 2'000;  // reading on after the last response so that the client gets it

  const Clock* clock = nullptr;  // for the Date header; null: the system's
};

class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> create(Loop& loop, HttpServerOptions options, HttpHandler& handler);
  // A server that does not listen: connections come by adopt() only.
  static std::unique_ptr<HttpServer> create_detached(Loop& loop, HttpServerOptions options, HttpHandler& handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;
  size_t connection_count() const;
  // Serves a stream that something else accepted (TLS, a test).
  void adopt(std::unique_ptr<Stream> stream);
  // Stops accepting, closes idle connections, lets requests in flight finish with "Connection: close", then calls done from the loop.
  void drain(Function<void()> done);

 private:
  friend class HttpConnection;
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> m_impl;
};

}  // namespace adit::net
