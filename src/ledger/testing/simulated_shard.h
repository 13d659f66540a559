// A shard without threads: tasks, timers, the background threads' jobs and time itself move only when the test says so, in an order drawn
// from the seed or first come first served. Owner: one test.
#pragma once

#include <deque>
#include <map>
#include <random>

#include "base/clock.h"
#include "ledger/executor.h"

namespace adit::ledger::testing {

class SimulatedShard final : public Executor, public Clock {
 public:
  void post(Task task) override { m_posted.push_back(std::move(task)); }
  void defer(Task task) override { m_deferred.push_back(std::move(task)); }
  void after(uint64_t delay_ms, Task task) override {
    m_timers.emplace(m_now_ns + static_cast<int64_t>(delay_ms) * 1'000'000, std::move(task));
  }
  int64_t monotonic_ns() const override { return m_now_ns; }
  int64_t unix_ms() const override { return 1'800'000'000'000 + m_now_ns / 1'000'000; }

  std::unique_ptr<Background> make_background();
  // One turn of the shard's own.
  template <typename F>
  void turn(F&& body) {
    body();
    end_turn();
  }
  // One step of something that can go on; false if nothing can. Timers fire only by advance().
  bool step(std::mt19937_64* random = nullptr);
  void run_until_idle() {
    end_turn();
    while (step()) {}
  }
  void advance(uint64_t ms);
  // The background threads hang: what they were given waits.
  void stall_backgrounds(bool stalls) { m_backgrounds_stall = stalls; }

 private:
  friend class SimulatedBackground;
  struct Job {
    Task work;
    Task done;
  };
  void end_turn();

  std::deque<Task> m_posted;
  std::deque<Task> m_deferred;
  std::multimap<int64_t, Task> m_timers;
  std::vector<std::shared_ptr<std::deque<Job>>> m_threads;
  bool m_backgrounds_stall = false;
  int64_t m_now_ns = 1'000'000'000;
};

}  // namespace adit::ledger::testing
