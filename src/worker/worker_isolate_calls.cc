// How an invocation begins that another invocation asked for: stubs, service bindings, RPC, events without a request. Those from the network are in
// worker_isolate.cc. Owner: the shard's thread. Invariant: the reply is called exactly once, unless the caller has said that it no longer waits.
#include <fmt/format.h>

#include "js/convert.h"
#include "worker/worker_isolate.h"

namespace adit::worker {
namespace {

v8::Local<v8::Value> body_to_js(v8::Isolate* isolate, BodyValue body) {
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body))
    return js::wrap<net::ByteSource>(isolate, std::move(*source));
  if (auto* bytes = std::get_if<Bytes>(&body))
    return js::wrap<net::ByteSource>(isolate, std::make_shared<net::MemorySource>(std::move(*bytes)));
  return v8::Undefined(isolate);
}

}  // namespace

int32_t WorkerIsolate::dispatch_message(std::string_view target, v8::LocalVector<v8::Value> prefix,
                                        RequestMessage request, Reply reply) {
  auto& isolate = *m_options.isolate;
  auto* v8_isolate = isolate.v8();
  prefix.push_back(method_string(request.method));
  prefix.push_back(js::from_utf8(v8_isolate, request.url));
  prefix.push_back(js::from_utf8(v8_isolate, request.header_block));
  prefix.push_back(body_to_js(v8_isolate, std::move(request.body)));
  return dispatch_event(target, std::move(prefix), std::move(reply));
}

int32_t WorkerIsolate::dispatch_event(std::string_view target, v8::LocalVector<v8::Value> arguments, Reply reply) {
  auto id = m_invocations.begin();
  auto& invocation = *m_invocations.find(id);
  invocation.reply = std::move(reply);
  invocation.keeps_timers = true;
  invocation.started_ns = m_options.clock->monotonic_ns();
  if (!m_start_error.empty()) {
    answer_error(id, 500, "The worker did not start", m_start_error);
    return -1;
  }
  auto& isolate = *m_options.isolate;
  auto* v8_isolate = isolate.v8();
  // A call between invocations of one isolate begins inside the caller's JavaScript; the caller gets its context back afterwards.
  v8::HandleScope handles(v8_isolate);
  auto callers_context = v8_isolate->GetContinuationPreservedEmbedderData();
  if (m_entry_invocation < 0) m_entry_invocation = id;
  {
    js::Entry entry(isolate);
    isolate.set_current_invocation(id);
    arguments.insert(arguments.begin(), v8::Integer::New(v8_isolate, id));
    call_handler(id, entry_function(target), static_cast<int>(arguments.size()), arguments.data());
    v8_isolate->SetContinuationPreservedEmbedderData(callers_context);
  }
  return id;
}

void WorkerIsolate::dispatch_call(std::string_view target, Function<void(v8::LocalVector<v8::Value>&)> make_arguments,
                                  Reply reply) {
  auto id = m_invocations.begin();
  auto& invocation = *m_invocations.find(id);
  invocation.reply = std::move(reply);
  invocation.can_hang = true;
  invocation.started_ns = m_options.clock->monotonic_ns();
  if (!m_start_error.empty()) return answer_error(id, 500, "The worker did not start", m_start_error);
  auto& isolate = *m_options.isolate;
  m_entry_invocation = id;
  js::Entry entry(isolate);
  isolate.set_current_invocation(id);
  v8::LocalVector<v8::Value> arguments(isolate.v8());
  arguments.push_back(v8::Integer::New(isolate.v8(), id));
  make_arguments(arguments);
  call_handler(id, entry_function(target), static_cast<int>(arguments.size()), arguments.data());
}

void WorkerIsolate::lend(int32_t id) {
  if (auto* invocation = m_invocations.find(id)) ++invocation->lent;
}

void WorkerIsolate::give_back(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  VERIFY(invocation->lent > 0);
  if (--invocation->lent == 0) maybe_end(id, *invocation);
}

void WorkerIsolate::mark_rpc(int32_t id) {
  if (auto* invocation = m_invocations.find(id)) invocation->uses_rpc = true;
}

}  // namespace adit::worker
