#include "net/client/curl_stream.h"

#include <sys/socket.h>

#include <array>
#include <deque>

#include "base/verify.h"

namespace adit::net {

class CurlStream final : public Stream {
 public:
  CurlStream(Loop& loop, std::shared_ptr<CurlConnector> connector, curl_socket_t socket)
      : m_core(std::make_shared<Core>(loop, std::move(connector), socket)) {}
  ~CurlStream() override { close(); }

  Result<void> begin() { return m_core->begin(); }
  void set_listener(Listener* listener) override { m_core->listener = listener; }
  void start_reading() override { m_core->start_reading(); }
  void stop_reading() override {
    m_core->is_reading = false;
    m_core->watch();
  }
  void write(std::span<const BytesView> buffers) override {
    for (auto buffer : buffers) m_core->write(copy_bytes(buffer));
  }
  void write(Bytes data) override { m_core->write(std::move(data)); }
  size_t buffered_bytes() const override { return m_core->queued_bytes; }
  void shutdown() override { m_core->shutdown(); }
  void close() override { m_core->close(); }
  PeerAddress peer_address() const override;

 private:
  // What callbacks and deferred work hold on to, so that a listener may destroy the stream at any time.
  struct Core : std::enable_shared_from_this<Core> {
    Core(Loop& owner, std::shared_ptr<CurlConnector> from, curl_socket_t number)
        : loop(owner), connector(std::move(from)), socket(number) {}
    Result<void> begin();
    void watch();
    void start_reading();
    void on_ready(int events);
    void read_all();
    void write(Bytes data);
    bool flush();
    void shutdown();
    void close();
    void fail(Error error);

