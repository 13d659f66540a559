// JavaScript RPC between invocations, on one shard or across them: what a call carries beside its octets, and the references (capabilities)
// to what another invocation has exported: functions and RpcTargets. builtins/rpc is the JavaScript side.
//
// An export is a number on its home shard. A Capability is one reference to it: while there is one, the export is kept, and the invocation that
// gave it as a result lives. When an invocation ends, what it exported is broken and what it had imported is let go of.
//
// Owner: the shard. Invariant: between shards travel numbers only; every reference is given back exactly once, by release() or by whom it
// travelled to. A call is answered exactly once.
#pragma once

#include <v8.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/function.h"
#include "worker/invocation.h"
#include "worker/remote_source.h"
#include "worker/rpc_message.h"

namespace adit::worker {

class Shard;
class WorkerIsolate;

struct CapabilityAddress {
  size_t shard = 0;
  uint64_t number = 0;
};

class Capability {
 public:
  // Takes over a reference that is counted already.
  Capability(Shard& here, CapabilityAddress address) : m_here(here), m_address(address) {}
  ~Capability() { release(); }
  Capability(const Capability&) = delete;
  Capability& operator=(const Capability&) = delete;

  Shard& shard() { return m_here; }
  const CapabilityAddress& address() const { return m_address; }
  bool is_held() const { return m_is_held; }
  // Lets go of the reference; again does nothing.
  void release();
  // The reference leaves with the caller.
  CapabilityAddress take();
  // One more reference.
  std::shared_ptr<Capability> duplicate();

 private:
  Shard& m_here;
  CapabilityAddress m_address;
  bool m_is_held = true;
};

// How a call ended. Its octets are the result (status 200) or what was thrown (500); an Error is of the way, not of the callee.
struct RpcOutcome {
  Result<ResponseMessage> response;
  bool is_remote = true;
  bool is_reset = false;
};

// Attachments as they travel to another shard.
struct RemoteAttachment {
  int32_t kind = 0;
  std::string meta;
  std::variant<std::monostate, Bytes, RemoteSourceAddress, CapabilityAddress> value;
};
std::vector<RemoteAttachment> export_attachments(Shard& home, RpcAttachments attachments);
RpcAttachments import_attachments(Shard& here, std::vector<RemoteAttachment> attachments);

// The exports of one shard, what its invocations have imported, and its calls to others.
class RpcTable {
 public:
  explicit RpcTable(Shard& shard) : m_shard(shard) {}

  // What the invocation exports now, with the first reference. `keeps`: the invocation lives as long as it is referred to.
  std::shared_ptr<Capability> add(WorkerIsolate& home, int32_t invocation, v8::Local<v8::Value> target, bool keeps);
  void reference(uint64_t number);
  void release(uint64_t number);
  // The invocation that lets go of it when it ends.
  void adopt(WorkerIsolate& holder, int32_t invocation, const std::shared_ptr<Capability>& capability);

  // Never inside JavaScript. Octets are builtins/rpc's: a path and arguments.
  void call(const CapabilityAddress& target, RequestMessage request, Function<void(RpcOutcome)> done);
  // Tells when the export is broken: its invocation ended while it was referred to. Told as "remote" when the last reference is let go of.
  void watch(const CapabilityAddress& target, Function<void(RpcOutcome)> broken);

  void invocation_ended(WorkerIsolate& worker, int32_t invocation);
  bool has_exports(const WorkerIsolate& worker, int32_t invocation) const;
  // Undefined when it is broken.
  v8::Local<v8::Value> target(v8::Isolate* isolate, uint64_t number) const;

 private:
  struct Export {
    WorkerIsolate* home = nullptr;
    int32_t invocation = -1;
    v8::Global<v8::Value> target;
    uint32_t references = 1;
    bool keeps = false;
    std::vector<Function<void(RpcOutcome)>> watchers;
  };
  struct Scope {
    std::vector<uint64_t> exports;
    std::vector<std::weak_ptr<Capability>> imports;
  };
  struct RemoteCall;
  struct RemoteOutcome;
  using ScopeKey = std::pair<const WorkerIsolate*, int32_t>;

  void deliver(uint64_t number, RequestMessage request, Function<void(RpcOutcome)> done);
  void deliver_watch(uint64_t number, Function<void(RpcOutcome)> broken);
  void send(const CapabilityAddress& target, bool is_watch, RequestMessage request, Function<void(RpcOutcome)> done);
  void receive(RemoteCall call);
  void dispose(uint64_t number);
  void tell_later(Function<void(RpcOutcome)> watcher, bool is_released);

  Shard& m_shard;
  uint64_t m_numbers = 0;
  std::unordered_map<uint64_t, Export> m_exports;
  std::map<ScopeKey, Scope> m_scopes;
  std::unordered_map<uint64_t, Function<void(RpcOutcome)>> m_calls;  // to other shards
  uint64_t m_call_numbers = 0;
};

// Whether the worker runs code of this isolate or of another now: what begins then begins in a turn of its own.
void run_outside(Shard& shard, Function<void()> task);

}  // namespace adit::worker
