#include "web/websocket_ops.h"

#include <cstring>

#include "base/verify.h"
#include "js/memory_limit.h"
#include "web/network_services.h"
#include "web/output_hold.h"
#include "web/structured_clone.h"

namespace adit::web {

using net::WebSocketLink;

v8::Local<v8::Value> to_js(v8::Isolate* isolate, WebSocketEvent event) {
  if (auto* close = std::get_if<net::WebSocketClose>(&event.value)) {
    v8::Local<v8::Value> parts[] = {v8::Integer::New(isolate, close->code), js::from_utf8(isolate, close->reason),
                                    v8::Boolean::New(isolate, close->was_clean)};
    return v8::Array::New(isolate, parts, 3);
  }
  auto& message = std::get<net::WebSocketMessage>(event.value);
  if (message.is_text) return js::from_utf8(isolate, text_of(message.data));
  return js::from_bytes(isolate, std::move(message.data))->Buffer();
}

// The link holds its listener, and the receiver holds the link: a weak step in between.
class WebSocketReceiver::Relay final : public net::WebSocketLink::Listener {
 public:
  explicit Relay(std::weak_ptr<WebSocketReceiver> receiver) : m_receiver(std::move(receiver)) {}
  void on_message(net::WebSocketMessage message) override {
    if (auto receiver = m_receiver.lock()) receiver->deliver({std::move(message)});
  }
  void on_close(net::WebSocketClose close) override {
    if (auto receiver = m_receiver.lock()) receiver->deliver({std::move(close)});
  }

 private:
  std::weak_ptr<WebSocketReceiver> m_receiver;
};

std::shared_ptr<WebSocketReceiver> WebSocketReceiver::accept(std::shared_ptr<WebSocketLink> link) {
  auto receiver = std::make_shared<WebSocketReceiver>(link);
  link->pause();
  link->listen(std::make_shared<Relay>(receiver));
  return receiver;
}

WebSocketReceiver::~WebSocketReceiver() {
  if (!m_closed) m_link->abort();
}

void WebSocketReceiver::wait(js::Settle<WebSocketEvent> settle) {
  if (m_early) {
    auto event = std::move(*m_early);
    m_early.reset();
    return settle(std::move(event));
  }
  VERIFY(!m_waiting);
  m_waiting.emplace(std::move(settle));
  m_link->resume();
}

void WebSocketReceiver::drop() {
  if (!std::exchange(m_closed, true)) m_link->abort();
  m_early.reset();
  m_waiting.reset();
}

void WebSocketReceiver::deliver(WebSocketEvent event) {
  m_closed = std::holds_alternative<net::WebSocketClose>(event.value);
  if (!m_waiting) {
    m_early = std::move(event);
  } else {
    auto settle = std::move(*m_waiting);
    m_waiting.reset();
    settle(std::move(event));
  }
  // The settled turn usually waits again before it ends.
  if (!m_waiting && !m_closed) m_link->pause();
}

namespace {

std::vector<js::Handle<WebSocketLink>> websocket_pair(js::Call& call) {
  auto [a, b] = net::make_websocket_pair(call.service<NetworkServices>().loop, js::native_memory(call.v8()));
  return {std::move(a), std::move(b)};
}

js::Handle<WebSocketReceiver> websocket_accept(js::Call& call, js::Handle<WebSocketLink> link) {
  auto receiver = WebSocketReceiver::accept(std::move(link));
  if (auto* hold = call.isolate().find_service<OutputHold>())
    hold->accepted(call.isolate().current_invocation(), receiver);
  return receiver;
}

// What is sent may tell of something that is not durable yet.
template <typename Message>
void send_when_durable(js::Call& call, Message message) {
  auto* hold = call.isolate().find_service<OutputHold>();
  if (!hold) return message();
  auto invocation = call.isolate().current_invocation();
  if (hold->is_open(invocation)) return message();
  hold->send(invocation, std::move(message));
}

void send(js::Call& call, js::Handle<WebSocketLink> link, net::WebSocketMessage message) {
  send_when_durable(
      call, [link = std::move(link), message = std::move(message)]() mutable { link->send(std::move(message)); });
  // It may wait in memory until somebody listens.
  if (auto* limit = js::MemoryLimit::of(call.v8())) limit->look_at_native();
}

js::Promise<WebSocketEvent> websocket_receive(js::Call& call, js::Handle<WebSocketReceiver> receiver) {
  auto [promise, settle] = call.promise<WebSocketEvent>();
  receiver->wait(std::move(settle));
  return promise;
}

void websocket_send_text(js::Call& call, js::Handle<WebSocketLink> link, v8::Local<v8::String> text) {
  auto* isolate = call.v8();
  // Lone surrogates become U+FFFD, as a USVString's do.
  Bytes data(text->Utf8LengthV2(isolate));
  size_t written = text->WriteUtf8V2(isolate, reinterpret_cast<char*>(data.data()), data.size(),
                                     v8::String::WriteFlags::kReplaceInvalidUtf8);
  VERIFY(written == data.size());
  send(call, std::move(link), {true, std::move(data)});
}

void websocket_send_bytes(js::Call& call, js::Handle<WebSocketLink> link, BytesView bytes) {
  send(call, std::move(link), {false, copy_bytes(bytes)});
}

void websocket_close(js::Call& call, js::Handle<WebSocketLink> link, uint32_t code, std::string reason) {
  send_when_durable(call, [link = std::move(link), code, reason = std::move(reason)]() mutable {
    link->close(static_cast<uint16_t>(code), std::move(reason));
  });
}

void websocket_abort(js::Handle<WebSocketLink> link) { link->abort(); }

double websocket_buffered(js::Handle<WebSocketLink> link) { return static_cast<double>(link->buffered_bytes()); }

// What serializeAttachment() keeps survives the object's sleep, so it is kept as octets.
Result<Bytes> websocket_attachment_write(js::Call& call, v8::Local<v8::Value> value) {
  return serialize_value(call.v8(), call.context(), value);
}
Result<v8::Local<v8::Value>> websocket_attachment_read(js::Call& call, BytesView octets) {
  return deserialize_value(call.v8(), call.context(), octets);
}

// Passes everything between two links on, without JavaScript.
void websocket_couple(js::Handle<WebSocketLink> a, js::Handle<WebSocketLink> b) {
  net::couple_websockets(std::move(a), std::move(b));
}

}  // namespace

void register_websocket(js::OpTable& ops) {
  ops.add<websocket_pair>("websocket_pair");
  ops.add<websocket_accept>("websocket_accept");
  ops.add<websocket_receive>("websocket_receive");
  ops.add<websocket_send_text>("websocket_send_text");
  ops.add<websocket_send_bytes>("websocket_send_bytes");
  ops.add<websocket_close>("websocket_close");
  ops.add<websocket_abort>("websocket_abort");
  ops.add<websocket_buffered>("websocket_buffered");
  ops.add<websocket_couple>("websocket_couple");
  ops.add<websocket_attachment_write>("websocket_attachment_write");
  ops.add<websocket_attachment_read>("websocket_attachment_read");
}

}  // namespace adit::web
