// The Durable Objects of one shard, and the way to those of the others.
//
// Where an object lives follows from its id alone (its hash modulo the number of shards): every shard knows it without a directory to ask or
// to keep, and there can be no second instance. Placing an object near its first requester needs that directory, and comes with the
// cluster's.
//
// Owner: its shard. Lifecycle: made with the shard's services; objects end when their worker is replaced or the shard stops.
// Invariant: at most one Object per id has not ended. Between shards travel values only; what waits for an answer stays on its shard.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "bindings/durable_object/alarms.h"
#include "bindings/durable_object/isolate_objects.h"
#include "bindings/durable_object/object.h"
#include "worker/shard.h"

namespace adit::bindings {
class ShardState;
}

namespace adit::bindings::durable_object {

struct HostOptions {
  // In-memory state is kept this long without events. Cloudflare: 70 to 140 seconds. Less when more objects are awake than the store has
  // ledgers for: those go first that have been idle for longest.
  uint64_t idle_ms = 70'000;
  uint64_t hibernate_ms = 10'000;      // the same for one with hibernatable WebSockets
  uint64_t section_limit_ms = 30'000;  // of blockConcurrencyWhile, as documented
  int64_t alarm_retry_ms = first_alarm_retry_ms;
};
// With what tests shorten: ADIT_OBJECT_IDLE_MS, ADIT_OBJECT_SECTION_MS, ADIT_ALARM_RETRY_MS.
HostOptions host_options_from_environment();

class ObjectHost final : public AlarmShard {
 public:
  ObjectHost(worker::Shard& shard, ShardState& state, HostOptions options)
      : m_shard(shard), m_state(state), m_options(options), m_alarms(*this) {}

  Alarms& alarms() { return m_alarms; }
  // For an object of this shard, from anywhere: in a turn of its own.
  void deliver_later(const ObjectAddress& address, ObjectCall call) {
    object_of(address)->deliver_later(std::move(call));
  }
  // The same at once; never inside JavaScript.
  void deliver(const ObjectAddress& address, ObjectCall call) { object_of(address)->deliver(std::move(call)); }
  // The hibernatable WebSockets of an object of this shard; made at first use.
  HibernatedSockets& sockets_of(const ObjectAddress& address);
  void drop_sockets(const ObjectId& id);
  // Nobody else would hear of an error.
  void socket_event_ended(const Outcome& outcome, std::string_view handler);
  // From JavaScript on this shard; the answer comes in a turn of its own, unless the caller may be answered inside another's.
  void call(const ObjectAddress& address, ObjectCall call);
  // A call of what an object exported by RPC, when the invocation is one's.
  bool deliver(worker::WorkerIsolate& worker, int32_t invocation, uint64_t number, worker::RequestMessage& request,
               Function<void(worker::RpcOutcome)>& done);
  // Ends every object of a class that is deleted, and deletes the data of those that are this shard's.
  void destroy_space(const std::string& space, Function<void(Result<void>)> done);

  // ShardExtension's events.
  void attach(worker::WorkerIsolate& worker, std::shared_ptr<const ClassTable> classes);
  void detach(worker::WorkerIsolate& worker);
  void activated(const worker::WorkerIsolate& worker) {
    m_current = &worker;
    m_alarms.activated();
  }
  void destroyed(const worker::WorkerIsolate* worker) { m_isolates.erase(worker); }
  void close();

  // For Object.
  worker::Shard& shard() { return m_shard; }
  const HostOptions& options() const { return m_options; }
  // Where objects are made now; null when no worker runs.
  IsolateObjects* running_isolate(const ObjectClass& object_class);
  // Of a worker that runs; null when none has it.
  std::shared_ptr<ObjectClass> class_of_space(std::string_view space);
  Result<std::shared_ptr<ledger::Ledger>> open_ledger(const std::string& space, const ObjectId& id) override;
  // The store has so many ledgers open that another object should wait for some of them to close, for a while; then it runs.
  bool must_wait_for_room(const std::shared_ptr<Object>& object);
  // Its ledger broke and opens anew: nothing of it runs until then.
  bool is_recovering(const ObjectId& id) const { return m_recovering.contains(id); }
  void recover(const ObjectAddress& address);
  // It ended and wished to begin anew with an earlier state of its storage.
  void restore(const ObjectAddress& address, const std::string& bookmark);
  void ended(Object& object);
  int64_t unix_ms() const override { return m_shard.clock().unix_ms(); }
  int64_t now_ms() const { return m_shard.clock().monotonic_ns() / 1'000'000; }

  // AlarmShard (object_host_alarms.cc)
  size_t shard_number() const override;
  size_t shard_count() const override;
  int64_t first_alarm_retry_ms() const override { return m_options.alarm_retry_ms; }
  void defer(Function<void()> task) override;
  std::unique_ptr<Timer> after(uint64_t delay_ms, Function<void()> task) override;
  bool has_state() const override;
  Result<ledger::LedgerStore*> store() override;
  Result<std::vector<ledger::LedgerId>> interrupted_ledgers() override;
  void interrupted_noted() override;
  bool has_class(const std::string& space) override { return class_of_space(space) != nullptr; }
  void begin_alarm(const AlarmRow& row, Function<void(Result<void>)> done) override;
  void give_rows(size_t shard, size_t adoption, std::vector<AlarmRow> rows) override;
  void log_error(const std::string& text) override;
  void tell_author(const std::string& text) override;

 private:
  struct RemoteCall;
  struct RemoteOutcome;
  static ObjectHost& of(worker::Shard& shard);
  std::shared_ptr<Object> object_of(const ObjectAddress& address);
  void call_remote(size_t owner, const ObjectAddress& address, ObjectCall call);
  void receive(RemoteCall call);
  Result<std::vector<ledger::LedgerId>> own_ledgers(const std::string& space);
  void drop_sockets_of_space(const std::string& space);
  void sweep_later();
  void sweep();
  void sweep_all_but(size_t ledgers);
  void put_to_sleep();
  void give_room();
  void collect_garbage_later();
  void collect_garbage(uint64_t after_ms);

  worker::Shard& m_shard;
  ShardState& m_state;
  HostOptions m_options;
  Alarms m_alarms;
  std::unordered_map<ObjectId, std::shared_ptr<Object>> m_objects;
  std::unordered_map<ObjectId, std::shared_ptr<HibernatedSockets>> m_sockets;
  const worker::WorkerIsolate* m_current = nullptr;  // the one that was activated last; only a name
  std::unordered_map<const worker::WorkerIsolate*, std::unique_ptr<IsolateObjects>> m_isolates;
  std::unordered_set<ObjectId> m_recovering;
  std::unordered_map<uint64_t, Function<void(Outcome)>> m_remote_calls;  // to other shards, by number
  uint64_t m_call_numbers = 0;
  net::Timer m_sweep;
  std::deque<std::weak_ptr<Object>> m_sleepy;  // found idle, to be put to sleep a few at a time
  net::Timer m_bedtime;
  size_t m_slept = 0;  // since garbage was collected
  net::Timer m_collection;
  bool m_makes_room = false;
  std::deque<std::weak_ptr<Object>> m_waiting_for_room;
  int64_t m_no_room_since_ms = 0;
  int64_t m_room_swept_ms = 0;
  net::Timer m_room_timer;
  size_t m_noted_shards = 0;  // on the first shard: those that interrupted_noted() came from
  bool m_is_closed = false;
};

// On every shard, and waits for it: main's thread, while the shards run.
Result<void> destroy_space(worker::ShardGroup& group, const std::string& space);

}  // namespace adit::bindings::durable_object
