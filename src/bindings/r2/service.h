// The R2 of one shard: brings each call to the shard that owns the bucket and the answer back. Bodies do not make the journey: the shard that
// writes puts them into blobs and the one that reads opens them; the owner has the index.
// Owner: its shard. Lifecycle: made with the shard's services, closed before the ledger store.
// Invariant: between shards travel only values that nobody changes; what waits for an answer never leaves its shard.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "bindings/r2/bucket.h"
#include "bindings/r2/partition.h"
#include "net/loop.h"
#include "worker/shard.h"

namespace adit::bindings {
class ShardState;
}

namespace adit::bindings::r2 {

class Service final {
 public:
  Service(worker::Shard& shard, ShardState& state) : m_shard(shard), m_state(state) {}

  // The bucket's shard follows from its name alone: all shards agree. A bucket that was never written to is empty.
  std::shared_ptr<Bucket> open(std::string name);
  // Lets go of the ledgers.
  void close();

 private:
  friend class ServiceBucket;
  using PartitionCallback = Callback<std::shared_ptr<Partition>>;
  static Service& of(worker::Shard& shard);
  void with_partition(const std::string& name, PartitionCallback done);
  Result<std::shared_ptr<Partition>> opened(const std::string& name, Result<std::shared_ptr<ledger::Ledger>> ledger);
  // Runs work(partition, reply) on the owner's shard, done(result) on this one.
  template <typename T, typename Work>
  void ask(const std::string& name, size_t owner, Work work, Callback<T> done);
  void answered(uint64_t call, void* result);
  void sweep_later();

  worker::Shard& m_shard;
  ShardState& m_state;
  std::unordered_map<std::string, std::shared_ptr<Partition>> m_partitions;
  std::unordered_map<uint64_t, Function<void(void*)>> m_waiting;  // calls to other shards, by number
  uint64_t m_calls = 0;
  net::Timer m_sweep_timer;
  bool m_closed = false;
};

}  // namespace adit::bindings::r2
