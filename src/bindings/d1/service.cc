#include "bindings/d1/service.h"

#include "bindings/shard_services.h"

namespace adit::bindings::d1 {

void Service::run(const Handle& database, std::vector<Query> batch, ledger::Callback<BatchResult> done) {
  auto call = ++m_calls;
  m_waiting.emplace(call, std::move(done));
  m_threads.run(database.id, std::move(batch),
                [&group = m_shard.group(), home = m_shard.index(), call](Result<BatchResult> result) {
                  group.post(home, [call, result = std::move(result)](worker::Shard& shard) mutable {
                    ShardServices::of(shard).d1().answered(call, std::move(result));
                  });
                });
}

void Service::answered(uint64_t call, Result<BatchResult> result) {
  auto waiting = m_waiting.extract(call);
  VERIFY(!waiting.empty());
  waiting.mapped()(std::move(result));
  if (m_waiting.empty() && m_on_closed) std::exchange(m_on_closed, nullptr)();
}

void Service::close(Function<void()> done) {
  if (m_waiting.empty()) return done();
  m_threads.interrupt();
  m_on_closed = std::move(done);
}

}  // namespace adit::bindings::d1
