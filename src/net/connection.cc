#include "net/connection.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace adit::net {

struct Connection::State {
  uv_tcp_t handle{};
  uv_write_t write_request{};
  uv_shutdown_t shutdown_request{};
  Connection* owner = nullptr;
  Listener* listener = nullptr;
  std::shared_ptr<ReadBuffer> buffer;
  std::vector<Bytes> writing;  // what write_request points into
  std::vector<Bytes> queue;    // waits for write_request to come back
  size_t queue_bytes = 0;
  bool write_outstanding = false;
  bool reading = false;
  bool shutting_down = false;
  bool failed = false;

  int descriptor = -1;   // the handle's, while it is open
  ssize_t received = 0;  // by the last recv(), negative is an error's number

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle); }
  // Accepted or connected.
  void opened();
  // What the socket takes at once. By send(), which is cheaper than libuv's write(): it is on every response's path. An error shows
  // again, asynchronously, when the rest is written.
  size_t try_send(std::span<const BytesView> buffers);
  void enqueue(Bytes data);
  void start_write();
  void finish_shutdown();
  void close(bool with_reset = false);
  void fail(std::string_view what, int code);
  // libuv reads with read(), which costs more than recv(), and each request needs one. So the octets are received when libuv asks where
  // to read to; it is told nowhere, at which it calls on_read() and returns to its loop (libuv, uv_alloc_cb: a buffer of no length).
  static void receive(uv_handle_t* handle, size_t, uv_buf_t* buffer);
  static void on_read(uv_stream_t* stream, ssize_t, const uv_buf_t*);
  static void on_written(uv_write_t* request, int code);
};

namespace {

constexpr size_t gathered_buffers = 16;

PeerAddress address_of(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  PeerAddress address;
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    uv_ip4_name(&v4, text.data(), text.size());
    address.port = ntohs(v4.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    uv_ip6_name(&v6, text.data(), text.size());
    address.port = ntohs(v6.sin6_port);
  }
  address.ip = text.data();
  // A dual-stack socket reports IPv4 peers as mapped addresses; callers want the address the client has.
  if (address.ip.starts_with("::ffff:") && address.ip.find('.') != std::string::npos) address.ip.erase(0, 7);
  return address;
}

Result<sockaddr_storage> parse_address(const std::string& host, uint16_t port) {
  sockaddr_storage storage{};
  const char* text = host == "localhost" ? "127.0.0.1" : host.c_str();
  if (uv_ip4_addr(text, port, reinterpret_cast<sockaddr_in*>(&storage)) == 0) return storage;
  if (uv_ip6_addr(text, port, reinterpret_cast<sockaddr_in6*>(&storage)) == 0) return storage;
  return Error::type_error(fmt::format("\"{}\" is not an IP address to listen on; use one, or localhost", host));
}

}  // namespace

void Connection::State::opened() {
  // A response is written whole; waiting for an acknowledgement before its last segment only adds latency.
  uv_tcp_nodelay(&handle, 1);
  VERIFY(uv_fileno(reinterpret_cast<uv_handle_t*>(&handle), &descriptor) == 0);
}

void Connection::State::receive(uv_handle_t* handle, size_t, uv_buf_t* buffer) {
  auto* state = static_cast<State*>(handle->data);
  auto span = state->buffer->span();
  do state->received = ::recv(state->descriptor, span.data(), span.size(), MSG_DONTWAIT);
  while (state->received < 0 && errno == EINTR);
  if (state->received < 0) state->received = -errno;
  *buffer = uv_buf_init(nullptr, 0);
}

void Connection::State::on_read(uv_stream_t* stream, ssize_t, const uv_buf_t*) {
  auto* state = static_cast<State*>(stream->data);
  auto size = state->received;
  if (size > 0) {
    if (state->listener) state->listener->on_data(BytesView(state->buffer->span()).first(static_cast<size_t>(size)));
    return;
  }
  if (size == -EAGAIN) return;
  state->reading = false;
  uv_read_stop(stream);
  if (size == 0) {
    if (state->listener) state->listener->on_end();
    return;
  }
  state->fail("read from the peer", static_cast<int>(size));
}

void Connection::State::fail(std::string_view what, int code) {
  if (failed || !owner) return;
  failed = true;
  uv_read_stop(stream());
  if (listener) listener->on_error(Error(ErrorKind::network, fmt::format("{}: {}", what, uv_strerror(code))));
}

