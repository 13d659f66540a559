// The CPU limit's enforcer: one thread that looks at every shard's current entry into JavaScript and stops it when its budget is used up.
// A shard pays two atomic stores per entry; only an entry longer than a tick is ever measured, by the shard's own CPU clock. When nothing has
// run for a while it dozes, and the next entry wakes it: an idle process costs no wake-ups.
// Owner: the process; shards hold a Seat each. Invariant: an isolate is terminated only while the entry that overran is still running.
#pragma once

#include <v8.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace adit::worker {

class Watchdog {
 public:
  // A shard's place. All but sample() is called on the shard's thread.
  class Seat {
   public:
    Seat(clockid_t cpu_clock, std::shared_ptr<std::condition_variable> wake)
        : m_cpu_clock(cpu_clock), m_wake(std::move(wake)) {}
    void enter(v8::Isolate* isolate, int64_t budget_ns) {
      m_isolate.store(isolate, std::memory_order_relaxed);
      m_budget_ns.store(budget_ns, std::memory_order_relaxed);
      m_state.store(++m_serial << 2 | running, std::memory_order_release);
      if (m_is_dozing.load(std::memory_order_relaxed)) wake();
    }
    // True when the watchdog stopped the entry.
    bool leave();
    // The watchdog has stopped the current entry: for native code that runs long.
    bool is_stopped() const { return (m_state.load(std::memory_order_relaxed) & 3) >= terminating; }

   private:
    friend class Watchdog;
    static constexpr uint64_t idle = 0, running = 1, terminating = 2, terminated = 3;
    // False when nothing runs.
    bool sample();
    void wake();
    std::atomic<bool> m_is_dozing{false};  // the watchdog
    std::atomic<uint64_t> m_state{idle};   // serial << 2 | state
    std::atomic<v8::Isolate*> m_isolate{nullptr};
    std::atomic<int64_t> m_budget_ns{0};
    uint64_t m_serial = 0;
    clockid_t m_cpu_clock;
    std::shared_ptr<std::condition_variable> m_wake;
    uint64_t m_seen_serial = 0;  // the watchdog's thread only
    int64_t m_seen_cpu_ns = 0;
  };

  static std::unique_ptr<Watchdog> create();
  ~Watchdog();
  // On the shard's own thread: the seat measures the calling thread's CPU clock.
  std::shared_ptr<Seat> take_seat();

 private:
  Watchdog() = default;
  void run();
  std::mutex m_mutex;
  std::shared_ptr<std::condition_variable> m_wake = std::make_shared<std::condition_variable>();
  bool m_stopping = false;
  std::vector<std::weak_ptr<Seat>> m_seats;
  std::thread m_thread;
};

}  // namespace adit::worker
