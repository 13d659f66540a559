// Stream: a bidirectional octet stream: a TCP connection, a TLS session over one, or one in memory for a test. The HTTP server reads
// and writes one, and after an upgrade hands it to the WebSocket.
// Owner: one shard's thread. Destroying a stream closes it; a listener may destroy the stream inside any of its callbacks.
// Invariant: listener callbacks come from the loop, never from inside a call of the stream. After on_error nothing more comes;
// after on_end no more data comes, but writing still works.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::net {

struct PeerAddress {
  std::string ip;  // "127.0.0.1", "::1"; empty when unknown
  uint16_t port = 0;
};

class Stream {
 public:
  class Listener {
   public:
    // Borrowed: valid until the callback returns.
    virtual void on_data(BytesView data) = 0;
    // The peer will send no more (half-close).
    virtual void on_end() = 0;
    // The stream is dead: reset by the peer, a failed write.
    virtual void on_error(Error error) = 0;
    // Everything that was written has been handed to the system: buffered_bytes() has fallen to 0 after having been above.
    virtual void on_drain() {}

   protected:
    ~Listener() = default;
  };

  virtual ~Stream() = default;
  // Who hears of data, end, errors and drain from now on; null for nobody. Does not start reading.
  virtual void set_listener(Listener* listener) = 0;
  // Backpressure for what comes in. Both may be called in any state, repeatedly. A stream starts out stopped.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;
  // Writes the buffers in order, as one gathered system call if the socket has room; what it does not take is copied and queued.
  // Never fails at once: a failure arrives as on_error. The caller bounds the queue by looking at buffered_bytes().
  virtual void write(std::span<const BytesView> buffers) = 0;
  // The same for owned octets: what the socket does not take is queued without a copy.
  virtual void write(Bytes data) = 0;
  void write_text(std::string_view text) {
    BytesView view = bytes_of(text);
    write(std::span<const BytesView>(&view, 1));
  }
  // Octets accepted by write() that the system has not taken yet.
  virtual size_t buffered_bytes() const = 0;
  // Half-close: no more writes; the peer sees the end after what is queued. Reading goes on.
  virtual void shutdown() = 0;
  // Closes now; what is queued is dropped. No callback comes after it.
  virtual void close() = 0;
  // Closes so that the peer sees an error where it can (a TCP reset), not an orderly end: for a body cut short.
  virtual void reset() { close(); }
  virtual PeerAddress peer_address() const = 0;
};

}  // namespace adit::net
