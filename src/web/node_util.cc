// The ops behind node:util's types: what only V8 knows of a value. Owner: the isolate's thread.
#include "js/ops.h"

namespace adit::web {
namespace {

// A bit per predicate, in the order of builtins/node/util_types.ts.
uint32_t node_value_kind(v8::Local<v8::Value> value) {
  const bool facts[] = {value->IsArgumentsObject(),
                        value->IsAsyncFunction(),
                        value->IsGeneratorFunction(),
                        value->IsGeneratorObject(),
                        value->IsPromise(),
                        value->IsMap(),
                        value->IsSet(),
                        value->IsMapIterator(),
                        value->IsSetIterator(),
                        value->IsWeakMap(),
                        value->IsWeakSet(),
                        value->IsDate(),
                        value->IsRegExp(),
                        value->IsNativeError(),
                        value->IsProxy(),
                        value->IsModuleNamespaceObject(),
                        value->IsExternal(),
                        value->IsArrayBuffer(),
                        value->IsSharedArrayBuffer(),
                        value->IsNumberObject(),
                        value->IsStringObject(),
                        value->IsBooleanObject(),
                        value->IsBigIntObject(),
                        value->IsSymbolObject()};
  uint32_t kind = 0;
  for (size_t i = 0; i < std::size(facts); ++i) kind |= static_cast<uint32_t>(facts[i]) << i;
  return kind;
}

// [state, result]: state 0 is pending, 1 fulfilled, 2 rejected.
v8::Local<v8::Value> node_promise_details(js::Call& call, v8::Local<v8::Value> value) {
  if (!value->IsPromise()) return v8::Undefined(call.v8());
  auto promise = value.As<v8::Promise>();
  v8::Local<v8::Value> parts[] = {v8::Integer::New(call.v8(), promise->State()), v8::Undefined(call.v8())};
  if (promise->State() != v8::Promise::kPending) parts[1] = promise->Result();
  return v8::Array::New(call.v8(), parts, 2);
}

// [target, handler] of a proxy.
v8::Local<v8::Value> node_proxy_details(js::Call& call, v8::Local<v8::Value> value) {
  if (!value->IsProxy()) return v8::Undefined(call.v8());
  v8::Local<v8::Value> parts[] = {value.As<v8::Proxy>()->GetTarget(), value.As<v8::Proxy>()->GetHandler()};
  return v8::Array::New(call.v8(), parts, 2);
}

// [entries, are they pairs] of a map's, set's, weak one's or iterator's content.
v8::Local<v8::Value> node_preview_entries(js::Call& call, v8::Local<v8::Value> value) {
  bool pairs = false;
  v8::Local<v8::Array> entries;
  if (!value->IsObject() || !value.As<v8::Object>()->PreviewEntries(&pairs).ToLocal(&entries))
    return v8::Undefined(call.v8());
  v8::Local<v8::Value> parts[] = {entries, v8::Boolean::New(call.v8(), pairs)};
  return v8::Array::New(call.v8(), parts, 2);
}

v8::Local<v8::Value> node_constructor_name(v8::Local<v8::Object> value) { return value->GetConstructorName(); }

// The frames of the caller, for util.getCallSites(): [function, script, line, column] each.
v8::Local<v8::Value> node_call_sites(js::Call& call, uint32_t limit) {
  auto* isolate = call.v8();
  auto trace = v8::StackTrace::CurrentStackTrace(isolate, static_cast<int>(std::min<uint32_t>(limit, 200)));
  v8::LocalVector<v8::Value> frames(isolate);
  for (int i = 0; i < trace->GetFrameCount(); ++i) {
    auto frame = trace->GetFrame(isolate, static_cast<uint32_t>(i));
    auto text = [&](v8::Local<v8::String> name) { return name.IsEmpty() ? v8::String::Empty(isolate) : name; };
    v8::Local<v8::Value> parts[] = {text(frame->GetFunctionName()), text(frame->GetScriptName()),
                                    v8::Integer::New(isolate, frame->GetLineNumber()),
                                    v8::Integer::New(isolate, frame->GetColumn())};
    frames.push_back(v8::Array::New(isolate, parts, std::size(parts)));
  }
  return v8::Array::New(isolate, frames.data(), frames.size());
}

}  // namespace

void register_node_util(js::OpTable& ops) {
  ops.add<node_value_kind>("node_value_kind");
  ops.add<node_promise_details>("node_promise_details");
  ops.add<node_proxy_details>("node_proxy_details");
  ops.add<node_preview_entries>("node_preview_entries");
  ops.add<node_constructor_name>("node_constructor_name");
  ops.add<node_call_sites>("node_call_sites");
}

}  // namespace adit::web
