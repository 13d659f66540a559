// The ops of JavaScript RPC (builtins/rpc): exports, references, calls and answers.
// Owner: the isolate's thread. Invariant: a call begins outside of its caller's JavaScript and is answered in a turn of its own.
#include "js/errors.h"
#include "js/ops.h"
#include "web/output_hold.h"
#include "worker/register.h"
#include "worker/rpc_values.h"
#include "worker/shard.h"

namespace adit::worker {
namespace {

Shard& shard_of(js::Call& call) { return call.service<Shard>(); }

Result<js::Handle<Capability>> rpc_export(js::Call& call, v8::Local<v8::Value> target, bool keeps) {
  auto& worker = call.service<WorkerIsolate>();
  auto invocation = call.isolate().current_invocation();
  if (!worker.invocations().find(invocation))
    return Error::failed("RPC needs a request or event that is being handled.");
  return shard_of(call).rpc().add(worker, invocation, target, keeps);
}

void rpc_adopt(js::Call& call, js::Handle<Capability> capability) {
  auto& worker = call.service<WorkerIsolate>();
  auto invocation = call.isolate().current_invocation();
  if (worker.invocations().find(invocation)) shard_of(call).rpc().adopt(worker, invocation, capability);
  else capability->release();
}

bool rpc_is_held(js::Handle<Capability> capability) { return capability->is_held(); }
std::optional<js::Handle<Capability>> rpc_duplicate(js::Handle<Capability> capability) {
  if (!capability->is_held()) return std::nullopt;
  return capability->duplicate();
}
void rpc_release(js::Handle<Capability> capability) { capability->release(); }

// Starts outside of JavaScript, when what the caller wrote is durable; answers in a turn of its own.
js::Promise<RpcOutcome> start(js::Call& call, Function<void(Shard&, Function<void(RpcOutcome)>)> begin) {
  auto [promise, settle] = call.promise<RpcOutcome>();
  auto& shard = shard_of(call);
  auto run = [&shard, begin = std::move(begin), settle = std::move(settle)]() mutable {
    begin(shard, [&shard, settle = std::move(settle)](RpcOutcome outcome) mutable {
      run_outside(shard, [settle = std::move(settle), outcome = std::move(outcome)]() mutable {
        settle(Result<RpcOutcome>(std::move(outcome)));
      });
    });
  };
  auto invocation = call.isolate().current_invocation();
  auto* hold = call.isolate().find_service<web::OutputHold>();
  if (hold && !hold->is_open(invocation))
    hold->send(invocation, [&shard, run = std::move(run)]() mutable { run_outside(shard, std::move(run)); });
  else shard.loop().defer(std::move(run));
  return promise;
}

// What a call holds until it has left: its caller may dispose of the stub before that, and the target must outlive the call's way.
Result<std::shared_ptr<Capability>> hold(const js::Handle<Capability>& capability) {
  if (!capability->is_held()) return Error::failed("RPC stub used after being disposed.");
  return capability->duplicate();
}

Result<js::Promise<RpcOutcome>> rpc_call(js::Call& call, js::Handle<Capability> capability, BytesView octets,
                                         v8::Local<v8::Array> attachments) {
  RequestMessage request;
  request.body = copy_bytes(octets);
  request.attachments = TRY(read_attachments(call.v8(), attachments));
  return start(call, [target = TRY(hold(capability)), request = std::move(request)](
                         Shard& shard, Function<void(RpcOutcome)> done) mutable {
    shard.rpc().call(target->address(), std::move(request), std::move(done));
  });
}

Result<js::Promise<RpcOutcome>> rpc_watch(js::Call& call, js::Handle<Capability> capability) {
  return start(call, [target = TRY(hold(capability))](Shard& shard, Function<void(RpcOutcome)> done) {
    shard.rpc().watch(target->address(), std::move(done));
  });
}

Result<void> rpc_respond(js::Call& call, int32_t id, bool is_exception, BytesView octets,
                         v8::Local<v8::Array> attachments) {
  ResponseMessage response{is_exception ? 500 : 200, {},      {},
                           copy_bytes(octets),       nullptr, TRY(read_attachments(call.v8(), attachments))};
  call.service<WorkerIsolate>().respond(id, std::move(response));
  return {};
}

v8::Local<v8::Array> attachments_to_js(v8::Isolate* isolate, RpcAttachments attachments) {
  v8::LocalVector<v8::Value> items(isolate);
  for (auto& attachment : attachments) {
    v8::Local<v8::Value> value = v8::Undefined(isolate);
    if (auto* bytes = std::get_if<Bytes>(&attachment.value)) value = js::from_bytes(isolate, std::move(*bytes));
    if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&attachment.value))
      value = js::wrap<net::ByteSource>(isolate, std::move(*source));
    if (auto* capability = std::get_if<std::shared_ptr<Capability>>(&attachment.value))
      value = js::wrap<Capability>(isolate, std::move(*capability));
    v8::Local<v8::Value> parts[] = {v8::Integer::New(isolate, attachment.kind), js::from_utf8(isolate, attachment.meta),
                                    value};
    items.push_back(v8::Array::New(isolate, parts, 3));
  }
  return v8::Array::New(isolate, items.data(), items.size());
}

