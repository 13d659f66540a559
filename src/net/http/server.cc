#include "net/http/server.h"

#include <algorithm>
#include <ctime>

#include "net/http/http_connection.h"
#include "net/http/server_impl.h"

namespace adit::net {

HttpServer::Impl::Impl(Loop& event_loop, HttpServerOptions server_options, HttpHandler& request_handler)
    : loop(event_loop),
      options(std::move(server_options)),
      handler(request_handler),
      m_clock(options.clock ? *options.clock : static_cast<const Clock&>(m_system_clock)) {}

HttpServer::Impl::~Impl() {
  listener.reset();
  draining = true;
  while (!connections.empty()) {
    auto connection = connections.back();
    connection->abort(Error(ErrorKind::aborted, "the server is closing"));
  }
}

void HttpServer::Impl::adopt(std::unique_ptr<Stream> stream) {
  auto connection = std::make_shared<HttpConnection>(*this, std::move(stream));
  connection->index = connections.size();
  connections.push_back(connection);
  connection->start();
  if (!m_sweep_timer.is_active()) arm_sweep();
}

void HttpServer::Impl::remove(HttpConnection& connection) {
  size_t index = connection.index;
  VERIFY(index < connections.size() && connections[index].get() == &connection);
  auto removed = std::exchange(connections[index], nullptr);
  if (index + 1 < connections.size()) {
    connections[index] = std::move(connections.back());
    connections[index]->index = index;
  }
  connections.pop_back();
  notify_if_drained();
}

void HttpServer::Impl::notify_if_drained() {
  if (!m_drained || !connections.empty()) return;
  loop.defer([done = std::move(m_drained)]() mutable { done(); });
  m_drained = nullptr;
}

void HttpServer::Impl::arm_sweep() {
  uint64_t shortest = std::min({options.head_timeout_ms, options.idle_timeout_ms, options.body_timeout_ms,
                                options.write_timeout_ms, options.linger_timeout_ms});
  m_sweep_timer = loop.after(std::clamp<uint64_t>(shortest / 4, 5, 1000), [this] { sweep(); });
}

void HttpServer::Impl::sweep() {
  uint64_t now_ms = loop.now_ms();
  auto swept = connections;  // a timed-out connection leaves the list, and its handler may do anything
  for (auto& connection : swept) connection->sweep(now_ms);
  if (!connections.empty()) arm_sweep();
}

std::string_view HttpServer::Impl::date_line() {
  if (loop.now_ms() >= m_date_expires_ms) {
    int64_t unix_ms = m_clock.unix_ms();
    auto seconds = static_cast<time_t>(unix_ms / 1000);
    tm utc{};
    gmtime_r(&seconds, &utc);
    // IMF-fixdate, RFC 9110 § 5.6.7; the C locale's names are the English ones.
    m_date_length = strftime(m_date.data(), m_date.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    m_date_expires_ms = loop.now_ms() + 1000 - static_cast<uint64_t>(unix_ms % 1000);
  }
  return {m_date.data(), m_date_length};
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::unique_ptr<HttpServer> HttpServer::create_detached(Loop& loop, HttpServerOptions options, HttpHandler& handler) {
  return std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Impl>(loop, std::move(options), handler)));
}

Result<std::unique_ptr<HttpServer>> HttpServer::create(Loop& loop, HttpServerOptions options, HttpHandler& handler) {
  ListenOptions listen{.host = options.host, .port = options.port, .reuse_port = options.reuse_port};
  auto server = create_detached(loop, std::move(options), handler);
  auto* impl = server->m_impl.get();
  impl->listener = TRY(TcpListener::create(
      loop, listen, [impl](std::unique_ptr<Connection> connection) { impl->adopt(std::move(connection)); }));
  return server;
}

uint16_t HttpServer::port() const { return m_impl->listener ? m_impl->listener->port() : 0; }
size_t HttpServer::connection_count() const { return m_impl->connections.size(); }
void HttpServer::adopt(std::unique_ptr<Stream> stream) { m_impl->adopt(std::move(stream)); }

void HttpServer::drain(Function<void()> done) {
  VERIFY(!m_impl->draining);
  m_impl->listener.reset();
  m_impl->draining = true;
  m_impl->m_drained = std::move(done);
  auto connections = m_impl->connections;
  for (auto& connection : connections) connection->drain();
  m_impl->notify_if_drained();
}

}  // namespace adit::net
