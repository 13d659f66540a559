#include "worker/rpc.h"

#include "js/convert.h"
#include "worker/rpc_values.h"
#include "worker/shard.h"

namespace adit::worker {

void Capability::release() {
  if (!std::exchange(m_is_held, false)) return;
  if (m_address.shard == m_here.index()) return m_here.rpc().release(m_address.number);
  m_here.post_to(m_address.shard, [number = m_address.number](Shard& home) { home.rpc().release(number); });
}

CapabilityAddress Capability::take() {
  VERIFY(m_is_held);
  m_is_held = false;
  return m_address;
}

std::shared_ptr<Capability> Capability::duplicate() {
  VERIFY(m_is_held);
  // A release that another shard sends later comes later, whoever sends it: it was told of this reference after this message was sent.
  if (m_address.shard == m_here.index()) m_here.rpc().reference(m_address.number);
  else m_here.post_to(m_address.shard, [number = m_address.number](Shard& home) { home.rpc().reference(number); });
  return std::make_shared<Capability>(m_here, m_address);
}

std::vector<RemoteAttachment> export_attachments(Shard& home, RpcAttachments attachments) {
  std::vector<RemoteAttachment> out;
  for (auto& attachment : attachments) {
    auto& remote = out.emplace_back();
    remote.kind = attachment.kind;
    remote.meta = std::move(attachment.meta);
    if (auto* bytes = std::get_if<Bytes>(&attachment.value)) remote.value = std::move(*bytes);
    if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&attachment.value))
      remote.value = export_source(home, std::move(*source));
    if (auto* capability = std::get_if<std::shared_ptr<Capability>>(&attachment.value))
      remote.value = (*capability)->take();
  }
  return out;
}

RpcAttachments import_attachments(Shard& here, std::vector<RemoteAttachment> attachments) {
  RpcAttachments out;
  for (auto& remote : attachments) {
    auto& attachment = out.emplace_back();
    attachment.kind = remote.kind;
    attachment.meta = std::move(remote.meta);
    if (auto* bytes = std::get_if<Bytes>(&remote.value)) attachment.value = std::move(*bytes);
    if (auto* source = std::get_if<RemoteSourceAddress>(&remote.value)) attachment.value = import_source(here, *source);
    if (auto* address = std::get_if<CapabilityAddress>(&remote.value))
      attachment.value = std::make_shared<Capability>(here, *address);
  }
  return out;
}

void run_outside(Shard& shard, Function<void()> task) {
  if (!v8::Isolate::TryGetCurrent()) return task();
  shard.loop().defer(std::move(task));
}

static Error broken_error() {
  return Error::failed("The execution context which hosts this callback is no longer running.");
}

std::shared_ptr<Capability> RpcTable::add(WorkerIsolate& home, int32_t invocation, v8::Local<v8::Value> target,
                                          bool keeps) {
  auto number = ++m_numbers;
  auto& exported = m_exports[number];
  exported.home = &home;
  exported.invocation = invocation;
  exported.target.Reset(home.isolate().v8(), target);
  exported.keeps = keeps;
  if (keeps) home.lend(invocation);
  home.mark_rpc(invocation);
  m_scopes[{&home, invocation}].exports.push_back(number);
  return std::make_shared<Capability>(m_shard, CapabilityAddress{m_shard.index(), number});
}

void RpcTable::reference(uint64_t number) {
  if (auto found = m_exports.find(number); found != m_exports.end()) ++found->second.references;
}

void RpcTable::release(uint64_t number) {
  auto found = m_exports.find(number);
  if (found == m_exports.end()) return;
  VERIFY(found->second.references > 0);
  if (--found->second.references > 0) return;
  // Maybe inside the garbage collector: the disposer runs later, in its invocation.
  m_shard.loop().defer([this, number] { dispose(number); });
}

void RpcTable::dispose(uint64_t number) {
  auto found = m_exports.find(number);
  if (found == m_exports.end() || found->second.references > 0) return;
  auto* home = found->second.home;
  auto invocation = found->second.invocation;
  auto keeps = found->second.keeps;
  {
    js::Entry entry(home->isolate());
    home->enter_standing(invocation);
    auto* isolate = home->isolate().v8();
    v8::TryCatch caught(isolate);
    v8::Local<v8::Value> arguments[] = {found->second.target.Get(isolate)};
    auto watchers = std::move(found->second.watchers);
    m_exports.erase(found);
    std::erase(m_scopes[{home, invocation}].exports, number);
    for (auto& watcher : watchers) tell_later(std::move(watcher), true);
    auto called =
        home->entry_function("disposeExport")->Call(home->isolate().context(), v8::Undefined(isolate), 1, arguments);
    if (called.IsEmpty() && !caught.HasTerminated()) home->report_uncaught(caught.Exception(), "Uncaught ");
  }
  // Else the invocation has ended meanwhile, maybe its isolate with it.
  if (keeps && m_scopes.contains({home, invocation})) home->give_back(invocation);
}

void RpcTable::adopt(WorkerIsolate& holder, int32_t invocation, const std::shared_ptr<Capability>& capability) {
  holder.mark_rpc(invocation);
  auto& imports = m_scopes[{&holder, invocation}].imports;
  // An object's standing invocation may import for ever.
  if (imports.size() >= 64 && (imports.size() & (imports.size() - 1)) == 0)
    std::erase_if(imports, [](const auto& known) { return known.expired(); });
  imports.push_back(capability);
}

