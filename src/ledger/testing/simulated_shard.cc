#include "ledger/testing/simulated_shard.h"

namespace adit::ledger::testing {

class SimulatedBackground final : public Background {
 public:
  explicit SimulatedBackground(std::shared_ptr<std::deque<SimulatedShard::Job>> jobs) : m_jobs(std::move(jobs)) {}
  // A crash of the process: what had not run never runs.
  ~SimulatedBackground() override { m_jobs->clear(); }
  void run(Task work, Task done) override { m_jobs->push_back({std::move(work), std::move(done)}); }

 private:
  std::shared_ptr<std::deque<SimulatedShard::Job>> m_jobs;
};

std::unique_ptr<Background> SimulatedShard::make_background() {
  m_threads.push_back(std::make_shared<std::deque<Job>>());
  return std::make_unique<SimulatedBackground>(m_threads.back());
}

void SimulatedShard::end_turn() {
  while (!m_deferred.empty()) {
    auto task = std::move(m_deferred.front());
    m_deferred.pop_front();
    task();
  }
}

bool SimulatedShard::step(std::mt19937_64* random) {
  std::vector<std::shared_ptr<std::deque<Job>>> ready;
  for (auto& thread : m_threads)
    if (!thread->empty() && !m_backgrounds_stall) ready.push_back(thread);
  size_t choices = ready.size() + (m_posted.empty() ? 0 : 1);
  if (choices == 0) return false;
  size_t choice = random ? (*random)() % choices : 0;
  if (!m_posted.empty()) {
    if (choice == 0) {
      auto task = std::move(m_posted.front());
      m_posted.pop_front();
      task();
      end_turn();
      return true;
    }
    --choice;
  }
  auto job = std::move(ready[choice]->front());
  ready[choice]->pop_front();
  job.work();
  m_posted.push_back(std::move(job.done));
  return true;
}

void SimulatedShard::advance(uint64_t ms) {
  auto end_ns = m_now_ns + static_cast<int64_t>(ms) * 1'000'000;
  while (!m_timers.empty() && m_timers.begin()->first <= end_ns) {
    m_now_ns = m_timers.begin()->first;
    auto task = std::move(m_timers.begin()->second);
    m_timers.erase(m_timers.begin());
    task();
    end_turn();
  }
  m_now_ns = end_ns;
}

}  // namespace adit::ledger::testing