size_t Connection::State::try_send(std::span<const BytesView> buffers) {
  if (write_outstanding) return 0;
  ssize_t sent = 0;
  if (buffers.size() == 1) {
    sent = ::send(descriptor, buffers[0].data(), buffers[0].size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    std::array<iovec, gathered_buffers> views;
    for (size_t i = 0; i < buffers.size(); ++i) views[i] = {const_cast<uint8_t*>(buffers[i].data()), buffers[i].size()};
    msghdr message{};
    message.msg_iov = views.data();
    message.msg_iovlen = buffers.size();
    sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

void Connection::State::enqueue(Bytes data) {
  queue_bytes += data.size();
  queue.push_back(std::move(data));
  if (!write_outstanding) start_write();
}

void Connection::State::start_write() {
  VERIFY(!write_outstanding && !queue.empty() && writing.empty());
  size_t count = std::min(queue.size(), gathered_buffers);
  std::array<uv_buf_t, gathered_buffers> buffers;
  for (size_t i = 0; i < count; ++i) {
    queue_bytes -= queue[i].size();
    writing.push_back(std::move(queue[i]));
    buffers[i] = uv_buf_init(reinterpret_cast<char*>(writing[i].data()), static_cast<unsigned>(writing[i].size()));
  }
  queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(count));
  write_outstanding = true;
  int code = uv_write(&write_request, stream(), buffers.data(), static_cast<unsigned>(count), on_written);
  VERIFY(code == 0);  // fails at once only for a socket that was shut down or failed, and write() checks for that
}

void Connection::State::on_written(uv_write_t* request, int code) {
  auto* state = static_cast<State*>(request->data);
  state->write_outstanding = false;
  state->writing.clear();
  if (!state->owner) return;
  if (code != 0) {
    state->queue.clear();
    state->queue_bytes = 0;
    return state->fail("write to the peer", code);
  }
  if (!state->queue.empty()) return state->start_write();
  if (state->shutting_down) state->finish_shutdown();
  if (state->listener) state->listener->on_drain();
}

void Connection::State::finish_shutdown() {
  // A failure means that the peer is gone already; reading reports that.
  (void)uv_shutdown(&shutdown_request, stream(), [](uv_shutdown_t*, int) {});
}

void Connection::State::close(bool with_reset) {
  owner = nullptr;
  listener = nullptr;
  auto free_state = [](uv_handle_t* closed) { std::unique_ptr<State> owned(static_cast<State*>(closed->data)); };
  // libuv can not reset a socket that is being shut down.
  if (with_reset && !shutting_down && uv_tcp_close_reset(&handle, free_state) == 0) return;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle), free_state);
}

Connection::~Connection() { close(); }

void Connection::set_listener(Listener* listener) {
  if (m_state) m_state->listener = listener;
}

void Connection::start_reading() {
  if (!m_state || m_state->reading || m_state->failed) return;
  int code = uv_read_start(m_state->stream(), State::receive, State::on_read);
  m_state->reading = code == 0;
}

void Connection::stop_reading() {
  if (!m_state || !m_state->reading) return;
  uv_read_stop(m_state->stream());
  m_state->reading = false;
}

void Connection::write(std::span<const BytesView> buffers) {
  if (!m_state || m_state->failed || m_state->shutting_down) return;
  VERIFY(buffers.size() <= gathered_buffers);
  size_t sent = m_state->try_send(buffers);
  Bytes rest;
  for (auto buffer : buffers) {
    size_t skip = std::min(sent, buffer.size());
    sent -= skip;
    rest.insert(rest.end(), buffer.begin() + static_cast<ptrdiff_t>(skip), buffer.end());
  }
  if (!rest.empty()) m_state->enqueue(std::move(rest));
}

void Connection::write(Bytes data) {
  if (!m_state || m_state->failed || m_state->shutting_down || data.empty()) return;
  BytesView view = data;
  size_t sent = m_state->try_send({&view, 1});
  if (sent == data.size()) return;
  data.erase(data.begin(), data.begin() + static_cast<ptrdiff_t>(sent));
  m_state->enqueue(std::move(data));
}

size_t Connection::buffered_bytes() const {
  if (!m_state) return 0;
  return m_state->queue_bytes + (m_state->write_outstanding ? uv_stream_get_write_queue_size(m_state->stream()) : 0);
}

void Connection::shutdown() {
  if (!m_state || m_state->failed || m_state->shutting_down) return;
  m_state->shutting_down = true;
  if (!m_state->write_outstanding) m_state->finish_shutdown();
}

void Connection::close() {
  if (auto* state = std::exchange(m_state, nullptr)) state->close();
}

void Connection::reset() {
  if (auto* state = std::exchange(m_state, nullptr)) state->close(true);
}

