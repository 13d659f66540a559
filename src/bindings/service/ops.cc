// Service bindings: an entrypoint of a worker of this process, called by another invocation: a request, or a call of one of its methods. Each
// is an invocation of its own, on the caller's shard (builtins/bindings/service.ts, and builtins/entry.ts on the other side).
// Owner: the isolate's thread. Invariant: the entrypoint begins outside of the caller's JavaScript and answers in a turn of its own.
#include "bindings/service/ops.h"

#include "bindings/call_values.h"
#include "js/convert.h"
#include "js/errors.h"
#include "web/output_hold.h"
#include "worker/rpc_values.h"
#include "worker/shard.h"

namespace adit::bindings::service {
namespace {

struct Target {
  std::string worker;
  std::optional<std::string> entrypoint;  // none: the default export
  Bytes props;                            // octets of builtins/rpc
};

// An answer that is a response; RpcOutcome is converted to that of a call.
struct FetchOutcome {
  Result<worker::ResponseMessage> response;
};

v8::Local<v8::Value> to_js(v8::Isolate* isolate, FetchOutcome outcome) {
  if (outcome.response.is_error()) return worker::to_js(isolate, {std::move(outcome.response)});
  return response_to_js(isolate, std::move(outcome.response.value()));
}

js::Handle<Target> service_target(std::string worker, std::optional<std::string> entrypoint, BytesView props) {
  return std::make_shared<Target>(Target{std::move(worker), std::move(entrypoint), copy_bytes(props)});
}

void append_target(v8::Isolate* isolate, v8::LocalVector<v8::Value>& arguments, const Target& target) {
  arguments.push_back(target.entrypoint ? js::from_utf8(isolate, *target.entrypoint).As<v8::Value>()
                                        : v8::Undefined(isolate).As<v8::Value>());
  arguments.push_back(js::from_bytes(isolate, target.props));
}

using MakeArguments = Function<void(worker::WorkerIsolate&, v8::LocalVector<v8::Value>&)>;

// Begins the entry function in the target's worker, when what the caller wrote is durable.
template <typename Outcome>
js::Promise<Outcome> begin(js::Call& call, js::Handle<Target> target, const char* entry, MakeArguments more) {
  auto [promise, settle] = call.promise<Outcome>();
  auto& shard = call.service<worker::Shard>();
  auto run = [&shard, target = std::move(target), entry, more = std::move(more), settle = std::move(settle)]() mutable {
    auto* callee = shard.running_worker(target->worker);
    if (!callee)
      return settle(
          Outcome{Error::failed("The worker \"" + target->worker + "\" of a service binding is not running.")});
    callee->dispatch_call(
        entry,
        [callee, target = std::move(target), more = std::move(more)](v8::LocalVector<v8::Value>& arguments) mutable {
          append_target(callee->isolate().v8(), arguments, *target);
          more(*callee, arguments);
        },
        [&shard, settle = std::move(settle)](Result<worker::ResponseMessage> response) mutable {
          worker::run_outside(shard, [settle = std::move(settle), response = std::move(response)]() mutable {
            settle(Result<Outcome>(Outcome{std::move(response)}));
          });
        });
  };
  auto invocation = call.isolate().current_invocation();
  auto* hold = call.isolate().find_service<web::OutputHold>();
  if (!hold || hold->is_open(invocation)) shard.loop().defer(std::move(run));
  else hold->send(invocation, [&shard, run = std::move(run)]() mutable { worker::run_outside(shard, std::move(run)); });
  return promise;
}

// headers: a block, or lines.
js::Promise<FetchOutcome> service_fetch(js::Call& call, js::Handle<Target> target, std::string method, std::string url,
                                        std::string headers, bool are_lines, v8::Local<v8::Value> body) {
  worker::RequestMessage request{std::move(method), std::move(url),
                                 are_lines ? lines_to_block(headers) : std::move(headers), body_of(call.v8(), body)};
  return begin<FetchOutcome>(
      call, std::move(target), "dispatchEntrypointFetch",
      [request = std::move(request)](worker::WorkerIsolate& callee, v8::LocalVector<v8::Value>& arguments) mutable {
        auto* isolate = callee.isolate().v8();
        arguments.push_back(callee.method_string(request.method));
        arguments.push_back(js::from_utf8(isolate, request.url));
        arguments.push_back(js::from_utf8(isolate, request.header_block));
        arguments.push_back(source_to_js(isolate, std::move(request.body)));
      });
}

Result<js::Promise<worker::RpcOutcome>> service_call(js::Call& call, js::Handle<Target> target, BytesView octets,
                                                     v8::Local<v8::Array> attachments) {
  worker::RequestMessage request;
  request.body = copy_bytes(octets);
  request.attachments = TRY(worker::read_attachments(call.v8(), attachments));
  return begin<worker::RpcOutcome>(
      call, std::move(target), "dispatchEntrypointCall",
      [request = std::move(request)](worker::WorkerIsolate& callee, v8::LocalVector<v8::Value>& arguments) mutable {
        worker::append_message(callee.isolate().v8(), arguments, std::move(request.body),
                               std::move(request.attachments));
      });
}

}  // namespace

void register_service(js::OpTable& ops) {
  ops.add<service_target>("service_target");
  ops.add<service_fetch>("service_fetch");
  ops.add<service_call>("service_call");
}

}  // namespace adit::bindings::service
