// A TCP or TLS connection that a worker opened (cloudflare:sockets). It is a ByteSource, what comes from the peer, and takes writes with
// backpressure. Ops: socket_ops.cc; JavaScript: builtins/web/socket.ts.
// Owner: the isolate's thread. Lifecycle: connects at once; over when both directions ended, at an error, at close(), or with its invocation.
// Invariant: opened and closed are each told once; at most one chunk waits for the reader.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "js/isolate.h"
#include "net/byte_source.h"
#include "net/tls_stream.h"
#include "web/invocation_limits.h"
#include "web/network_services.h"

namespace adit::web {

class Socket final : public net::ByteSource, public net::Stream::Listener, public std::enable_shared_from_this<Socket> {
 public:
  Socket(NetworkServices& network, bool allows_half_open) : m_network(network), m_allows_half_open(allows_half_open) {}
  ~Socket() override;

  // With settings the connection is TLS.
  // The slot is given back once it is open.
  void connect(const std::string& host, uint16_t port, std::optional<net::TlsClientSettings> tls, ConnectionSlot slot);
  // Goes on as another socket, over TLS. This one is over.
  std::shared_ptr<Socket> start_tls(net::TlsClientSettings settings);
  // Once a TLS connection is open.
  const net::TlsPeer* tls_peer() const { return m_peer ? &*m_peer : nullptr; }

  // ByteSource
  void read(net::ReadCallback callback) override;
  void cancel(Error reason) override;

  // Calls ready once the connection has taken it (or most of it).
  void write(Bytes data, Function<void(Result<void>)> ready);
  // No more writes; what has been written is sent.
  void end();
  void close();
  void when_opened(Function<void(Result<void>)> told) { tell(m_opened, m_opened_waiting, std::move(told)); }
  void when_closed(Function<void(Result<void>)> told) { tell(m_closed, m_closed_waiting, std::move(told)); }

  // Stream::Listener
  void on_data(BytesView data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drain() override;

 private:
  using Waiting = std::vector<Function<void(Result<void>)>>;
  static void tell(std::optional<Result<void>>& outcome, Waiting& waiting, Function<void(Result<void>)> told);
  void settle(std::optional<Result<void>>& outcome, Waiting& waiting, Result<void> result);
  void connected(std::unique_ptr<net::Stream> stream);
  void begin_tls(std::unique_ptr<net::Stream> plain, const net::TlsClientSettings& settings);
  void begin();
  void finish(Result<void> how);
  void finish_if_done();

  NetworkServices& m_network;
  bool m_allows_half_open;  // else our direction ends with the peer's
  std::unique_ptr<net::Stream> m_stream;
  std::shared_ptr<net::Abortable> m_connecting;
  std::shared_ptr<Socket> m_before;  // whose connection this one will have: nobody else may hold it meanwhile
  std::optional<net::TlsClientSettings> m_wanted_tls;  // once it is connected
  std::optional<net::TlsPeer> m_peer;
  ConnectionSlot m_slot;
  bool m_is_open = false;
  bool m_is_over = false;
  bool m_has_ended = false;  // the peer sends no more
  bool m_is_ended = false;   // we write no more
  net::ReadCallback m_reader;
  Bytes m_chunk;
  std::optional<Error> m_error;
  std::vector<Bytes> m_early;  // written before it was open
  Waiting m_writers;
  std::optional<Result<void>> m_opened;
  std::optional<Result<void>> m_closed;
  Waiting m_opened_waiting;
  Waiting m_closed_waiting;
  Function<void(Result<std::unique_ptr<net::Stream>>)> m_give_stream;  // start_tls() before it was connected
};

// Which sockets end with which invocation. Per shard.
class SocketRegistry {
 public:
  void add(const js::Isolate& isolate, int32_t invocation, const std::shared_ptr<Socket>& socket) {
    m_sockets.emplace(std::make_pair(&isolate, invocation), socket);
  }
  void end_invocation(const js::Isolate& isolate, int32_t invocation);
  bool is_empty() const { return m_sockets.empty(); }

 private:
  std::multimap<std::pair<const js::Isolate*, int32_t>, std::weak_ptr<Socket>> m_sockets;
};

}  // namespace adit::web
