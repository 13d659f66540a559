// The KV of one shard: brings each call to the shard that owns the namespace and the answer back, and remembers what it read from others.
// Owner: its shard. Lifecycle: made with the shard's services, closed before the ledger store.
// Invariant: between shards travel only values that nobody changes; what waits for an answer (promises) never leaves its shard.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

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

  // The namespace's shard follows from its id alone: all shards agree.
  std::shared_ptr<Namespace> open(std::string id) const;

  // Of a namespace that this shard owns, if it can be had without waiting; else null.
  std::shared_ptr<Partition> own_partition(const Namespace& space);
  // The value of another shard's namespace, if it is remembered: null when it is not.
  const SharedValue* remembered(const Namespace& space, std::string_view key);

  void get(const Namespace& space, std::string key, Callback<SharedValue> done);
  // In the order of the keys. Fails when their values are more than one answer may carry.
  void get_many(const Namespace& space, std::vector<std::string> keys, Callback<std::vector<SharedValue>> done);
  void put(const Namespace& space, PutRequest request, Callback<void> done);
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
  uint64_t wait_for(Function<void(void* result)> answered);
  void answered(uint64_t call, void* result);

  worker::Shard& m_shard;
  ShardState& m_state;
  Partitions m_partitions;
  ReadCache m_cache;
  std::unordered_map<uint64_t, Function<void(void*)>> m_waiting;  // calls to other shards, by number
  uint64_t m_calls = 0;
};

}  // namespace adit::bindings::kv
