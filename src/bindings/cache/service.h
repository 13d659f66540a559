// The Cache API's ends on a shard: requests go to the process's one store on the blocking pool, bodies come and go as ByteSources.
// Owner: ProcessCache is any thread's; Service its shard's. Lifecycle: the store is made at the first put, or at the first look
// when there is a state directory. Invariant: a body is in memory one chunk at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/function.h"
#include "bindings/cache/store.h"
#include "net/byte_source.h"
#include "net/loop.h"

namespace adit::bindings {
class ProcessState;
}

namespace adit::bindings::cache {

class ProcessCache {
 public:
  explicit ProcessCache(ProcessState& state) : m_state(state) {}
  // Null when nothing was ever stored and nothing is about to be. Blocks.
  Result<std::shared_ptr<Store>> store(bool make);

 private:
  ProcessState& m_state;
  ledger::SystemDisk m_disk;
  std::mutex m_mutex;  // guards m_store
  std::shared_ptr<Store> m_store;
};

struct PutRequest {
  std::string key;
  std::string head;
  Lifetime lifetime;
  std::shared_ptr<net::ByteSource> body;  // null: none
};

class Service {
 public:
  Service(ProcessCache& cache, net::Loop& loop, const Clock& clock) : m_cache(cache), m_loop(loop), m_clock(clock) {}

  net::Loop& loop() { return m_loop; }
  const Clock& clock() const { return m_clock; }
  void find(std::string key, Function<void(Result<std::optional<Entry>>)> done);
  void put(PutRequest request, Function<void(Result<void>)> done);
  void remove(std::string key, Function<void(Result<bool>)> done);

 private:
  ProcessCache& m_cache;
  net::Loop& m_loop;
  const Clock& m_clock;
};

// A worker's caches: no worker sees another's.
struct Scope {
  Service& service;
  std::string worker;
};

// A part of a stored body.
std::shared_ptr<net::ByteSource> read_body(net::Loop& loop, std::shared_ptr<const ledger::DiskFile> file,
                                           uint64_t offset, uint64_t length_bytes);

}  // namespace adit::bindings::cache
