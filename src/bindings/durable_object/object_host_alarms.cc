// What the alarms need of their shard, by the object host.
#include "bindings/durable_object/object_host.h"
#include "bindings/shard_services.h"
#include "bindings/state.h"
#include "ledger/recovery.h"

namespace adit::bindings::durable_object {

size_t ObjectHost::shard_number() const { return m_shard.index(); }
size_t ObjectHost::shard_count() const { return m_shard.group().shard_count(); }
void ObjectHost::defer(Function<void()> task) { m_shard.loop().defer(std::move(task)); }
bool ObjectHost::has_state() const { return m_state.has_state(); }
Result<ledger::LedgerStore*> ObjectHost::store() { return m_state.store(); }

std::unique_ptr<AlarmShard::Timer> ObjectHost::after(uint64_t delay_ms, Function<void()> task) {
  struct LoopTimer final : Timer {
    net::Timer timer;
  };
  auto timer = std::make_unique<LoopTimer>();
  timer->timer = m_shard.loop().after(delay_ms, std::move(task));
  return timer;
}

Result<std::vector<ledger::LedgerId>> ObjectHost::interrupted_ledgers() {
  return TRY(m_state.directory())->recovery().ledger_ids;
}

void ObjectHost::interrupted_noted() {
  m_shard.post_to(0, [](worker::Shard& first) {
    auto& host = of(first);
    if (++host.m_noted_shards != host.shard_count()) return;
    auto directory = host.m_state.directory();
    auto forgotten =
        directory.is_error() ? Result<void>(directory.error()) : ledger::forget_recovered(*directory.value());
    if (forgotten.is_error()) host.log_error("Alarms of an earlier start: " + forgotten.error().full_message());
  });
}

void ObjectHost::begin_alarm(const AlarmRow& row, Function<void(Result<void>)> done) {
  auto object_class = class_of_space(row.space);
  if (!object_class) return defer([done = std::move(done)]() mutable { done(Error::failed("its class is gone")); });
  ObjectCall call;
  call.kind = EventKind::alarm;
  call.alarm_retries = row.retries;
  call.done = [done = std::move(done)](Outcome outcome) mutable {
    if (outcome.response.is_error()) done(std::move(outcome.response.error()));
    else done({});
  };
  deliver_later({std::move(object_class), row.id, row.name.value_or(""), row.name.has_value()}, std::move(call));
}

void ObjectHost::give_rows(size_t to, size_t adoption, std::vector<AlarmRow> rows) {
  m_shard.post_to(to, [adoption, home = m_shard.index(), rows = std::move(rows)](worker::Shard& there) {
    of(there).alarms().adopt(rows, [adoption, home, &there](Result<void> durable) {
      if (durable.is_error()) return;
      there.post_to(home, [adoption](worker::Shard& back) { of(back).alarms().given(adoption); });
    });
  });
}

void ObjectHost::log_error(const std::string& text) { m_shard.logger().error("{}", text); }
void ObjectHost::tell_author(const std::string& text) { m_shard.worker_output(LogLevel::error, text); }

}  // namespace adit::bindings::durable_object
