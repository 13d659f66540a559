// A shard's event loop over libuv: timers, work posted from other threads, blocking work on the pool.
// Owner: the shard's thread, except post() and stop(), which any thread may call.
// Invariant: callbacks run on the loop's thread, never inside the call that registers them.
#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/function.h"
#include "base/result.h"

namespace adit::net {

using Task = Function<void()>;

// A one-shot timer; destroying it cancels it.
class Timer {
 public:
  Timer() = default;
  ~Timer();
  Timer(Timer&& other) noexcept;
  Timer& operator=(Timer&& other) noexcept;
  bool is_active() const;

 private:
  friend class Loop;
  struct State;
  State* m_state = nullptr;
};

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> create();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop() and everything that keeps the loop alive has closed.
  void run();
  // Runs what is ready now, waiting at most until the next event when wait is asked for. For tests.
  void run_once();
  void run_pending();
  // Any thread. Wakes run() and makes it return after the current batch of callbacks.
  void stop();
  // Any thread. Tasks of one poster run in the order posted.
  void post(Task task);
  // Runs the task after the current callback and before the loop polls again. Loop's thread only.
  void defer(Task task);
  Timer after(uint64_t delay_ms, Task task);
  // Runs work on the blocking pool, then done on this loop.
  void run_blocking(Task work, Task done);
  // Forgets what was posted and deferred and has not run. For an owner that is about to go, and that the tasks touch.
  void drop_tasks();
  // Cached monotonic time of this loop iteration, milliseconds.
  uint64_t now_ms() const;
  uv_loop_t* uv() { return &m_loop; }
  bool is_loop_thread() const;

 private:
  Loop() = default;
  void drain();
  void run_deferred();

  uv_loop_t m_loop{};
  uv_async_t m_wake{};
  uv_check_t m_check{};
  uv_prepare_t m_prepare{};
  uv_idle_t m_idle{};
  std::mutex m_mutex;  // guards m_inbox only
  std::vector<Task> m_inbox;
  std::vector<Task> m_batch;
  std::vector<Task> m_deferred;
  std::atomic<bool> m_stopping{false};
  uv_thread_t m_thread{};
};

}  // namespace adit::net
