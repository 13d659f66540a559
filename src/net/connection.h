// Connection: a TCP connection on a loop, accepted by a TcpListener or made by connect().
// Owner: the loop's thread. The libuv handle outlives the Connection until libuv has reported its close.
// Invariant: at most one uv_write is outstanding; while there is one, later writes wait in the queue, so order holds.
#pragma once

#include <memory>
#include <vector>

#include "net/loop.h"
#include "net/stream.h"

namespace adit::net {

// Where reads land before the listener consumes them. Shared by all connections of one owner on one loop (only one on_data runs
// at a time), so that an idle connection holds no buffer.
class ReadBuffer {
 public:
  explicit ReadBuffer(size_t size_bytes = 64 * 1024) : m_bytes(size_bytes) {}
  std::span<uint8_t> span() { return m_bytes; }

 private:
  Bytes m_bytes;
};

class Connection final : public Stream {
 public:
  // Connects to a host name or address. The callback comes from the loop, once, with the connection or an ErrorKind::network.
  static void connect(Loop& loop, const std::string& host, uint16_t port, std::shared_ptr<ReadBuffer> buffer,
                      Function<void(Result<std::unique_ptr<Connection>>)> callback);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void set_listener(Listener* listener) override;
  void start_reading() override;
  void stop_reading() override;
  using Stream::write;
  void write(std::span<const BytesView> buffers) override;
  void write(Bytes data) override;
  size_t buffered_bytes() const override;
  void shutdown() override;
  void close() override;
  void reset() override;
  PeerAddress peer_address() const override;

 private:
  friend class TcpListener;
  struct State;
  struct Connecting;
  explicit Connection(State* state) : m_state(state) {}

  State* m_state;  // owned; null once closed
};

struct ListenOptions {
  std::string host = "127.0.0.1";  // an address, or "localhost"
  uint16_t port = 0;               // 0: any free port
  bool reuse_port = false;         // several shards listen on one port and the kernel spreads connections
  int backlog = 1024;
};

// Accepts TCP connections until it is destroyed.
class TcpListener {
 public:
  static Result<std::unique_ptr<TcpListener>> create(Loop& loop, const ListenOptions& options,
                                                     Function<void(std::unique_ptr<Connection>)> on_connection);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  uint16_t port() const { return m_port; }

 private:
  struct State;
  explicit TcpListener(State* state) : m_state(state) {}

  State* m_state;  // owned; freed when libuv has reported its close
  uint16_t m_port = 0;
};

}  // namespace adit::net
