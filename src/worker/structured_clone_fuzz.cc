// Any octets as a stored value (web/structured_clone.h) or as those of an RPC call (rpc_deserialize), by the first octet. V8's reader is not
// compiled for coverage, so the shapes that come out are counted instead. Checked: a value or an error, never a crash; a value can be walked,
// written and read again to the same octets.
#include "web/structured_clone.h"

#include <memory>

#include "web/fuzz_isolate.h"
#include "worker/register.h"

namespace {

// Walks the value and counts what it meets. `read` is called inside, where an exception of it is an answer.
constexpr auto source = R"js((() => {
  const kinds = new Map();
  const counters = __adit_counters;
  const base = 8192;
  const count = (kind, depth) => {
    if (!kinds.has(kind)) kinds.set(kind, kinds.size);
    counters[base + (kinds.get(kind) % 512) * 8 + Math.min(depth, 7)]++;
  };
  const walk = (value, depth, seen) => {
    if (typeof value !== "object" || value === null) return count(`${typeof value}`, depth);
    if (seen.has(value)) return count("again", depth);
    if (seen.size > 500 || depth > 50) return count("enough", depth);
    seen.add(value);
    count(Object.prototype.toString.call(value) + (Object.isFrozen(value) ? "frozen" : ""), depth);
    if (ArrayBuffer.isView(value)) {
      const octets = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      if (octets.length > 0) octets[octets.length - 1] += octets[0] + 1;
      return walk(value.buffer, depth + 1, seen);
    }
    if (value instanceof ArrayBuffer) {
      if (value.resizable) count("resizable", depth);
      const octets = new Uint8Array(value);
      if (octets.length > 0) octets[octets.length - 1] ^= octets[0];
      return;
    }
    if (value instanceof Map || value instanceof Set)
      for (const item of value) walk(item, depth + 1, seen);
    if (value instanceof RegExp) value.exec("abc");
    if (value instanceof Date) value.getTime();
    let left = 100;
    for (const key of Reflect.ownKeys(value)) {
      if (left-- === 0) break;
      walk(value[key], depth + 1, seen);
    }
  };
  return (check, read, again, hosts) => {
    let value;
    try {
      value = read();
    } catch (error) {
      count(`${error?.name}: ${error?.message}`.slice(0, 60), 0);
      return;
    }
    walk(value, 0, new Set());
    let first;
    try {
      first = again(value);
    } catch (error) {
      return count(`writing: ${error?.message}`.slice(0, 60), 0);
    }
    const second = again(first);
    walk(second, 0, new Set());
  };
})())js";

using namespace adit;

struct Input {
  Bytes octets;
  bool is_rpc = false;
};

Input& current() {
  static Input input;
  return input;
}

// Whether a sparse array ('a') may be in it whose length makes V8 fill tens of megabytes: that is slow, and nothing else.
bool has_long_array(BytesView octets) {
  for (size_t i = 0; i + 4 < octets.size(); ++i)
    if (octets[i] == 'a' && octets[i + 1] >= 0x80 && octets[i + 2] >= 0x80 && octets[i + 3] >= 4) return true;
  return false;
}

v8::FunctionCallback rpc_deserialize() {
  static const auto op = [] {
    js::OpTable ops;
    worker::register_rpc_serializer(ops);
    for (const auto& candidate : ops.ops())
      if (std::string_view(candidate.name) == "rpc_deserialize") return candidate.callback;
    VERIFY_NOT_REACHED();
  }();
  return op;
}

void read(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  auto context = isolate->GetCurrentContext();
  if (!current().is_rpc) {
    auto value = web::deserialize_value(isolate, context, current().octets);
    if (value.is_error()) return js::throw_error(isolate, value.error());
    return info.GetReturnValue().Set(value.value());
  }
  v8::Local<v8::Value> hosts[] = {v8::Object::New(isolate), v8::Map::New(isolate), v8::Array::New(isolate, 3)};
  v8::Local<v8::Value> arguments[] = {js::from_bytes(isolate, current().octets), v8::Array::New(isolate, hosts, 3)};
  v8::Local<v8::Value> result;
  if (v8::Function::New(context, rpc_deserialize())
          .ToLocalChecked()
          ->Call(context, hosts[0], 2, arguments)
          .ToLocal(&result))
    info.GetReturnValue().Set(result);
}

// Through the stored form and back.
void again(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  auto context = isolate->GetCurrentContext();
  auto octets = web::serialize_value(isolate, context, info[0]);
  if (octets.is_error()) return js::throw_error(isolate, octets.error());
  auto value = web::deserialize_value(isolate, context, octets.value());
  // What was written here can be read here.
  VERIFY(value.is_ok());
  info.GetReturnValue().Set(value.value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto isolate = [] {
    js::OpTable ops;
    web::register_web_ops(ops);
    return std::make_unique<web::FuzzIsolate>(std::move(ops), source);
  }();
  if (size < 2 || has_long_array({data, size})) return 0;
  current().is_rpc = data[0] % 2 == 1;
  current().octets.assign(data + 1, data + size);
  if (!current().is_rpc) current().octets.insert(current().octets.begin(), 1);  // the stored form's version
  current().octets.shrink_to_fit();
  isolate->call([&](v8::Isolate* v8_isolate, v8::LocalVector<v8::Value>& arguments) {
    auto context = v8_isolate->GetCurrentContext();
    arguments.push_back(v8::Function::New(context, read).ToLocalChecked());
    arguments.push_back(v8::Function::New(context, again).ToLocalChecked());
  });
  return 0;
}
