// The native side of JavaScript's WebSocket. A WebSocket holds a net::WebSocketLink and, once accepted, reads it through a
// WebSocketReceiver: one event per promise, so that each event is a turn of its own, and nothing waits in between but in the link.
// Owner: the isolate's thread. Invariant: the link is paused unless JavaScript waits for an event.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "js/ops.h"
#include "net/websocket/link.h"

namespace adit::web {

// What a wait for the next event gives: a message, or the close, after which nothing comes.
struct WebSocketEvent {
  std::variant<net::WebSocketMessage, net::WebSocketClose> value;
};
// A string; an ArrayBuffer; or [code, reason, wasClean].
v8::Local<v8::Value> to_js(v8::Isolate* isolate, WebSocketEvent event);

class WebSocketReceiver final : public std::enable_shared_from_this<WebSocketReceiver> {
 public:
  // Begins delivery; the link must not have been accepted or coupled before.
  static std::shared_ptr<WebSocketReceiver> accept(std::shared_ptr<net::WebSocketLink> link);
  explicit WebSocketReceiver(std::shared_ptr<net::WebSocketLink> link) : m_link(std::move(link)) {}
  // JavaScript is gone (the isolate has ended): so is the channel.
  ~WebSocketReceiver();
  // The promise settles with the next event. One at a time.
  void wait(js::Settle<WebSocketEvent> settle);
  // What the socket belongs to has ended: nothing more is received, and the other side sees the channel lost.
  void drop();

 private:
  class Relay;
  void deliver(WebSocketEvent event);

  std::shared_ptr<net::WebSocketLink> m_link;
  std::optional<js::Settle<WebSocketEvent>> m_waiting;
  std::optional<WebSocketEvent> m_early;  // came although nobody waited
  bool m_closed = false;
};

void register_websocket(js::OpTable& ops);

}  // namespace adit::web
