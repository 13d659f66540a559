// HttpServer::Impl: what the connections of one server share: options, the output buffer, the Date header, the list of connections.
// Owner: the HttpServer. Invariant: `output` holds octets of `output_owner` only; another connection that wants to write makes the
// owner flush first, so one buffer serves all connections without mixing them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "net/http/server.h"

namespace adit::net {

class HttpConnection;

struct HttpServer::Impl {
  Impl(Loop& loop, HttpServerOptions options, HttpHandler& handler);
  ~Impl();

  void adopt(std::unique_ptr<Stream> stream);
  void remove(HttpConnection& connection);
  void arm_sweep();
  void sweep();
  void notify_if_drained();
  std::string_view date_line();

  Loop& loop;
  const HttpServerOptions options;
  HttpHandler& handler;
  std::unique_ptr<TcpListener> listener;
  std::vector<std::shared_ptr<HttpConnection>> connections;
  std::string output;
  HttpConnection* output_owner = nullptr;
  bool draining = false;

 private:
  SystemClock m_system_clock;
  const Clock& m_clock;
  std::array<char, 40> m_date{};
  size_t m_date_length = 0;
  uint64_t m_date_expires_ms = 0;
  Timer m_sweep_timer;
  Function<void()> m_drained;
  friend class HttpServer;
};

}  // namespace adit::net
