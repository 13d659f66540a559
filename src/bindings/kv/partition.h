// An open namespace on the shard that owns it: its entries, the writes that are not durable yet, and the shards that remember values.
// Owner: the owning shard; shared_ptr because a write under way outlives a broken ledger's replacement.
// Invariant: a value that is not durable is told to nobody; a write is acknowledged when it is durable and no shard remembers what was
// before it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/kv/read_cache.h"
#include "bindings/kv/store.h"

namespace adit::bindings::kv {

template <typename T>
using Callback = Function<void(Result<T>)>;

struct Answer {
  SharedValue value;
  bool may_be_remembered = false;
};

// How a partition reaches the shards that read from it.
class Readers {
 public:
  // Makes the shard forget the key; calls done, on the owner's shard, when it has.
  virtual void forget(size_t shard, const std::string& space, const std::string& key, Function<void()> done) = 0;

 protected:
  ~Readers() = default;
};

class Partition final : public std::enable_shared_from_this<Partition> {
 public:
  Partition(std::string space, std::shared_ptr<ledger::Ledger> ledger, const Clock& clock, size_t own_shard,
            Readers& readers)
      : m_space(std::move(space)), m_store(std::move(ledger), clock), m_own_shard(own_shard), m_readers(readers) {}

  Store& store() { return m_store; }
  bool is_broken() { return m_store.ledger().is_broken(); }
  // The key's last write is not durable yet: its value must wait.
  bool is_in_flight(const std::string& key) const { return !m_in_flight.empty() && m_in_flight.contains(key); }

  void get(const std::string& key, size_t reader, Callback<Answer> done);
  void put(const PutRequest& request, size_t writer, Callback<void> done);
  void remove(const std::string& key, size_t writer, Callback<void> done);
  void list(const ListRequest& request, Callback<ListPage> done);

  // A new partition of the same namespace takes over who remembers its values.
  const std::vector<size_t>& readers() const { return m_reader_shards; }
  void set_readers(std::vector<size_t> shards) { m_reader_shards = std::move(shards); }

 private:
  void written(const std::string& key, size_t writer, Callback<void> done);
  void note_reader(size_t shard);

  std::string m_space;
  Store m_store;
  size_t m_own_shard;
  Readers& m_readers;
  std::vector<size_t> m_reader_shards;
  std::unordered_map<std::string, size_t> m_in_flight;  // writes per key
};

}  // namespace adit::bindings::kv
