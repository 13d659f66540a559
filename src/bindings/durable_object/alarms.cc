#include "bindings/durable_object/alarms.h"

#include <fmt/format.h>

#include <algorithm>

namespace adit::bindings::durable_object {
namespace {

constexpr size_t at_once = 1000;              // alarms of one shard that run or wait for their object
constexpr int64_t batch = 100;                // begun in one go, before others get their turn
constexpr int64_t longest_sleep_ms = 60'000;  // the wall clock may be set
constexpr uint64_t postponed_ms = 1000;
constexpr uint64_t in_transaction_ms = 20;

}  // namespace

Result<AlarmIndex*> Alarms::index() {
  if (m_is_closed) return Error(ErrorKind::invalid_state, "the server is stopping");
  if (m_index && !m_index->ledger().is_broken()) return m_index.get();
  m_index.reset();
  auto* store = TRY(m_shard.store());
  auto id =
      TRY(ledger::LedgerId::create(alarm_index_space, alarm_index_name(m_shard.shard_count(), m_shard.shard_number())));
  auto opened = std::make_shared<std::optional<Result<std::shared_ptr<ledger::Ledger>>>>();
  store->open(id, [opened](Result<std::shared_ptr<ledger::Ledger>> ledger) { *opened = std::move(ledger); });
  if (!*opened) return Error::failed("The index of alarms is not open yet.");
  m_index = TRY(AlarmIndex::open(TRY(std::move(**opened))));
  m_cursor = {};
  return m_index.get();
}

Result<void> Alarms::put(const AlarmRow& row) {
  auto* index = TRY(this->index());
  TRY(index->put(row));
  // The walk must not have passed it.
  if (row.time_ms <= m_cursor.time_ms) m_cursor = {row.time_ms, 0, ""};
  if (m_is_active && (!m_timer || row.time_ms < m_next_ms)) arm();
  return {};
}

Result<void> Alarms::note(const std::string& space, const ObjectId& id, std::optional<std::string> name,
                          int64_t time_ms) {
  if (auto firing = m_firing.find(id); firing != m_firing.end()) firing->second.is_touched = true;
  return note_row({time_ms, space, id, std::move(name), 0});
}

Result<void> Alarms::note_row(AlarmRow row) {
  auto* index = TRY(this->index());
  if (auto known = TRY(index->find(row.space, row.id))) {
    if (known->time_ms <= row.time_ms && known->retries == row.retries) return {};
    row.time_ms = std::min(row.time_ms, known->time_ms);
    if (!row.name) row.name = std::move(known->name);
  }
  TRY(put(row));
  // Now, so that it is in the log before what the object writes next. Asked for anew, because a broken index is opened again.
  TRY(TRY(this->index())->ledger().commit());
  return {};
}

ledger::Position Alarms::position() const { return m_index ? m_index->ledger().position() : 0; }

bool Alarms::is_durable(ledger::Position position) const {
  return m_index && !m_index->ledger().is_broken() && m_index->ledger().durable_position() >= position;
}

void Alarms::when_durable(ledger::Position position, Function<void(Result<void>)> callback) {
  if (!m_index) return callback(Error::failed("The index of alarms is closed."));
  m_index->ledger().when_durable(position, std::move(callback));
}

Result<void> Alarms::remove_space(const std::string& space) {
  if (!m_index && !m_shard.has_state()) return {};
  return TRY(index())->remove_space(space);
}

void Alarms::activated() {
  m_is_active = true;
  m_cursor = {};
  // A worker that stores nothing makes no state directory.
  if (!m_shard.has_state()) return;
  if (!std::exchange(m_has_started, true)) start();
  run_soon();
}

void Alarms::run_soon() {
  if (std::exchange(m_runs_soon, true)) return;
  m_shard.defer([this] {
    m_runs_soon = false;
    run();
  });
}

void Alarms::run() {
  if (!m_is_active) return;
  auto index = this->index();
  if (index.is_error()) {
    m_again = m_shard.after(postponed_ms, [this] {
      m_again.reset();
      run_soon();
    });
    return;
  }
  auto room = static_cast<int64_t>(at_once - std::min(at_once, m_firing.size()));
  auto rows = index.value()->due(m_cursor, m_shard.unix_ms(), std::min(room, batch));
  if (rows.is_error()) return m_shard.log_error("Alarms: " + rows.error().full_message());
  bool has_more = room > 0 && static_cast<int64_t>(rows.value().size()) == std::min(room, batch);
  for (auto& row : rows.value())
    if (!m_firing.contains(row.id)) begin(std::move(row));
  if (has_more) run_after(0);
  else arm();
}

void Alarms::arm() {
  if (!m_is_active || m_firing.size() >= at_once) return;
  auto next = m_index->next(m_cursor);
  if (next.is_error()) return m_shard.log_error("Alarms: " + next.error().full_message());
  m_timer.reset();
  if (!next.value()) return;
  m_next_ms = *next.value();
  auto delay_ms = std::clamp<int64_t>(m_next_ms - m_shard.unix_ms(), 0, longest_sleep_ms);
  run_after(static_cast<uint64_t>(delay_ms));
}

void Alarms::run_after(uint64_t delay_ms) {
  m_timer = m_shard.after(delay_ms, [this] {
    m_timer.reset();
    run();
  });
}

Result<std::shared_ptr<ledger::Ledger>> Alarms::open_ledger(const AlarmRow& row) {
  return m_shard.open_ledger(row.space, row.id);
}

void Alarms::begin(AlarmRow row) {
  if (!m_shard.has_class(row.space)) return;  // looked at again when another version of the worker comes
  auto id = row.id;
  auto ledger = open_ledger(row);
  auto& firing = m_firing[id] = {std::move(row)};
  if (ledger.is_error()) return postpone(id, ledger.error());
  auto record = Storage::alarm_in(*ledger.value());
  if (record.is_error()) return postpone(id, record.error());
  if (!record.value() || record.value()->time_ms > m_shard.unix_ms()) return settle(id);
  firing.generation = record.value()->generation;
  m_shard.begin_alarm(firing.row, [this, id](Result<void> outcome) { finished(id, std::move(outcome)); });
}

void Alarms::postpone(const ObjectId& id, const Error& error) {
  m_shard.log_error("The alarm of a Durable Object waits: " + error.full_message());
  m_firing.erase(id);
  m_again = m_shard.after(postponed_ms, [this] {
    m_again.reset();
    m_cursor = {};
    run();
  });
}

void Alarms::finished(const ObjectId& id, Result<void> outcome) {
  auto found = m_firing.find(id);
  if (found == m_firing.end()) return;
  if (!m_is_active) {
    m_firing.erase(found);
    return;
  }
  if (outcome.is_ok()) return settle(id);
  auto& error = outcome.error();
  m_shard.tell_author("Uncaught (in alarm) " + error.message());
  if (auto noted = failed(found->second, error); noted.is_error()) postpone(id, noted.error());
}

// The alarm that began is still there: it is tried again, or dropped. Another one that was set meanwhile begins at its time.
Result<void> Alarms::failed(Firing& firing, const Error& error) {
  auto id = firing.row.id;
  auto ledger = TRY(open_ledger(firing.row));
  auto record = TRY(Storage::alarm_in(*ledger));
  if (!record || record->generation != firing.generation) {
    settle(id);
    return {};
  }
  if (firing.row.retries >= max_alarm_retries) {
    m_shard.tell_author(
        fmt::format("The alarm failed {} times and is dropped: {}", max_alarm_retries + 1, error.message()));
    TRY(Storage::remove_alarm_in(*ledger));
    settle(id);
    return {};
  }
  auto row = firing.row;
  row.time_ms = m_shard.unix_ms() + (m_shard.first_alarm_retry_ms() << row.retries);
  ++row.retries;
  m_firing.erase(id);
  TRY(put(row));
  run_soon();
  return {};
}

// Makes the row say what the object's ledger durably says.
void Alarms::settle(const ObjectId& id) {
  auto& firing = m_firing.at(id);
  auto ledger = open_ledger(firing.row);
  if (ledger.is_error()) return postpone(id, ledger.error());
  // A transaction that is open may still be undone.
  if (ledger.value()->database().in_transaction()) {
    firing.again = m_shard.after(in_transaction_ms, [this, id] {
      if (!m_firing.contains(id)) return;
      m_firing.at(id).again.reset();
      settle(id);
    });
    return;
  }
  auto record = Storage::alarm_in(*ledger.value());
  if (record.is_error()) return postpone(id, record.error());
  firing.is_touched = false;
  auto position = ledger.value()->pending_position();
  ledger.value()->when_durable(position,
                               [this, id, ledger = ledger.value(), record = record.value()](Result<void> durable) {
                                 if (!m_firing.contains(id)) return;
                                 auto settled = durable.is_ok() ? settle_now(id, record) : std::move(durable);
                                 if (settled.is_error()) postpone(id, settled.error());
                               });
}

Result<void> Alarms::settle_now(const ObjectId& id, const std::optional<AlarmRecord>& record) {
  auto& firing = m_firing.at(id);
  if (firing.is_touched) {
    m_shard.defer([this, id] {
      if (m_firing.contains(id)) settle(id);
    });
    return {};
  }
  auto row = firing.row;
  m_firing.erase(id);
  if (record) {
    row.time_ms = record->time_ms;
    row.retries = 0;
    TRY(put(row));
  } else {
    TRY(TRY(index())->remove(row.space, row.id));
  }
  run_soon();
  return {};
}

}  // namespace adit::bindings::durable_object
