// An open namespace on the shard that owns it: its entries, the writes that are not durable yet, and the shards that remember values.
// Owner: the owning shard; shared_ptr because a write under way outlives a broken ledger's replacement.
// Invariant: a value that is not durable is told to nobody; a write is acknowledged when it is durable and no shard remembers what was
// before it.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
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

// Reads as old as they may be on Cloudflare's network, for development: an answer is given again for a while, whatever was written meanwhile.
class StaleReads {
 public:
  explicit StaleReads(uint32_t seconds) : m_seconds(seconds) {}
  bool is_on() const { return m_seconds > 0; }
  const SharedValue* value(const std::string& key, int64_t now_ms) { return find(m_values, key, now_ms); }
  const ListPage* page(const std::string& request, int64_t now_ms) { return find(m_pages, request, now_ms); }
  void remember(const std::string& key, SharedValue value, int64_t now_ms) {
    add(m_values, key, std::move(value), now_ms);
  }
  void remember(const std::string& request, ListPage page, int64_t now_ms) {
    add(m_pages, request, std::move(page), now_ms);
  }

 private:
  static constexpr size_t max_kept = 10'000;
  template <typename T>
  using Kept = std::unordered_map<std::string, std::pair<int64_t, T>>;  // until when
  template <typename T>
  static const T* find(Kept<T>& kept, const std::string& key, int64_t now_ms) {
    auto found = kept.find(key);
    return found == kept.end() || found->second.first <= now_ms ? nullptr : &found->second.second;
  }
  template <typename T>
  void add(Kept<T>& kept, const std::string& key, T what, int64_t now_ms) {
    if (kept.size() >= max_kept) kept.clear();
    kept[key] = {now_ms + int64_t{m_seconds} * 1000, std::move(what)};
  }

  uint32_t m_seconds;
  Kept<SharedValue> m_values;
  Kept<ListPage> m_pages;
};

class Partition final : public std::enable_shared_from_this<Partition> {
 public:
  // blobs: of the namespace's long values; made at the first one.
  using Blobs = Function<Result<std::shared_ptr<blobs::BlobStore>>()>;
  Partition(std::string space, std::shared_ptr<ledger::Ledger> ledger, const Clock& clock, size_t own_shard,
            Readers& readers, Blobs blobs = nullptr, uint32_t propagation_s = 0)
      : m_space(std::move(space)),
        m_store(std::move(ledger), clock),
        m_clock(clock),
        m_own_shard(own_shard),
        m_readers(readers),
        m_blobs(std::move(blobs)),
        m_stale(propagation_s) {}
  // Once, at the start: what an earlier process left of long values is settled or deleted. `blocking` runs work, then done here.
  using Blocking = Function<void(Function<void()> work, Function<void()> done)>;
  Result<void> recover(Blocking blocking);

  Store& store() { return m_store; }
  bool is_broken() { return m_store.ledger().is_broken(); }
  // The key's last write is not durable yet: its value must wait.
  bool is_in_flight(const std::string& key) const { return !m_in_flight.empty() && m_in_flight.contains(key); }

  void get(const std::string& key, size_t reader, Callback<Answer> done);
  void put(const PutRequest& request, size_t writer, Callback<void> done);
  void remove(const std::string& key, size_t writer, Callback<void> done);
  void list(const ListRequest& request, Callback<ListPage> done);
  // Something that expires was put since the last call.
  bool take_expiring() { return std::exchange(m_has_expiring, false); }
  // Deletes at most `limit` expired entries; says how many.
  int64_t sweep(int64_t limit);

  // A new partition of the same namespace takes over who remembers its values.
  const std::vector<size_t>& readers() const { return m_reader_shards; }
  void set_readers(std::vector<size_t> shards) { m_reader_shards = std::move(shards); }

 private:
  void written(const std::string& key, std::optional<blobs::Segment> made, size_t writer, Callback<void> done);
  Result<Answer> read(const std::string& key);
  void forget_deleted();
  void note_reader(size_t shard);

  std::string m_space;
  Store m_store;
  const Clock& m_clock;
  size_t m_own_shard;
  Readers& m_readers;
  Blobs m_blobs;
  StaleReads m_stale;
  std::vector<size_t> m_reader_shards;
  bool m_has_expiring = false;
  std::unordered_map<std::string, size_t> m_in_flight;  // writes per key
};

}  // namespace adit::bindings::kv
