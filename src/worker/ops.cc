// The ops of an invocation: how builtins/entry.ts answers, fails and prolongs one, and the async context.

#include <simdutf.h>

#include "js/ops.h"
#include "net/websocket/link.h"
#include "worker/register.h"
#include "worker/worker_isolate.h"

namespace adit::worker {
namespace {

// A JavaScript string as UTF-8: a view of V8's own octets when it is ASCII (most are), else a converted copy.
class TextView {
 public:
  TextView(v8::Isolate* isolate, v8::Local<v8::String> string) : m_view(isolate, string) {
    const auto* data = reinterpret_cast<const char*>(m_view.data8());
    if (m_view.is_one_byte() && simdutf::validate_ascii(data, m_view.length()))
      m_text = {data, static_cast<size_t>(m_view.length())};
    else m_is_wide = true;
  }
  bool needs_copy() const { return m_is_wide; }
  std::string_view text() const { return m_text; }

 private:
  v8::String::ValueView m_view;
  std::string_view m_text;
  bool m_is_wide = false;
};

// Answers with a body that V8 lends: no JavaScript may run and nothing of V8's heap may move before it is in the connection's buffer, so
// this is for a request from the network only. V8 lends one string at a time (making a view of another may move the first), so the
// header lines are copied, to where the last ones were. False when the body is not ASCII: it must be converted.
bool respond_in_place(WorkerIsolate& worker, v8::Isolate* isolate, int32_t id, int status, std::string_view status_text,
                      v8::Local<v8::String> lines, v8::Local<v8::Value> body, EncodeBody encode) {
  auto& lines_copy = worker.header_lines_buffer();
  {
    TextView view(isolate, lines);
    if (!view.needs_copy()) lines_copy.assign(view.text());
    else lines_copy.clear();
  }
  if (lines_copy.empty()) lines_copy = js::to_utf8(isolate, lines);  // header values are text, and UTF-8 on the wire
  if (body->IsNullOrUndefined()) {
    worker.respond_bytes(id, status, status_text, lines_copy, std::monostate{});
    return true;
  }
  TextView view(isolate, body.As<v8::String>());
  if (view.needs_copy()) return false;
  worker.respond_bytes(id, status, status_text, lines_copy, view.text(), encode);
  return true;
}

// invocation_respond(id, status, statusText | undefined, headerLines, body, websocket | undefined, is encoded by hand). Raw because it is the hot path: a
// string body goes from V8's heap straight into the connection's write buffer.
void invocation_respond(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  auto& worker = js::Isolate::of(isolate).service<WorkerIsolate>();
  auto id = info[0].As<v8::Int32>()->Value();
  auto status = info[1].As<v8::Int32>()->Value();
  auto status_text = info[2]->IsString() ? js::to_utf8(isolate, info[2].As<v8::String>()) : std::string();
  auto lines = info[3].As<v8::String>();
  auto body = info[4];
  auto encode = info[6]->IsTrue() ? EncodeBody::manual : EncodeBody::automatic;
  bool is_text = body->IsString() || body->IsNullOrUndefined();
  if (is_text && !info[5]->IsObject() && !worker.is_call(id) &&
      respond_in_place(worker, isolate, id, status, status_text, lines, body, encode))
    return;
  auto lines_copy = js::to_utf8(isolate, lines);
  if (info[5]->IsObject()) {
    auto link = js::unwrap<net::WebSocketLink>(isolate, info[5]);
    if (!link) return js::throw_error(isolate, Error::type_error("the response's webSocket is not a WebSocket"));
    return worker.respond(
        id, ResponseMessage{status, std::move(status_text), std::move(lines_copy), std::monostate{}, std::move(link)});
  }
  if (body->IsString())
    return worker.respond_bytes(id, status, status_text, lines_copy,
                                copy_bytes(js::to_utf8(isolate, body.As<v8::String>())), encode);
  if (body->IsNullOrUndefined()) return worker.respond_bytes(id, status, status_text, lines_copy, std::monostate{});
  if (auto source = js::unwrap<net::ByteSource>(isolate, body))
    return worker.respond_bytes(id, status, status_text, lines_copy, std::move(source), encode);
  js::FromJs<BytesView> bytes;
  if (!bytes.read(isolate, body))
    return js::throw_error(isolate, Error::type_error("the response's body is of no known kind"));
  worker.respond_bytes(id, status, status_text, lines_copy, text_of(bytes.get()), encode);
}

void invocation_fail(js::Call& call, int32_t id, v8::Local<v8::Value> exception) {
  call.service<WorkerIsolate>().fail(id, exception);
}
void invocation_wait(js::Call& call, int32_t id, int32_t delta) { call.service<WorkerIsolate>().wait_until(id, delta); }
Result<void> invocation_subrequest(js::Call& call) {
  return call.service<WorkerIsolate>().count_subrequest(call.isolate().current_invocation());
}
void invocation_pass_through(js::Call& call, int32_t id) { call.service<WorkerIsolate>().pass_through(id); }
bool invocation_passes_through(js::Call& call, int32_t id) {
  auto* invocation = call.service<WorkerIsolate>().invocations().find(id);
  return invocation && invocation->pass_through && !invocation->responded;
}

// Once the client of a request goes away before it has all of the response, the entry function clientGone(id) is called. False when the
// invocation has no client (any more).
bool invocation_watch_client(js::Call& call, int32_t id) {
  auto* invocation = call.service<WorkerIsolate>().invocations().find(id);
  if (!invocation || !invocation->exchange || invocation->exchange->is_aborted()) return false;
  invocation->exchange->on_abort([id, weak = call.isolate().weak_from_this()] {
    auto isolate = weak.lock();
    if (!isolate) return;
    js::Entry entry(*isolate);
    isolate->set_current_invocation(id);
    auto* v8_isolate = isolate->v8();
    v8::TryCatch caught(v8_isolate);
    v8::Local<v8::Value> argument = v8::Integer::New(v8_isolate, id);
    auto function = isolate->service<WorkerIsolate>().entry_function("clientGone");
    // Listeners' exceptions are reported where they are called; only the isolate's end stops the call itself.
    if (function->Call(isolate->context(), v8::Undefined(v8_isolate), 1, &argument).IsEmpty()) return;
  });
  return true;
}
bool invocation_is_alive(js::Call& call, int32_t id) {
  return call.service<WorkerIsolate>().invocations().find(id) != nullptr;
}
void invocation_log_uncaught(js::Call& call, v8::Local<v8::Value> exception, std::string prefix) {
  call.service<WorkerIsolate>().report_uncaught(exception, prefix);
}

v8::Local<v8::Value> context_get(js::Call& call) { return call.v8()->GetContinuationPreservedEmbedderData(); }
void context_set(js::Call& call, v8::Local<v8::Value> value) { call.v8()->SetContinuationPreservedEmbedderData(value); }

std::optional<std::string> module_source_map(js::Call& call, std::string name) {
  for (const auto& module : call.service<WorkerIsolate>().script().modules)
    if (module.name == name && !module.source_map.empty()) return module.source_map;
  return std::nullopt;
}

std::vector<std::string> module_names(js::Call& call) {
  std::vector<std::string> names;
  for (const auto& module : call.service<WorkerIsolate>().script().modules) names.push_back(module.name);
  return names;
}
std::optional<Bytes> module_bytes(js::Call& call, std::string name) {
  for (const auto& module : call.service<WorkerIsolate>().script().modules)
    if (module.name == name) return copy_bytes(module.content);
  return std::nullopt;
}

// The namespace of a built-in module, loaded now; JavaScript's exception otherwise.
v8::Local<v8::Value> module_import(js::Call& call, std::string specifier) {
  v8::Local<v8::Object> name_space;
  if (js::ModuleLoader::of(call.context()).import_builtin(specifier).ToLocal(&name_space)) return name_space;
  return {};
}

}  // namespace

void register_worker_ops(js::OpTable& ops) {
  ops.add_raw("invocation_respond", invocation_respond);
  ops.add<invocation_fail>("invocation_fail");
  ops.add<invocation_wait>("invocation_wait");
  ops.add<invocation_pass_through>("invocation_pass_through");
  ops.add<invocation_passes_through>("invocation_passes_through");
  ops.add<invocation_subrequest>("invocation_subrequest");
  ops.add<invocation_watch_client>("invocation_watch_client");
  ops.add<invocation_is_alive>("invocation_is_alive");
  ops.add<invocation_log_uncaught>("invocation_log_uncaught");
  ops.add<context_get>("context_get");
  ops.add<context_set>("context_set");
  ops.add<module_source_map>("module_source_map");
  ops.add<module_names>("module_names");
  ops.add<module_bytes>("module_bytes");
  ops.add<module_import>("module_import");
}

}  // namespace adit::worker
