// The D1 of one shard: takes a batch to the database's thread and its result back.
// Owner: its shard. Invariant: what waits for an answer (promises) never leaves its shard; close() calls back when nothing waits any more.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/d1/threads.h"
#include "worker/shard.h"

namespace adit::bindings::d1 {

// A binding's database, as JavaScript holds it.
struct Handle {
  std::string id;
};

class Service {
 public:
  Service(worker::Shard& shard, Threads& threads) : m_shard(shard), m_threads(threads) {}
  void run(const Handle& database, std::vector<Query> batch, ledger::Callback<BatchResult> done);
  void close(Function<void()> done);

 private:
  void answered(uint64_t call, Result<BatchResult> result);

  worker::Shard& m_shard;
  Threads& m_threads;
  std::unordered_map<uint64_t, ledger::Callback<BatchResult>> m_waiting;
  uint64_t m_calls = 0;
  Function<void()> m_on_closed;
};

}  // namespace adit::bindings::d1