void RpcTable::invocation_ended(WorkerIsolate& worker, int32_t invocation) {
  auto found = m_scopes.extract({&worker, invocation});
  if (found.empty()) return;
  for (auto& import : found.mapped().imports)
    if (auto capability = import.lock()) capability->release();
  for (auto number : found.mapped().exports) {
    auto ended = m_exports.extract(number);
    if (ended.empty()) continue;
    for (auto& watcher : ended.mapped().watchers) tell_later(std::move(watcher), false);
  }
}

void RpcTable::tell_later(Function<void(RpcOutcome)> watcher, bool is_released) {
  m_shard.loop().defer([watcher = std::move(watcher), is_released]() mutable {
    watcher(RpcOutcome{broken_error(), is_released});
  });
}

bool RpcTable::has_exports(const WorkerIsolate& worker, int32_t invocation) const {
  auto found = m_scopes.find({&worker, invocation});
  return found != m_scopes.end() && !found->second.exports.empty();
}

void RpcTable::call(const CapabilityAddress& target, RequestMessage request, Function<void(RpcOutcome)> done) {
  if (target.shard == m_shard.index()) return deliver(target.number, std::move(request), std::move(done));
  send(target, false, std::move(request), std::move(done));
}

void RpcTable::watch(const CapabilityAddress& target, Function<void(RpcOutcome)> broken) {
  if (target.shard == m_shard.index()) return deliver_watch(target.number, std::move(broken));
  send(target, true, {}, std::move(broken));
}

void RpcTable::deliver_watch(uint64_t number, Function<void(RpcOutcome)> broken) {
  auto found = m_exports.find(number);
  if (found == m_exports.end()) return broken(RpcOutcome{broken_error(), false});
  found->second.watchers.push_back(std::move(broken));
}

void RpcTable::deliver(uint64_t number, RequestMessage request, Function<void(RpcOutcome)> done) {
  auto found = m_exports.find(number);
  if (found == m_exports.end()) return done(RpcOutcome{broken_error(), false});
  auto& home = *found->second.home;
  auto invocation = found->second.invocation;
  if (m_shard.extension()->deliver_to_object(home, invocation, number, request, done)) return;
  js::Entry entry(home.isolate());
  auto* isolate = home.isolate().v8();
  v8::LocalVector<v8::Value> arguments(isolate);
  arguments.push_back(v8::Local<v8::Value>());
  arguments.push_back(found->second.target.Get(isolate));
  append_message(isolate, arguments, std::move(request.body), std::move(request.attachments));
  home.dispatch_within(
      invocation, home.entry_function("dispatchExportCall"), std::move(arguments),
      [done = std::move(done)](Result<ResponseMessage> response) mutable { done(RpcOutcome{std::move(response)}); });
}

v8::Local<v8::Value> RpcTable::target(v8::Isolate* isolate, uint64_t number) const {
  auto found = m_exports.find(number);
  if (found == m_exports.end()) return v8::Undefined(isolate);
  return found->second.target.Get(isolate);
}

struct RpcTable::RemoteCall {
  uint64_t target = 0;
  bool is_watch = false;
  RemoteBody octets;
  std::vector<RemoteAttachment> attachments;
  size_t caller = 0;
  uint64_t number = 0;
};

struct RpcTable::RemoteOutcome {
  uint64_t number = 0;
  std::optional<Error> error;
  bool is_remote = true;
  bool is_reset = false;
  int status = 0;
  RemoteBody octets;
  std::vector<RemoteAttachment> attachments;
};

void RpcTable::send(const CapabilityAddress& target, bool is_watch, RequestMessage request,
                    Function<void(RpcOutcome)> done) {
  m_calls.emplace(++m_call_numbers, std::move(done));
  RemoteCall call{target.number,
                  is_watch,
                  export_body(m_shard, std::move(request.body)),
                  export_attachments(m_shard, std::move(request.attachments)),
                  m_shard.index(),
                  m_call_numbers};
  m_shard.post_to(target.shard, [call = std::move(call)](Shard& home) mutable { home.rpc().receive(std::move(call)); });
}

void RpcTable::receive(RemoteCall call) {
  auto done = [this, caller = call.caller, number = call.number](RpcOutcome outcome) {
    RemoteOutcome answer;
    answer.number = number;
    answer.is_remote = outcome.is_remote;
    answer.is_reset = outcome.is_reset;
    if (outcome.response.is_error()) {
      answer.error = std::move(outcome.response.error());
    } else {
      auto& response = outcome.response.value();
      answer.status = response.status;
      answer.octets = export_body(m_shard, std::move(response.body));
      answer.attachments = export_attachments(m_shard, std::move(response.attachments));
    }
    m_shard.post_to(caller, [answer = std::move(answer)](Shard& shard) mutable {
      auto waiting = shard.rpc().m_calls.extract(answer.number);
      if (waiting.empty()) return;
      if (answer.error)
        return waiting.mapped()(RpcOutcome{std::move(*answer.error), answer.is_remote, answer.is_reset});
      ResponseMessage response{answer.status,
                               {},
                               {},
                               import_body(shard, std::move(answer.octets)),
                               nullptr,
                               import_attachments(shard, std::move(answer.attachments))};
      waiting.mapped()(RpcOutcome{std::move(response)});
    });
  };
  if (call.is_watch) return deliver_watch(call.target, std::move(done));
  RequestMessage request;
  request.body = import_body(m_shard, std::move(call.octets));
  request.attachments = import_attachments(m_shard, std::move(call.attachments));
  deliver(call.target, std::move(request), std::move(done));
}

}  // namespace adit::worker
