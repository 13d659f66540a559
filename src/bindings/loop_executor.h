// LoopExecutor: a shard's event loop as the ledger's Executor (net and ledger do not know each other).
// Owner: the shard, which destroys it before its loop and after its LedgerStore. Invariant: what after() was given does not run after that.
#pragma once

#include <unordered_map>
#include <utility>

#include "ledger/executor.h"
#include "net/loop.h"

namespace adit::bindings {

class LoopExecutor final : public ledger::Executor {
 public:
  explicit LoopExecutor(net::Loop& loop) : m_loop(loop) {}
  void post(ledger::Task task) override { m_loop.post(std::move(task)); }
  void defer(ledger::Task task) override { m_loop.defer(std::move(task)); }
  void after(uint64_t delay_ms, ledger::Task task) override {
    auto number = ++m_numbers;
    m_timers[number] = m_loop.after(delay_ms, [this, number, task = std::move(task)]() mutable {
      m_timers.erase(number);
      task();
    });
  }

 private:
  net::Loop& m_loop;
  std::unordered_map<uint64_t, net::Timer> m_timers;
  uint64_t m_numbers = 0;
};

}  // namespace adit::bindings
