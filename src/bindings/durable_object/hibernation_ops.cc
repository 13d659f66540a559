// What JavaScript asks of hibernatable WebSockets (builtins/bindings/durable_object_sockets.ts). Owner: the isolate's thread.
#include "bindings/durable_object/object_host.h"
#include "bindings/durable_object/ops.h"
#include "js/convert.h"

namespace adit::bindings::durable_object {
namespace {

using ObjectHandle = js::Handle<Object>;
using SocketHandle = js::Handle<HibernatedSocket>;

HibernatedSockets& sockets_of(Object& object) { return object.host().sockets_of(object.address()); }

Result<SocketHandle> hibernation_accept(ObjectHandle object, js::Handle<net::WebSocketLink> link,
                                        std::vector<std::string> tags, std::optional<BytesView> attachment) {
  if (object->has_ended()) return object->end_reason();
  std::optional<Bytes> kept;
  if (attachment) kept = copy_bytes(*attachment);
  return sockets_of(*object).accept(std::move(link), std::move(tags), std::move(kept));
}

std::vector<uint32_t> hibernation_sockets(ObjectHandle object, std::optional<std::string> tag) {
  if (object->has_ended()) return {};
  return sockets_of(*object).numbers(tag);
}

// [socket, link, is closed by the object, by the other side, attachment], or undefined when it is gone.
v8::Local<v8::Value> hibernation_socket(js::Call& call, ObjectHandle object, uint32_t number) {
  auto* isolate = call.v8();
  auto socket = object->has_ended() ? nullptr : sockets_of(*object).find(number);
  if (!socket) return v8::Undefined(isolate);
  v8::Local<v8::Value> attachment = v8::Undefined(isolate);
  if (socket->attachment()) attachment = js::from_bytes(isolate, Bytes(*socket->attachment()));
  v8::Local<v8::Value> parts[] = {js::wrap<HibernatedSocket>(isolate, socket),
                                  js::wrap<net::WebSocketLink>(isolate, socket->link()),
                                  v8::Boolean::New(isolate, socket->is_closed_out()),
                                  v8::Boolean::New(isolate, socket->is_closed_in()), attachment};
  return v8::Array::New(isolate, parts, std::size(parts));
}

uint32_t hibernation_number(SocketHandle socket) { return socket->number(); }
std::vector<std::string> hibernation_tags(SocketHandle socket) { return socket->tags(); }
void hibernation_attach(SocketHandle socket, BytesView octets) { socket->set_attachment(copy_bytes(octets)); }
void hibernation_closing(SocketHandle socket) { socket->closing(); }

std::optional<double> hibernation_auto_responded(SocketHandle socket) {
  auto time_ms = socket->auto_responded_ms();
  return time_ms ? std::optional<double>(static_cast<double>(*time_ms)) : std::nullopt;
}

void hibernation_set_auto_response(ObjectHandle object, std::optional<std::string> request,
                                   std::optional<std::string> response) {
  if (object->has_ended()) return;
  std::optional<AutoResponse> pair;
  if (request && response) pair = AutoResponse{std::move(*request), std::move(*response)};
  sockets_of(*object).set_auto_response(std::move(pair));
}

// [request, response]; empty when there is none.
std::vector<std::string> hibernation_auto_response(ObjectHandle object) {
  if (object->has_ended()) return {};
  const auto& pair = sockets_of(*object).auto_response();
  return pair ? std::vector<std::string>{pair->request, pair->response} : std::vector<std::string>();
}

void hibernation_set_timeout(ObjectHandle object, uint32_t timeout_ms) {
  if (!object->has_ended()) sockets_of(*object).set_event_timeout_ms(timeout_ms);
}
uint32_t hibernation_timeout(ObjectHandle object) {
  return object->has_ended() ? 0 : sockets_of(*object).event_timeout_ms();
}

}  // namespace

void register_object_hibernation(js::OpTable& ops) {
  ops.add<hibernation_accept>("hibernation_accept");
  ops.add<hibernation_sockets>("hibernation_sockets");
  ops.add<hibernation_socket>("hibernation_socket");
  ops.add<hibernation_number>("hibernation_number");
  ops.add<hibernation_tags>("hibernation_tags");
  ops.add<hibernation_attach>("hibernation_attach");
  ops.add<hibernation_closing>("hibernation_closing");
  ops.add<hibernation_auto_responded>("hibernation_auto_responded");
  ops.add<hibernation_set_auto_response>("hibernation_set_auto_response");
  ops.add<hibernation_auto_response>("hibernation_auto_response");
  ops.add<hibernation_set_timeout>("hibernation_set_timeout");
  ops.add<hibernation_timeout>("hibernation_timeout");
}

}  // namespace adit::bindings::durable_object
