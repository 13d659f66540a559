// FakeStream: a Stream without a socket, for tests and the fuzzer: the test plays the client by hand.
// Owner: the test's thread. The far end (FakeClient) outlives the stream and sees what became of it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "net/stream.h"

namespace adit::net {

// What the client's side of a FakeStream sees and does.
struct FakeClient {
  std::string received;            // taken from the server so far
  std::string queued;              // written by the server, not taken yet
  size_t window_bytes = SIZE_MAX;  // how much the client takes before it stalls
  bool reading = false;            // the server reads
  bool shut_down = false;          // the server half-closed
  bool closed = false;
  bool was_reset = false;
  Stream::Listener* listener = nullptr;

  bool listening() const { return listener && !closed; }
  void send(std::string_view text) {
    if (listening()) listener->on_data(bytes_of(text));
  }
  void end() {
    if (listening()) listener->on_end();
  }
  void fail() {
    if (listening()) listener->on_error(Error(ErrorKind::network, "connection reset by peer"));
  }
  // Takes up to this much more of what the server has written.
  void take(size_t bytes) {
    window_bytes += bytes;
    bool had = !queued.empty();
    move();
    if (had && queued.empty() && listening()) listener->on_drain();
  }
  void move() {
    size_t size = std::min(window_bytes, queued.size());
    received.append(queued, 0, size);
    queued.erase(0, size);
    if (window_bytes != SIZE_MAX) window_bytes -= size;
  }
};

class FakeStream final : public Stream {
 public:
  explicit FakeStream(FakeClient& client) : m_client(client) {}
  ~FakeStream() override { close(); }
  void set_listener(Listener* listener) override { m_client.listener = listener; }
  void start_reading() override { m_client.reading = true; }
  void stop_reading() override { m_client.reading = false; }
  void write(std::span<const BytesView> buffers) override {
    if (m_client.closed || m_client.shut_down) return;
    for (auto buffer : buffers) m_client.queued.append(text_of(buffer));
    m_client.move();
  }
  void write(Bytes data) override { write_text(text_of(data)); }
  size_t buffered_bytes() const override { return m_client.queued.size(); }
  void shutdown() override { m_client.shut_down = true; }
  void close() override { m_client.closed = true; }
  void reset() override {
    m_client.was_reset = !m_client.closed;
    close();
  }
  PeerAddress peer_address() const override { return {"192.0.2.1", 4711}; }

 private:
  FakeClient& m_client;
};

}  // namespace adit::net