    Loop& loop;
    std::shared_ptr<CurlConnector> connector;  // null once closed
    curl_socket_t socket;
    std::unique_ptr<SocketPoll> poll;
    Listener* listener = nullptr;
    std::deque<Bytes> queue;
    size_t position = 0;  // in the queue's first
    size_t queued_bytes = 0;
    bool is_reading = false;
    bool ended = false;  // the peer's end was told
    bool failed = false;
    bool shut = false;
  };
  std::shared_ptr<Core> m_core;
};

Result<void> CurlStream::Core::begin() {
  poll = TRY(SocketPoll::create(loop, socket, [this](int events) { on_ready(events); }));
  connector->m_on_abort = [weak = weak_from_this()](Error reason) {
    if (auto self = weak.lock()) self->fail(std::move(reason));
  };
  return {};
}

void CurlStream::Core::watch() {
  if (!poll) return;
  poll->watch((is_reading && !ended ? UV_READABLE : 0) | (queue.empty() ? 0 : UV_WRITABLE));
}

void CurlStream::Core::start_reading() {
  if (is_reading || ended || !poll) return;
  is_reading = true;
  watch();
  // Octets that TLS has already taken off the socket do not make it readable.
  loop.defer([self = shared_from_this()] { self->read_all(); });
}

void CurlStream::Core::on_ready(int events) {
  auto self = shared_from_this();
  if ((events & UV_WRITABLE) != 0 && !queue.empty() && flush()) {
    watch();
    if (queue.empty() && listener) listener->on_drain();
  }
  if ((events & UV_READABLE) != 0) read_all();
}

void CurlStream::Core::read_all() {
  auto self = shared_from_this();
  std::array<uint8_t, 64 * 1024> buffer;
  // Bounded, so that one fast peer does not hold the loop; the rest is read on the next turn.
  for (int round = 0; round < 16; round++) {
    if (!is_reading || ended || failed || !connector) return;
    size_t count = 0;
    auto code = curl_easy_recv(connector->m_easy->get(), buffer.data(), buffer.size(), &count);
    if (code == CURLE_AGAIN) return;
    if (code != CURLE_OK) return fail(connector->m_easy->describe(code));
    if (count == 0) {
      ended = true;
      watch();
      if (listener) listener->on_end();
      return;
    }
    if (listener) listener->on_data(BytesView(buffer).first(count));
  }
  loop.defer([self] { self->read_all(); });
}

void CurlStream::Core::write(Bytes data) {
  if (data.empty() || failed || shut || !connector) return;
  queued_bytes += data.size();
  queue.push_back(std::move(data));
  if (queue.size() == 1) flush();
  watch();
}

// False when the connection has failed; the listener hears of it from the loop.
bool CurlStream::Core::flush() {
  while (!queue.empty()) {
    auto& front = queue.front();
    size_t sent = 0;
    auto code = curl_easy_send(connector->m_easy->get(), front.data() + position, front.size() - position, &sent);
    if (code == CURLE_AGAIN) return true;
    if (code != CURLE_OK) {
      loop.defer([self = shared_from_this(), error = connector->m_easy->describe(code)] { self->fail(error); });
      return false;
    }
    position += sent;
    queued_bytes -= sent;
    if (position < front.size()) continue;
    queue.pop_front();
    position = 0;
  }
  // TLS's close_notify is not libcurl's to send by itself; the peer sees the end of the TCP stream.
  if (shut) ::shutdown(socket, SHUT_WR);
  return true;
}

void CurlStream::Core::shutdown() {
  if (shut || !connector) return;
  shut = true;
  if (queue.empty()) ::shutdown(socket, SHUT_WR);
}

void CurlStream::Core::close() {
  listener = nullptr;
  poll.reset();
  queue.clear();
  queued_bytes = 0;
  if (auto closing = std::exchange(connector, nullptr)) {
    closing->m_on_abort = nullptr;
    closing->leave_multi();
  }
}

void CurlStream::Core::fail(Error error) {
  if (failed || !connector) return;
  failed = true;
  auto self = shared_from_this();
  auto* told = listener;
  close();
  if (told) told->on_error(std::move(error));
}

PeerAddress CurlStream::peer_address() const {
  if (!m_core->connector) return {};
  char* ip = nullptr;
  long port = 0;
  curl_easy_getinfo(m_core->connector->m_easy->get(), CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(m_core->connector->m_easy->get(), CURLINFO_PRIMARY_PORT, &port);
  return {ip ? ip : "", static_cast<uint16_t>(port)};
}

Result<std::shared_ptr<CurlConnector>> CurlConnector::start(
    CurlMulti& multi, const HttpClientOptions& options, const StreamTarget& target,
    Function<void(Result<std::unique_ptr<Stream>>)> on_connected) {
  std::shared_ptr<CurlConnector> self(new CurlConnector(multi));
  bool is_ipv6 = target.host.find(':') != std::string::npos;
  auto url = std::string(target.is_tls ? "https://" : "http://") + (is_ipv6 ? "[" + target.host + "]" : target.host) +
             ":" + std::to_string(target.port);
  self->m_easy = TRY(EasyHandle::create(options, url));
  self->m_easy->set(CURLOPT_CONNECT_ONLY, 1L);
  self->m_easy->set(CURLOPT_FRESH_CONNECT, 1L);
  self->m_easy->set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));  // ALPN "http/1.1" only
  self->m_on_connected = std::move(on_connected);
  TRY(multi.add(self->m_easy->get(), self, true));
  return self;
}

void CurlConnector::on_finished(CURLcode code) {
  m_code = code;
  if (code != CURLE_OK) m_multi = nullptr;
}

void CurlConnector::after_curl() {
  if (!m_code || !m_on_connected) return;
  auto keep = shared_from_this();
  auto on_connected = std::exchange(m_on_connected, nullptr);
  if (*m_code != CURLE_OK) return on_connected(m_easy->describe(*m_code));
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(m_easy->get(), CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD) return on_connected(Error(ErrorKind::network, "The connection was closed at once."));
  auto stream = std::make_unique<CurlStream>(m_multi->loop(), std::static_pointer_cast<CurlConnector>(keep), socket);
  auto begun = stream->begin();
  if (begun.is_error()) return on_connected(begun.error());
  on_connected(std::unique_ptr<Stream>(std::move(stream)));
}

void CurlConnector::abort(Error reason) {
  auto keep = shared_from_this();
  if (auto on_abort = std::exchange(m_on_abort, nullptr)) return on_abort(std::move(reason));
  leave_multi();
  if (auto on_connected = std::exchange(m_on_connected, nullptr)) on_connected(std::move(reason));
}

void CurlConnector::leave_multi() {
  if (auto* multi = std::exchange(m_multi, nullptr)) {
    multi->remove(m_easy->get());
    m_easy.reset();
  }
}

}  // namespace adit::net
