// Executor: how the ledger reaches its shard's event loop without knowing it (net and ledger do not include each other).
// Background: a thread beside the shard that does blocking work in order. The simulator implements both and picks what runs next.
// Owner: the shard. Invariant: tasks run on the shard's thread, in the order given, never inside the call that gives them.
#pragma once

#include <cstdint>
#include <memory>

#include "base/function.h"
#include "base/result.h"

namespace adit::ledger {

using Task = Function<void()>;

class Executor {
 public:
  virtual ~Executor() = default;
  // Any thread.
  virtual void post(Task task) = 0;
  // Shard's thread: after the current turn (callback), before the loop sleeps. What a turn wrote is committed and appended here.
  virtual void defer(Task task) = 0;
  // Shard's thread. Not cancellable: the ledger's tasks check that their owner still lives.
  virtual void after(uint64_t delay_ms, Task task) = 0;
};

class Background {
 public:
  virtual ~Background() = default;
  // Shard's thread. Runs work elsewhere, after the work given before it, then done on the shard.
  virtual void run(Task work, Task done) = 0;
};

// One thread per Background. The destructor finishes the work given; its done tasks are posted to the executor.
Result<std::unique_ptr<Background>> start_background_thread(Executor& executor, const char* thread_name);

}  // namespace adit::ledger