PeerAddress Connection::peer_address() const {
  sockaddr_storage storage{};
  int length = sizeof storage;
  if (!m_state || uv_tcp_getpeername(&m_state->handle, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return address_of(storage);
}

// ---- Connecting

struct Connection::Connecting {
  Loop& loop;
  std::string name;
  std::shared_ptr<ReadBuffer> buffer;
  Function<void(Result<std::unique_ptr<Connection>>)> callback;
  uv_getaddrinfo_t lookup{};
  uv_connect_t request{};
  addrinfo* addresses = nullptr;
  addrinfo* next = nullptr;
  State* state = nullptr;

  ~Connecting() {
    if (addresses) uv_freeaddrinfo(addresses);
  }

  // Tries the next address; the last one's failure is the result. Gives this attempt's ownership to libuv until it reports.
  static void try_next(std::unique_ptr<Connecting> self, int code) {
    if (!self->next)
      return self->callback(Error(ErrorKind::network, fmt::format("connect to {}: {}", self->name, uv_strerror(code))));
    const addrinfo* address = std::exchange(self->next, self->next->ai_next);
    self->state = make_state(self->loop, self->buffer);
    self->request.data = self.get();
    int result =
        uv_tcp_connect(&self->request, &self->state->handle, address->ai_addr, [](uv_connect_t* request, int status) {
          std::unique_ptr<Connecting> self(static_cast<Connecting*>(request->data));
          auto connection = std::unique_ptr<Connection>(new Connection(self->state));
          self->state->owner = connection.get();
          if (status != 0) return try_next(std::move(self), status);
          self->state->opened();
          self->callback(std::move(connection));
        });
    if (result != 0) {
      self->state->close();
      return try_next(std::move(self), result);
    }
    (void)self.release();
  }

  static State* make_state(Loop& loop, std::shared_ptr<ReadBuffer> buffer) {
    auto state = std::make_unique<State>();
    state->buffer = std::move(buffer);
    state->handle.data = state->write_request.data = state.get();
    VERIFY(uv_tcp_init(loop.uv(), &state->handle) == 0);
    return state.release();
  }
};

void Connection::connect(Loop& loop, const std::string& host, uint16_t port, std::shared_ptr<ReadBuffer> buffer,
                         Function<void(Result<std::unique_ptr<Connection>>)> callback) {
  auto connecting = std::unique_ptr<Connecting>(
      new Connecting{loop, fmt::format("{}:{}", host, port), std::move(buffer), std::move(callback)});
  connecting->lookup.data = connecting.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  int code = uv_getaddrinfo(
      loop.uv(), &connecting->lookup,
      [](uv_getaddrinfo_t* lookup, int status, addrinfo* addresses) {
        std::unique_ptr<Connecting> self(static_cast<Connecting*>(lookup->data));
        self->addresses = self->next = addresses;
        Connecting::try_next(std::move(self), status);
      },
      host.c_str(), std::to_string(port).c_str(), &hints);
  if (code == 0) {
    (void)connecting.release();
    return;
  }
  loop.defer(
      [connecting = std::move(connecting), code]() mutable { Connecting::try_next(std::move(connecting), code); });
}

// ---- Listening

struct TcpListener::State {
  uv_tcp_t handle{};
  Loop& loop;
  std::shared_ptr<ReadBuffer> buffer = std::make_shared<ReadBuffer>();
  Function<void(std::unique_ptr<Connection>)> on_connection;

  void accept() {
    auto* state = Connection::Connecting::make_state(loop, buffer);
    auto connection = std::unique_ptr<Connection>(new Connection(state));
    state->owner = connection.get();
    if (uv_accept(reinterpret_cast<uv_stream_t*>(&handle), state->stream()) != 0) return;
    state->opened();
    on_connection(std::move(connection));
  }
};

namespace {

Error listen_error(const ListenOptions& options, int code) {
  if (code == UV_EADDRINUSE)
    return Error::io(
        fmt::format("port {} is in use; stop the program that listens there, or choose another port", options.port));
  if (code == UV_EACCES)
    return Error::io(fmt::format("port {} may not be opened by this user; choose one above 1023", options.port));
  if (code == UV_EADDRNOTAVAIL) return Error::io(fmt::format("{} is not an address of this machine", options.host));
  return Error::io(fmt::format("listen on {} port {}: {}", options.host, options.port, uv_strerror(code)));
}

}  // namespace

Result<std::unique_ptr<TcpListener>> TcpListener::create(Loop& loop, const ListenOptions& options,
                                                         Function<void(std::unique_ptr<Connection>)> on_connection) {
  auto address = TRY(parse_address(options.host, options.port));
  auto owned = std::unique_ptr<State>(new State{.loop = loop, .on_connection = std::move(on_connection)});
  owned->handle.data = owned.get();
  // With an address family libuv makes the socket at once, so that it can be asked for SO_REUSEPORT.
  if (int code = uv_tcp_init_ex(loop.uv(), &owned->handle, address.ss_family); code != 0)
    return listen_error(options, code);
  std::unique_ptr<TcpListener> listener(new TcpListener(owned.release()));
  auto* state = listener->m_state;
  unsigned flags = options.reuse_port ? UV_TCP_REUSEPORT : 0;
  int code = uv_tcp_bind(&state->handle, reinterpret_cast<const sockaddr*>(&address), flags);
  if (code == 0)
    code =
        uv_listen(reinterpret_cast<uv_stream_t*>(&state->handle), options.backlog, [](uv_stream_t* server, int status) {
          auto* state = static_cast<State*>(server->data);
          // A failed accept (no file descriptors left) is tried again with the next connection.
          if (status == 0) state->accept();
        });
  if (code != 0) return listen_error(options, code);
  sockaddr_storage bound{};
  int length = sizeof bound;
  if (code = uv_tcp_getsockname(&state->handle, reinterpret_cast<sockaddr*>(&bound), &length); code != 0)
    return listen_error(options, code);
  listener->m_port = address_of(bound).port;
  return listener;
}

TcpListener::~TcpListener() {
  uv_close(reinterpret_cast<uv_handle_t*>(&m_state->handle),
           [](uv_handle_t* closed) { std::unique_ptr<State> owned(static_cast<State*>(closed->data)); });
}

}  // namespace adit::net
