// What JavaScript may ask of Durable Objects: ids, calls to objects (builtins/bindings/durable_object.ts), and what an object asks of its own
// gates. Owner: the isolate's thread.
#include <simdutf.h>

#include "bindings/durable_object/object_host.h"
#include "bindings/durable_object/ops.h"
#include "js/convert.h"
#include "js/errors.h"
#include "js/ops.h"
#include "web/structured_clone.h"

namespace adit::bindings::durable_object {

using ClassHandle = js::Handle<ObjectClass>;
using ObjectHandle = js::Handle<Object>;

// "name: value\r\n..." as "name\0value\0...".
static std::string lines_to_block(std::string_view lines) {
  std::string block;
  block.reserve(lines.size());
  while (!lines.empty()) {
    auto colon = lines.find(": ");
    auto end = lines.find("\r\n", colon);
    if (colon == std::string_view::npos || end == std::string_view::npos) break;
    block.append(lines.substr(0, colon)).push_back('\0');
    block.append(lines.substr(colon + 2, end - colon - 2)).push_back('\0');
    lines.remove_prefix(end + 2);
  }
  return block;
}

// A text that is ASCII stays a string: the caller mostly passes it on as it is.
static v8::Local<v8::Value> body_to_js(v8::Isolate* isolate, worker::BodyValue body) {
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body))
    return js::wrap<net::ByteSource>(isolate, std::move(*source));
  auto* bytes = std::get_if<Bytes>(&body);
  if (!bytes) return v8::Undefined(isolate);
  auto text = text_of(*bytes);
  if (simdutf::validate_ascii(text.data(), text.size())) return js::from_latin1(isolate, text);
  return js::from_bytes(isolate, std::move(*bytes));
}

// [status, statusText, headerBlock, body, webSocket], or [exception, is remote, is reset].
static v8::Local<v8::Value> to_js(v8::Isolate* isolate, Outcome outcome) {
  if (outcome.response.is_error()) {
    v8::Local<v8::Value> parts[] = {js::to_exception(isolate, outcome.response.error()),
                                    v8::Boolean::New(isolate, outcome.is_remote),
                                    v8::Boolean::New(isolate, outcome.is_reset)};
    return v8::Array::New(isolate, parts, 3);
  }
  auto& response = outcome.response.value();
  v8::Local<v8::Value> parts[] = {
      v8::Integer::New(isolate, response.status), js::from_utf8(isolate, response.status_text),
      js::from_utf8(isolate, lines_to_block(response.header_lines)), body_to_js(isolate, std::move(response.body)),
      js::to_js(isolate, std::move(response.websocket))};
  return v8::Array::New(isolate, parts, 5);
}

namespace {

Result<ClassHandle> object_class(js::Call& call, std::string name) {
  auto found = call.service<IsolateObjects>().find_class(name);
  if (!found) return Error::failed("No migration makes the Durable Object class \"" + name + "\".");
  return found;
}

js::ByteString object_id_from_name(ClassHandle object_class, std::string name) {
  return {ObjectId::from_name(object_class->key, name).text()};
}

js::ByteString object_id_unique(js::Call& call, ClassHandle object_class) {
  return {ObjectId::make_unique(object_class->key, call.service<IsolateObjects>().host().shard().random()).text()};
}

Result<js::ByteString> object_id_parse(ClassHandle object_class, std::string text) {
  auto id = ObjectId::parse(text);
  if (!id) return Error::type_error("Invalid Durable Object ID: must be 64 hex digits");
  if (!id->is_valid(object_class->key)) return Error::type_error("Durable Object ID is not valid for this namespace.");
  return js::ByteString{id->text()};
}

worker::BodyValue body_of(v8::Isolate* isolate, v8::Local<v8::Value> value) {
  if (value->IsNullOrUndefined()) return std::monostate{};
  if (value->IsString()) return copy_bytes(js::to_utf8(isolate, value.As<v8::String>()));
  if (auto source = js::unwrap<net::ByteSource>(isolate, value)) return source;
  js::FromJs<BytesView> bytes;
  VERIFY(bytes.read(isolate, value));
  return copy_bytes(bytes.get());
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
  auto [promise, settle] = call.promise<Outcome>();
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
                                                std::optional<std::string> name, std::string method,
                                                v8::Local<v8::Value> arguments) {
  ObjectCall object_call;
  object_call.is_method = true;
  object_call.request.method = std::move(method);
  object_call.request.body = TRY(web::serialize_value(call.v8(), call.context(), arguments));
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
  ops.add<object_fetch>("object_fetch");
  ops.add<object_call_method>("object_call_method");
  ops.add<object_serialize>("object_serialize");
  ops.add<object_deserialize>("object_deserialize");
  ops.add<object_block>("object_block");
  ops.add<object_unblock>("object_unblock");
  ops.add<object_reset>("object_reset");
}

}  // namespace adit::bindings::durable_object
