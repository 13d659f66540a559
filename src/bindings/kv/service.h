// The KV of one shard: brings each call to the shard that owns the namespace and the answer back, and remembers what it read from others.
// Owner: its shard. Lifecycle: made with the shard's services, closed before the ledger store.
// Invariant: between shards travel only values that nobody changes; what waits for an answer (promises) never leaves its shard.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/blobs/upload.h"
#include "bindings/kv/partition.h"
#include "bindings/kv/read_cache.h"
#include "worker/shard.h"

namespace adit::bindings {
class ShardState;
}

namespace adit::bindings::kv {

// A binding's namespace, as JavaScript holds it.
struct Namespace {
  std::string id;
  size_t owner = 0;  // shard
};

class Service final : public Readers {
 public:
  Service(worker::Shard& shard, ShardState& state);
  // StaleReads in the namespaces opened from now on; 0 is off.
  void set_propagation_s(uint32_t seconds) { m_propagation_s = seconds; }

  // The namespace's shard follows from its id alone: all shards agree.
  std::shared_ptr<Namespace> open(std::string id) const;

  // Of a namespace that this shard owns, if it can be had without waiting; else null.
  std::shared_ptr<Partition> own_partition(const Namespace& space);
  // The value of another shard's namespace, if it is remembered: null when it is not.
  const SharedValue* remembered(const Namespace& space, std::string_view key);

  void get(const Namespace& space, std::string key, Callback<SharedValue> done);
  // A long value's octets as a source on this shard.
  Result<std::shared_ptr<net::ByteSource>> source_of(const Namespace& space, const Value& value);
  // The same with its octets in memory.
  void load(const Namespace& space, SharedValue value, Callback<SharedValue> done);
  // In the order of the keys. Fails when their values are more than one answer may carry.
  void get_many(const Namespace& space, std::vector<std::string> keys, Callback<std::vector<SharedValue>> done);
  void put(const Namespace& space, PutRequest request, Callback<void> done);
  // The value is the body, which becomes a blob when it is long. Memory is bounded, whatever the length.
  void put_body(const Namespace& space, PutRequest request, blobs::UploadBody body, Callback<void> done);
  void remove(const Namespace& space, std::string key, Callback<void> done);
  void list(const Namespace& space, ListRequest request, Callback<ListPage> done);

  // Lets go of the ledgers.
  void close();

  // Readers
  void forget(size_t shard, const std::string& space, const std::string& key, Function<void()> done) override;

 private:
  using Partitions = std::unordered_map<std::string, std::shared_ptr<Partition>>;
  using PartitionCallback = Callback<std::shared_ptr<Partition>>;
  static Service& of(worker::Shard& shard);
  void with_partition(const std::string& id, PartitionCallback done);
  Result<std::shared_ptr<Partition>> opened(const std::string& id, Result<std::shared_ptr<ledger::Ledger>> ledger);
  // Runs work(partition, reply) on the owner's shard, done(result) on this one.
  template <typename T, typename Work>
  void ask(const Namespace& space, Work work, Callback<T> done);
  void load_all(const Namespace& space, std::shared_ptr<std::vector<SharedValue>> values, size_t next,
                Callback<std::vector<SharedValue>> done);
  void sweep_later(uint64_t delay_ms);
  uint64_t wait_for(Function<void(void* result)> answered);
  void answered(uint64_t call, void* result);

  worker::Shard& m_shard;
  ShardState& m_state;
  uint32_t m_propagation_s = 0;
  Partitions m_partitions;
  net::Timer m_sweep_timer;
  bool m_sweeps = false;
  ReadCache m_cache;
  std::unordered_map<uint64_t, Function<void(void*)>> m_waiting;  // calls to other shards, by number
  uint64_t m_calls = 0;
};

}  // namespace adit::bindings::kv
