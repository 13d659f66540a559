// WebSocketLink: one end of a two-way channel of WebSocket messages, whatever carries it: a network connection
// (WebSocketConnection), the other half of an in-memory pair, later a proxy to another shard. JavaScript's WebSocket, the HTTP
// server's 101 and Durable Objects know only this.
// Owner: one shard's thread. Invariant: listener callbacks never come from inside a call of the same link, and arrive in order: messages, then at
// most one on_close, then nothing. Before listen() everything waits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/memory_account.h"
#include "net/loop.h"

namespace adit::net {

struct WebSocketMessage {
  bool is_text = false;  // then data is valid UTF-8
  Bytes data;
};

// What the other side's Close said; code 1005: it said nothing.
struct WebSocketClose {
  uint16_t code = 1005;
  std::string reason;
  // False when the channel was lost without a Close (code 1006 then), or closed because the peer broke the protocol.
  bool was_clean = true;
};

class WebSocketLink {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_message(WebSocketMessage message) = 0;
    // The other side sends no more. If this side has not closed yet, it still may send, and should answer with close().
    virtual void on_close(WebSocketClose close) = 0;
    // buffered_bytes() has fallen to 0 after having been above.
    virtual void on_drain() {}
  };

  virtual ~WebSocketLink() = default;
  // Starts delivery. Called once.
  virtual void listen(std::shared_ptr<Listener> listener) = 0;
  // After close() or a lost channel a message is dropped.
  virtual void send(WebSocketMessage message) = 0;
  // Code 1005: a Close without a code. Only the first call counts.
  virtual void close(uint16_t code, std::string reason) = 0;
  // Drops the channel without the closing handshake; the other side sees 1006.
  virtual void abort() = 0;
  // What send() accepted and the other side has not taken yet.
  virtual size_t buffered_bytes() const = 0;
  // Backpressure for what comes in: while paused no message is delivered (and the network is not read).
  virtual void pause() = 0;
  virtual void resume() = 0;
};

// Two ends in memory: what one sends, the other one's listener gets, from the loop. What waits is on the account, if there is one.
std::pair<std::shared_ptr<WebSocketLink>, std::shared_ptr<WebSocketLink>> make_websocket_pair(
    Loop& loop, std::shared_ptr<MemoryAccount> account = nullptr);

// Joins two links for good: each one's messages and close go to the other, with backpressure both ways.
void couple_websockets(std::shared_ptr<WebSocketLink> a, std::shared_ptr<WebSocketLink> b);

}  // namespace adit::net
