// An object's alarm, as its code sees it. When it begins, and again after a failure, is alarms.cc's care.
#include "bindings/durable_object/object_host.h"

namespace adit::bindings::durable_object {

constexpr uint64_t alarm_limit_ms = 15 * 60'000;  // of alarm(), as documented

// The index of alarms knows of an alarm that is in the storage, also if it was put there by other ways than set_alarm().
Result<void> Object::watch_alarm() {
  auto record = TRY(m_storage->alarm());
  if (!record) return {};
  m_alarm_generation = record->generation;
  return note_alarm(record->time_ms);
}

Result<void> Object::note_alarm(int64_t time_ms) {
  auto name = m_address.has_name ? std::optional(m_address.name) : std::nullopt;
  return m_host.alarms().note(m_address.object_class->space, m_address.id, std::move(name), time_ms);
}

Result<std::optional<int64_t>> Object::alarm() {
  auto record = TRY(TRY(storage())->alarm());
  if (!record || (m_alarm && m_alarm->generation == record->generation)) return std::optional<int64_t>();
  return std::optional<int64_t>(record->time_ms);
}

Result<void> Object::set_alarm(int64_t time_ms, bool is_unconfirmed) {
  auto* storage = TRY(this->storage());
  time_ms = std::max(time_ms, m_host.unix_ms());
  auto& alarms = m_host.alarms();
  TRY(note_alarm(time_ms));
  TRY(storage->put_alarm({time_ms, ++m_alarm_generation}));
  written(is_unconfirmed);
  auto position = alarms.position();
  if (alarms.is_durable(position)) return {};
  if (!is_unconfirmed) m_index_confirmed = position;
  alarms.when_durable(position, [weak = weak_from_this()](Result<void> durable) {
    if (durable.is_ok()) return;
    if (auto self = weak.lock()) self->ledger_broke(std::move(durable.error()));
  });
  return {};
}

Result<void> Object::remove_alarm(bool is_unconfirmed) {
  TRY(TRY(storage())->remove_alarm());
  written(is_unconfirmed);
  return {};
}

// False when there is nothing to do, which the caller has been told.
bool Object::begin_alarm(ObjectCall& call) {
  auto storage = this->storage();
  auto record = storage.is_error() ? Result<std::optional<AlarmRecord>>(storage.error()) : storage.value()->alarm();
  if (record.is_error()) {
    call.done(Outcome{std::move(record.error()), false, false});
    return false;
  }
  if (m_alarm || !record.value() || record.value()->time_ms > m_host.unix_ms()) {
    call.done(Outcome{worker::ResponseMessage()});
    return false;
  }
  m_alarm = *record.value();
  m_alarm_limit = m_host.shard().loop().after(alarm_limit_ms, [weak = weak_from_this()] {
    if (auto self = weak.lock())
      self->end(Error::failed("The alarm() of a Durable Object ran for more than 15 minutes."));
  });
  return true;
}

// It is over, and gone unless another one was set.
void Object::end_alarm(bool has_succeeded) {
  auto alarm = std::exchange(m_alarm, std::nullopt);
  m_alarm_limit = {};
  if (!has_succeeded || m_state != State::running) return;
  auto record = m_storage->alarm();
  if (record.is_ok() && record.value() && record.value()->generation == alarm->generation)
    std::ignore = remove_alarm(false);  // if this fails, the ledger is broken, and the alarm comes again
}

void Object::when_written(Function<void(Result<void>)> done) {
  if (m_state == State::ended) return done(*m_end_reason);
  if (!m_ledger) return done({});
  m_ledger->when_durable(m_ledger->pending_position(),
                         [self = shared_from_this(), done = std::move(done)](Result<void> durable) mutable {
                           auto& alarms = self->m_host.alarms();
                           if (durable.is_error() || self->m_index_confirmed == 0) return done(std::move(durable));
                           alarms.when_durable(self->m_index_confirmed, std::move(done));
                         });
}

}  // namespace adit::bindings::durable_object
