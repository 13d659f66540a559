// The threads on which D1 databases run, beside the shards: a query of seconds delays no worker, and no other database but those that
// share its thread. Each is a small shard of its own, with a loop and a ledger store, made when the first database needs it.
// Owner: the process; any thread may call run(). Invariant: a database belongs to one thread for the process's life; close() has
// run all that was given before it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "bindings/d1/query.h"
#include "ledger/engine.h"

namespace adit::ledger {
class LedgerStore;
}
namespace adit::bindings {
class ProcessState;
}

namespace adit::bindings::d1 {

class Thread;

class Threads {
 public:
  // As many databases can run at the same time. More than these share.
  static constexpr size_t max_threads = 16;

  Threads(ProcessState& state, const Logger& logger, const Clock& clock);
  ~Threads();
  // Any thread. Calls back on the database's thread.
  void run(const std::string& database, std::vector<Query> batch, ledger::Callback<BatchResult> done);
  // Any thread. Runs visit(store, the database's ledger) on the database's thread: what is not SQL (time travel).
  using Visit = Function<void(ledger::LedgerStore&, const ledger::LedgerId&)>;
  Result<void> visit(const std::string& database, Visit visit);
  // Ends what runs, with an error: the process stops. Any thread.
  void interrupt() { m_is_stopping = true; }
  // Writes out all, and waits for that. Every later run() fails.
  void close();

 private:
  Result<Thread*> thread_of(const std::string& database);

  ProcessState& m_state;
  const Logger& m_logger;
  const Clock& m_clock;
  std::atomic<bool> m_is_stopping{false};
  std::mutex m_mutex;  // guards what is below
  std::vector<std::unique_ptr<Thread>> m_threads;
  std::unordered_map<std::string, Thread*> m_places;
  bool m_is_closed = false;
};

}  // namespace adit::bindings::d1
