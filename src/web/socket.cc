#include "web/socket.h"

#include <tuple>

namespace adit::web {
namespace {

constexpr size_t write_window_bytes = 64 * 1024;

Error refused(uint16_t port) {
  std::string text = "proxy request failed, cannot connect to the specified address";
  if (port == 80 || port == 443)
    text += ". It looks like you might be trying to connect to a HTTP-based service — consider using fetch instead";
  return Error::failed(std::move(text));
}

}  // namespace

Socket::~Socket() {
  if (m_connecting && !m_is_open) m_connecting->abort(Error(ErrorKind::aborted, "The socket was closed."));
}

void Socket::connect(const std::string& host, uint16_t port, std::optional<net::TlsClientSettings> tls,
                     ConnectionSlot slot) {
  if (m_is_over) return;
  m_wanted_tls = std::move(tls);
  // Workers refuse mail's port, so that nobody sends spam.
  if (port == 25 || port == 0 || host.empty()) {
    m_network.loop.defer([weak = weak_from_this(), port] {
      if (auto self = weak.lock()) self->finish(refused(port));
    });
    return;
  }
  m_slot = std::move(slot);
  m_connecting = m_network.http.connect({host, port, false},
                                        [weak = weak_from_this(), port](Result<std::unique_ptr<net::Stream>> stream) {
                                          auto self = weak.lock();
                                          if (!self || self->m_is_over) return;
                                          if (stream.is_error()) return self->finish(refused(port));
                                          self->connected(std::move(stream).value());
                                        });
}

void Socket::connected(std::unique_ptr<net::Stream> stream) {
  m_connecting.reset();
  if (m_give_stream) {
    std::exchange(m_give_stream, nullptr)(std::move(stream));
    return finish({});
  }
  if (m_wanted_tls) return begin_tls(std::move(stream), *m_wanted_tls);
  m_stream = std::move(stream);
  m_stream->set_listener(this);
  begin();
}

void Socket::begin_tls(std::unique_ptr<net::Stream> plain, const net::TlsClientSettings& settings) {
  m_before.reset();
  std::shared_ptr<net::TlsClientContext> own;
  auto& context = settings.needs_own_context() ? own : m_network.tls;
  if (!context) {
    auto made = net::TlsClientContext::create(settings);
    if (made.is_error()) return finish(std::move(made.error()));
    context = std::move(made).value();
  }
  m_stream = net::start_tls(m_network.loop, context, std::move(plain), settings,
                            [weak = weak_from_this()](Result<net::TlsPeer> ready) {
                              auto self = weak.lock();
                              if (!self || self->m_is_over) return;
                              if (ready.is_error()) return self->finish(Error::failed(ready.error().message()));
                              self->m_peer = std::move(ready).value();
                              self->begin();
                            });
  m_stream->set_listener(this);
}

void Socket::begin() {
  auto self = shared_from_this();
  m_is_open = true;
  m_slot.release();
  for (auto& early : std::exchange(m_early, {})) m_stream->write(std::move(early));
  if (m_is_ended) m_stream->shutdown();
  settle(m_opened, m_opened_waiting, {});
  if (m_reader && m_stream) m_stream->start_reading();
  on_drain();
}

std::shared_ptr<Socket> Socket::start_tls(net::TlsClientSettings settings) {
  auto upgraded = std::make_shared<Socket>(m_network, m_allows_half_open);
  auto begin = [weak = std::weak_ptr(upgraded),
                settings = std::move(settings)](Result<std::unique_ptr<net::Stream>> stream) {
    auto next = weak.lock();
    if (!next || next->m_is_over) return;
    if (stream.is_error()) return next->finish(std::move(stream.error()));
    next->begin_tls(std::move(stream).value(), settings);
  };
  if (!m_stream) {
    if (m_is_over) upgraded->finish(Error::failed("The socket was closed before startTls()."));
    else m_give_stream = std::move(begin);
    upgraded->m_before = shared_from_this();
    return upgraded;
  }
  m_stream->stop_reading();
  m_stream->set_listener(nullptr);
  begin(std::move(m_stream));
  finish({});
  return upgraded;
}

void Socket::read(net::ReadCallback callback) {
  VERIFY(!m_reader);
  if (!m_chunk.empty()) return callback(std::exchange(m_chunk, {}));
  if (m_error) return callback(*m_error);
  if (m_has_ended) return callback(Bytes{});
  if (m_is_over) return callback(Error::type_error("This ReadableStream belongs to an object that is closing."));
  m_reader = std::move(callback);
  if (m_is_open) m_stream->start_reading();
}

void Socket::cancel(Error reason) {
  auto self = shared_from_this();
  m_chunk.clear();
  if (!m_error) m_error = reason;
  m_has_ended = true;
  if (m_stream) m_stream->stop_reading();
  if (auto reader = std::exchange(m_reader, nullptr)) reader(std::move(reason));
  finish_if_done();
}

void Socket::write(Bytes data, Function<void(Result<void>)> ready) {
  if (m_is_over || m_is_ended)
    return ready(m_error ? *m_error : Error::type_error("This WritableStream has been closed."));
  if (!m_is_open) {
    m_early.push_back(std::move(data));
    m_writers.push_back(std::move(ready));
    return;
  }
  m_stream->write(std::move(data));
  if (m_stream->buffered_bytes() <= write_window_bytes) return ready({});
  m_writers.push_back(std::move(ready));
}

void Socket::on_drain() {
  auto self = shared_from_this();
  if (m_stream && m_stream->buffered_bytes() > write_window_bytes) return;
  for (auto& writer : std::exchange(m_writers, {})) writer({});
}

void Socket::end() {
  if (std::exchange(m_is_ended, true)) return;
  if (m_is_open && m_stream) m_stream->shutdown();
  finish_if_done();
}

void Socket::close() { finish({}); }

void Socket::on_data(BytesView data) {
  auto self = shared_from_this();
  m_stream->stop_reading();
  if (auto reader = std::exchange(m_reader, nullptr)) return reader(copy_bytes(data));
  // It had more than one chunk under way.
  m_chunk.insert(m_chunk.end(), data.begin(), data.end());
}

void Socket::on_end() {
  auto self = shared_from_this();
  m_has_ended = true;
  if (auto reader = std::exchange(m_reader, nullptr)) reader(Bytes{});
  if (!m_allows_half_open) end();
  finish_if_done();
}

void Socket::on_error(Error) { finish(Error::failed("Network connection lost.")); }

// Both directions are over: what is left to send goes out before the stream closes.
void Socket::finish_if_done() {
  if (!m_has_ended || !m_is_ended || m_is_over || !m_is_open) return;
  if (m_stream->buffered_bytes() == 0) return finish({});
  m_writers.push_back([weak = weak_from_this()](Result<void>) {
    if (auto self = weak.lock()) self->finish_if_done();
  });
}

void Socket::finish(Result<void> how) {
  if (std::exchange(m_is_over, true)) return;
  auto self = shared_from_this();
  m_slot.release();
  auto before = std::exchange(m_before, nullptr);
  if (how.is_error()) m_error = how.error();
  if (auto connecting = std::exchange(m_connecting, nullptr); connecting && !m_is_open && !m_stream)
    connecting->abort(Error(ErrorKind::aborted, "The socket was closed."));
  if (auto give = std::exchange(m_give_stream, nullptr))
    give(m_error ? *m_error : Error::failed("The socket was closed before startTls()."));
  if (auto closing = std::exchange(m_stream, nullptr)) {
    closing->set_listener(nullptr);
    closing->close();
    // It may be calling us.
    m_network.loop.defer([closing = std::shared_ptr<net::Stream>(std::move(closing))] {});
  }
  auto lost = m_error ? *m_error : Error::failed("Stream was cancelled.");
  if (auto reader = std::exchange(m_reader, nullptr)) {
    if (m_error) reader(*m_error);
    else reader(lost);
  }
  for (auto& writer : std::exchange(m_writers, {})) writer(lost);
  settle(m_opened, m_opened_waiting, how);
  settle(m_closed, m_closed_waiting, how);
}

void Socket::tell(std::optional<Result<void>>& outcome, Waiting& waiting, Function<void(Result<void>)> told) {
  if (outcome) return told(*outcome);
  waiting.push_back(std::move(told));
}

void Socket::settle(std::optional<Result<void>>& outcome, Waiting& waiting, Result<void> result) {
  if (outcome) return;
  outcome = result;
  for (auto& told : std::exchange(waiting, {})) told(result);
}

void SocketRegistry::end_invocation(const js::Isolate& isolate, int32_t invocation) {
  auto [first, last] = m_sockets.equal_range({&isolate, invocation});
  std::vector<std::shared_ptr<Socket>> ending;
  for (auto it = first; it != last; ++it)
    if (auto socket = it->second.lock()) ending.push_back(std::move(socket));
  m_sockets.erase(first, last);
  for (auto& socket : ending) socket->close();
}

}  // namespace adit::web
