// What JavaScript may ask of Durable Objects: ids, calls to objects (builtins/bindings/durable_object.ts), and what an object asks of its own
// gates. Owner: the isolate's thread.
#include "bindings/call_values.h"
#include "bindings/durable_object/object_host.h"
#include "bindings/durable_object/ops.h"
#include "js/convert.h"
#include "js/errors.h"
#include "js/memory_limit.h"
#include "js/ops.h"
#include "web/structured_clone.h"
#include "worker/rpc_values.h"

namespace adit::bindings::durable_object {

using ClassHandle = js::Handle<ObjectClass>;
using ObjectHandle = js::Handle<Object>;

// [status, statusText, headerBlock, body, webSocket], of RPC [status, octets, attachments], or [exception, is remote, is reset].
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, Outcome outcome) {
  if (outcome.is_method || outcome.response.is_error())
    return worker::to_js(isolate, {std::move(outcome.response), outcome.is_remote, outcome.is_reset});
  return response_to_js(isolate, std::move(outcome.response.value()));
}

namespace {

Result<ClassHandle> object_class(js::Call& call, std::string name) {
  auto found = call.service<IsolateObjects>().find_class(name);
  if (!found) return Error::failed("No migration makes the Durable Object class \"" + name + "\".");
  return found;
}

js::ByteString object_id_from_name(ClassHandle object_class, std::string name, uint32_t jurisdiction) {
  return {ObjectId::from_name(object_class->key, name, static_cast<Jurisdiction>(jurisdiction)).text()};
}

js::ByteString object_id_unique(js::Call& call, ClassHandle object_class, uint32_t jurisdiction) {
  auto& random = call.service<IsolateObjects>().host().shard().random();
  return {ObjectId::make_unique(object_class->key, random, static_cast<Jurisdiction>(jurisdiction)).text()};
}

uint32_t object_id_jurisdiction(ClassHandle object_class, js::ByteString text) {
  auto id = ObjectId::parse(text.value);
  return id ? id->jurisdiction(object_class->key).value_or(0) : 0;
}

Result<js::ByteString> object_id_parse(ClassHandle object_class, std::string text) {
  auto id = ObjectId::parse(text);
  if (!id) return Error::type_error("Invalid Durable Object ID: must be 64 hex digits");
  if (!id->jurisdiction(object_class->key))
    return Error::type_error("Durable Object ID is not valid for this namespace.");
  return js::ByteString{id->text()};
}

// Sends the call when what the caller wrote is durable, if it is an object. An object's answers come in turns of their own, so that none
// comes between its reads and writes; another caller is answered at once.
js::Promise<Outcome> send_call(js::Call& call, ClassHandle object_class, const std::string& id,
                               std::optional<std::string> name, ObjectCall object_call) {
  auto parsed = ObjectId::parse(id);
  VERIFY(parsed);
  ObjectAddress address{std::move(object_class), *parsed, name.value_or(""), name.has_value()};
  auto& objects = call.service<IsolateObjects>();
  auto& host = objects.host();
  auto caller = call.isolate().current_invocation();
  auto [promise, settle_promise] = call.promise<Outcome>();
  auto* body = std::get_if<Bytes>(&object_call.request.body);
  auto charge = js::charge_native_memory(call.v8(), body ? body->size() : 0);
  // The promise knows how to read the answer.
  auto settle = [settle = std::move(settle_promise), charge = std::move(charge),
                 is_method = object_call.kind == EventKind::method](Result<Outcome> outcome) mutable {
    charge.clear();
    if (outcome.is_ok()) outcome.value().is_method = is_method;
    settle(std::move(outcome));
  };
  if (objects.of_invocation(caller)) {
    object_call.done = [&host, settle = std::move(settle)](Outcome outcome) mutable {
      host.shard().loop().defer([settle = std::move(settle), outcome = std::move(outcome)]() mutable {
        settle(Result<Outcome>(std::move(outcome)));
      });
    };
    if (!objects.is_open(caller)) {
      objects.send(caller, [&host, address = std::move(address), object_call = std::move(object_call)]() mutable {
        host.call(address, std::move(object_call));
      });
      return promise;
    }
  } else {
    object_call.done = [&host, settle = std::move(settle), isolate = call.v8()](Outcome outcome) mutable {
      // An older version's request, answered by the current one: not one isolate's turn inside another's.
      auto* entered = v8::Isolate::TryGetCurrent();
      if (!entered || entered == isolate) return settle(Result<Outcome>(std::move(outcome)));
      host.shard().loop().defer([settle = std::move(settle), outcome = std::move(outcome)]() mutable {
        settle(Result<Outcome>(std::move(outcome)));
      });
    };
  }
  host.call(address, std::move(object_call));
  return promise;
}

// headers: a block, or lines.
js::Promise<Outcome> object_fetch(js::Call& call, ClassHandle object_class, js::ByteString id,
                                  std::optional<std::string> name, std::string method, std::string url,
                                  std::string headers, bool are_lines, v8::Local<v8::Value> body) {
  ObjectCall object_call;
  object_call.request = {std::move(method), std::move(url), are_lines ? lines_to_block(headers) : std::move(headers),
                         body_of(call.v8(), body)};
  return send_call(call, std::move(object_class), id.value, std::move(name), std::move(object_call));
}

Result<js::Promise<Outcome>> object_call_method(js::Call& call, ClassHandle object_class, js::ByteString id,
                                                std::optional<std::string> name, BytesView octets,
                                                v8::Local<v8::Array> attachments) {
  ObjectCall object_call;
  object_call.kind = EventKind::method;
  object_call.request.body = copy_bytes(octets);
  object_call.request.attachments = TRY(worker::read_attachments(call.v8(), attachments));
  return send_call(call, std::move(object_class), id.value, std::move(name), std::move(object_call));
}

Result<Bytes> object_serialize(js::Call& call, v8::Local<v8::Value> value) {
  return web::serialize_value(call.v8(), call.context(), value);
}
Result<v8::Local<v8::Value>> object_deserialize(js::Call& call, BytesView octets) {
  return web::deserialize_value(call.v8(), call.context(), octets);
}

void object_block(js::Call& call, ObjectHandle object, v8::Local<v8::Function> start) {
  object->block(call.isolate().current_invocation(), start);
}
void object_unblock(ObjectHandle object, int32_t section) { object->unblock(section); }
void object_reset(js::Call& call, ObjectHandle object, v8::Local<v8::Value> exception) {
  object->end(js::to_error(call.v8(), call.context(), exception));
}

}  // namespace

void register_objects(js::OpTable& ops) {
  ops.add<object_class>("object_class");
  ops.add<object_id_from_name>("object_id_from_name");
  ops.add<object_id_unique>("object_id_unique");
  ops.add<object_id_parse>("object_id_parse");
  ops.add<object_id_jurisdiction>("object_id_jurisdiction");
  ops.add<object_fetch>("object_fetch");
  ops.add<object_call_method>("object_call_method");
  ops.add<object_serialize>("object_serialize");
  ops.add<object_deserialize>("object_deserialize");
  ops.add<object_block>("object_block");
  ops.add<object_unblock>("object_unblock");
  ops.add<object_reset>("object_reset");
}

}  // namespace adit::bindings::durable_object