v8::Local<v8::Value> octets_to_js(v8::Isolate* isolate, BodyValue octets) {
  auto* bytes = std::get_if<Bytes>(&octets);
  return js::from_bytes(isolate, bytes ? std::move(*bytes) : Bytes{});
}

}  // namespace

void append_message(v8::Isolate* isolate, v8::LocalVector<v8::Value>& arguments, BodyValue octets,
                    RpcAttachments attachments) {
  arguments.push_back(octets_to_js(isolate, std::move(octets)));
  arguments.push_back(attachments_to_js(isolate, std::move(attachments)));
}

v8::Local<v8::Value> to_js(v8::Isolate* isolate, RpcOutcome outcome) {
  if (outcome.response.is_error()) {
    v8::Local<v8::Value> parts[] = {js::to_exception(isolate, outcome.response.error()),
                                    v8::Boolean::New(isolate, outcome.is_remote),
                                    v8::Boolean::New(isolate, outcome.is_reset)};
    return v8::Array::New(isolate, parts, 3);
  }
  auto& response = outcome.response.value();
  v8::Local<v8::Value> parts[] = {v8::Integer::New(isolate, response.status),
                                  octets_to_js(isolate, std::move(response.body)),
                                  attachments_to_js(isolate, std::move(response.attachments))};
  return v8::Array::New(isolate, parts, 3);
}

Result<RpcAttachments> read_attachments(v8::Isolate* isolate, v8::Local<v8::Array> list) {
  auto context = isolate->GetCurrentContext();
  RpcAttachments out;
  for (uint32_t i = 0; i < list->Length(); ++i) {
    v8::Local<v8::Value> parts[3];
    auto item = list->Get(context, i).ToLocalChecked().As<v8::Array>();
    for (uint32_t part = 0; part < 3; ++part) parts[part] = item->Get(context, part).ToLocalChecked();
    auto& attachment = out.emplace_back();
    attachment.kind = parts[0].As<v8::Int32>()->Value();
    attachment.meta = js::to_utf8(isolate, parts[1].As<v8::String>());
    js::FromJs<BytesView> bytes;
    if (auto source = js::unwrap<net::ByteSource>(isolate, parts[2])) {
      attachment.value = std::move(source);
    } else if (auto capability = js::unwrap<Capability>(isolate, parts[2])) {
      if (!capability->is_held()) return Error::failed("RPC stub used after being disposed.");
      attachment.value = std::make_shared<Capability>(capability->shard(), capability->take());
    } else if (bytes.read(isolate, parts[2])) {
      attachment.value = copy_bytes(bytes.get());
    }
  }
  return out;
}

void register_rpc_ops(js::OpTable& ops) {
  ops.add<rpc_export>("rpc_export");
  ops.add<rpc_adopt>("rpc_adopt");
  ops.add<rpc_is_held>("rpc_is_held");
  ops.add<rpc_duplicate>("rpc_duplicate");
  ops.add<rpc_release>("rpc_release");
  ops.add<rpc_call>("rpc_call");
  ops.add<rpc_watch>("rpc_watch");
  ops.add<rpc_respond>("rpc_respond");
}

}  // namespace adit::worker
