#include "ledger/ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "ledger/ledger_store.h"
#include "ledger/page_vfs.h"

namespace adit::ledger {

Ledger::Ledger(LedgerServices& services, LedgerId id, const LedgerOptions& options)
    : m_services(services),
      m_id(std::move(id)),
      m_options(options),
      m_checkpoint_at_bytes(options.checkpoint_after_bytes) {}

Ledger::~Ledger() = default;

Result<void> Ledger::start(Head head, std::unique_ptr<PageFile> pages) {
  if (pages->position() != head.position)
    return Error::io(fmt::format("ledger {}: its database file is at position {}, its log at {}", m_id.text(),
                                 pages->position(), head.position));
  m_pages = std::move(pages);
  m_pages->set_epoch(head.epoch);
  m_durable = m_synced = head.position;
  m_pages->keep_current();
  TRY(restore_if_asked());
  m_services.vfs.set_next_file(*m_pages);
  m_database =
      TRY(Database::open(m_id.text(), m_services.vfs.name(),
                         {.page_size_bytes = m_pages->page_size_bytes(), .cache_bytes = m_options.cache_bytes}));
  // Runs inside SQLite's commit: only takes note.
  m_pages->on_commit([this] { schedule_turn_end(); });
  if (m_pages->has_pending()) schedule_turn_end();
  return {};
}

Result<void> Ledger::usable() const {
  if (m_error) return *m_error;
  if (m_is_destroying) return Error(ErrorKind::invalid_state, "ledger " + m_id.text() + " is being deleted");
  return {};
}

Result<void> Ledger::run(std::string_view sql) {
  auto statement = TRY(m_database->prepare(sql));
  return statement.run();
}

Result<void> Ledger::write() {
  TRY(usable());
  if (m_database->in_transaction()) return {};
  if (m_in_turn_transaction) {
    // SQLite rolled back on its own (disk full, out of memory): this turn's earlier writes, already answered, are gone.
    break_with({ErrorKind::failed, "SQLite rolled back the writes of ledger " + m_id.text()});
    return *m_error;
  }
  TRY(run("BEGIN"));
  m_in_turn_transaction = true;
  schedule_turn_end();
  return {};
}

Result<Position> Ledger::commit() {
  TRY(usable());
  if (m_in_explicit_transaction || m_savepoints > 0)
    return Error(ErrorKind::invalid_state,
                 "commit() while a transaction or savepoint of ledger " + m_id.text() + " is open");
  if (!m_in_turn_transaction) return position();
  m_in_turn_transaction = false;
  auto committed =
      m_database->in_transaction()
          ? run("COMMIT")
          : Result<void>(Error(ErrorKind::failed, "SQLite rolled back the writes of ledger " + m_id.text()));
  if (committed.is_error()) {
    // Answers may already wait for these writes: they must become errors.
    break_with(std::move(committed.error()).because("commit to ledger " + m_id.text()));
    return *m_error;
  }
  return position();
}

Result<void> Ledger::rollback() {
  TRY(usable());
  if (!m_in_turn_transaction || m_in_explicit_transaction) return {};
  m_in_turn_transaction = false;
  if (m_database->in_transaction()) TRY(run("ROLLBACK"));
  return {};
}

Result<Transaction> Ledger::begin() {
  TRY(commit());
  TRY(run("BEGIN IMMEDIATE"));
  m_in_explicit_transaction = true;
  return Transaction(shared_from_this());
}

Result<void> Ledger::end_explicit(const char* sql) {
  VERIFY(m_in_explicit_transaction);
  m_in_explicit_transaction = false;
  TRY(usable());
  if (!m_database->in_transaction())
    return Error(ErrorKind::failed, "SQLite rolled back the transaction of ledger " + m_id.text());
  auto ended = run(sql);
  if (ended.is_error() && m_database->in_transaction()) run("ROLLBACK").ignore();
  schedule_turn_end();
  return ended;
}

Result<Position> Transaction::commit() {
  VERIFY(m_ledger);
  auto ledger = std::move(m_ledger);
  TRY(ledger->end_explicit("COMMIT"));
  return ledger->position();
}

Result<void> Transaction::rollback() {
  VERIFY(m_ledger);
  return std::exchange(m_ledger, nullptr)->end_explicit("ROLLBACK");
}

Transaction::~Transaction() {
  if (m_ledger) rollback().ignore();
}

Result<Savepoint> Ledger::savepoint() {
  TRY(write());
  TRY(run(fmt::format("SAVEPOINT adit_{}", m_savepoints + 1)));
  return Savepoint(shared_from_this(), ++m_savepoints);
}

Result<void> Ledger::end_savepoint(int depth, bool keep) {
  // Inner ones end with their outer one, as SQLite's do.
  if (m_savepoints < depth) return {};
  m_savepoints = depth - 1;
  TRY(usable());
  if (!m_database->in_transaction())
    return Error(ErrorKind::failed, "SQLite rolled back the transaction of ledger " + m_id.text());
  if (!keep) TRY(run(fmt::format("ROLLBACK TO adit_{}", depth)));
  return run(fmt::format("RELEASE adit_{}", depth));
}

Result<void> Savepoint::release() {
  VERIFY(m_ledger);
  return std::exchange(m_ledger, nullptr)->end_savepoint(m_depth, true);
}

Result<void> Savepoint::rollback() {
  VERIFY(m_ledger);
  return std::exchange(m_ledger, nullptr)->end_savepoint(m_depth, false);
}

Savepoint::~Savepoint() {
  if (m_ledger) rollback().ignore();
}

Position Ledger::pending_position() const {
  bool counts = !m_error && !m_in_explicit_transaction && m_database->in_write_transaction();
  return position() + (counts ? 1 : 0);
}

void Ledger::schedule_turn_end() {
  if (m_turn_end_scheduled) return;
  m_turn_end_scheduled = true;
  m_services.executor.defer([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->end_turn();
  });
}

void Ledger::end_turn() {
  m_turn_end_scheduled = false;
  if (m_error) return;
  if (m_in_turn_transaction && !m_in_explicit_transaction) {
    if (m_savepoints > 0)
      return break_with({ErrorKind::invalid_state, "a savepoint of ledger " + m_id.text() + " outlived its turn"});
    if (commit().is_error()) return;
  }
  settle_waiters();
  if (m_pages->has_pending() && !m_append_in_flight) start_append();
}

void Ledger::start_append() {
  m_append_in_flight = true;
  auto entry = m_pages->take_pending();
  auto position = entry.position;
  m_services.engine.append(m_id, std::move(entry), m_options.append_timeout_ms,
                           [weak = weak_from_this(), position](Result<void> result) {
                             if (auto self = weak.lock()) self->append_done(position, std::move(result));
                           });
}

void Ledger::append_done(Position position, Result<void> result) {
  m_append_in_flight = false;
  if (m_error) return;
  if (result.is_error()) return break_with(std::move(result.error()).because("write to ledger " + m_id.text()));
  VERIFY(position > m_durable && position <= m_pages->position());
  m_durable = position;
  if (m_pages->has_pending()) start_append();
  if (m_restored_at != 0 && m_durable >= m_restored_at) {
    m_restored_at = 0;
    restored();
  }
  if (m_pages->held_bytes() > m_checkpoint_at_bytes && !m_checkpoint_running) checkpoint([](Result<void>) {});
  m_services.on_appended(*this);
  release_waiters();
}

void Ledger::when_durable(Position position, Callback<void> callback) {
  if (m_error) return callback(*m_error);
  if (m_waiters.empty() && position <= m_durable) return callback({});
  if (!m_waiters.empty()) position = std::max(position, m_waiters.back().position);
  m_waiters.push_back({position, std::move(callback)});
  if (position > m_pages->position()) schedule_turn_end();
}

// At the end of a turn nothing is pending: who waits for a position that did not come waits for the last that did.
void Ledger::settle_waiters() {
  if (m_database->in_write_transaction() && !m_in_explicit_transaction) return;
  for (auto it = m_waiters.rbegin(); it != m_waiters.rend() && it->position > position(); ++it)
    it->position = position();
  release_waiters();
}

void Ledger::release_waiters() {
  auto self = shared_from_this();
  while (!m_waiters.empty() && m_waiters.front().position <= m_durable) {
    // Stays at the front while it runs, so that what it registers queues up behind those that wait.
    auto callback = std::move(m_waiters.front().callback);
    if (!callback) return;  // called from inside a callback: the outer loop goes on
    callback({});
    if (m_error) return;
    m_waiters.pop_front();
  }
}

void Ledger::break_with(Error error) {
  if (m_error) return;
  auto self = shared_from_this();
  m_error = std::move(error);
  m_pages->refuse_writes();
  auto waiters = std::exchange(m_waiters, {});
  m_services.on_broken(*this);
  for (auto& waiter : waiters)
    if (waiter.callback) waiter.callback(*m_error);
  if (!m_checkpoint_running) finish_checkpoint_callbacks(*m_error);
}

void Ledger::abandon() {
  if (!m_error) m_error = Error(ErrorKind::aborted, "the store of ledger " + m_id.text() + " is gone");
  m_pages->refuse_writes();
  m_pages->on_commit(nullptr);
  auto waiters = std::exchange(m_waiters, {});  // they may hold this ledger, or its database's statements
  auto callbacks = std::exchange(m_checkpoint_callbacks, {});
}

bool Ledger::is_quiet() const {
  return !m_append_in_flight && !m_turn_end_scheduled && !m_checkpoint_running && !m_is_destroying &&
         m_waiters.empty() && !m_pages->has_pending() && !m_database->in_transaction();
}

void Ledger::checkpoint(Callback<void> callback) {
  if (m_error) return callback(*m_error);
  m_checkpoint_callbacks.push_back(std::move(callback));
  if (!m_checkpoint_running) start_checkpoint();
}

void Ledger::start_checkpoint() {
  if (m_pages->is_checkpointed()) return finish_checkpoint_callbacks({});
  m_checkpoint_running = true;
  // The pages as of now; they wait, unchanged by later commits, until the log has them.
  std::shared_ptr<Checkpoint> checkpoint = m_pages->begin_checkpoint();
  when_durable(checkpoint->position(), [self = shared_from_this(), checkpoint](Result<void> durable) {
    if (durable.is_error()) return self->checkpoint_done(*checkpoint, std::move(durable));
    auto& state = self->m_services.state;
    auto outcome = std::make_shared<Result<void>>();
    self->m_services.files.run(
        [&state, checkpoint, outcome, path = state.database_path(self->m_id)] {
          *outcome = checkpoint->write(state.disk(), path);
        },
        [self, checkpoint, outcome] { self->checkpoint_done(*checkpoint, std::move(*outcome)); });
  });
}

void Ledger::checkpoint_done(const Checkpoint& checkpoint, Result<void> result) {
  m_checkpoint_running = false;
  if (m_error) return finish_checkpoint_callbacks(*m_error);
  if (result.is_ok()) {
    m_pages->finish_checkpoint(checkpoint);
    m_checkpoint_at_bytes =
        std::max(m_options.checkpoint_after_bytes, m_pages->held_bytes() + m_options.checkpoint_after_bytes / 2);
  } else {
    m_checkpoint_at_bytes =
        2 * std::max(m_options.checkpoint_after_bytes, m_pages->held_bytes());  // later, not at every append
  }
  finish_checkpoint_callbacks(std::move(result));
}

void Ledger::finish_checkpoint_callbacks(Result<void> result) {
  auto callbacks = std::exchange(m_checkpoint_callbacks, {});
  for (auto& callback : callbacks) callback(result);
}

void Ledger::destroy(Callback<void> callback) {
  if (auto ready = usable(); ready.is_error()) return callback(std::move(ready.error()));
  if (m_in_explicit_transaction)
    return callback(
        Error(ErrorKind::invalid_state, "ledger " + m_id.text() + " has an open transaction and cannot be deleted"));
  if (auto ended = rollback(); ended.is_error()) return callback(std::move(ended.error()));
  if (position() > m_durable) schedule_turn_end();
  m_is_destroying = true;
  m_pages->refuse_writes();
  when_durable(position(), [self = shared_from_this(), callback = std::move(callback)](Result<void> durable) mutable {
    if (durable.is_error()) return callback(std::move(durable));
    LogEntry entry;
    entry.kind = EntryKind::destroy;
    entry.epoch = self->m_pages->epoch();
    entry.expected = self->position();
    entry.position = entry.expected + 1;
    auto& engine = self->m_services.engine;
    engine.append(self->m_id, std::move(entry), self->m_options.append_timeout_ms,
                  [self, callback = std::move(callback)](Result<void> result) mutable {
                    self->m_is_deleted = result.is_ok();
                    self->break_with(result.is_ok()
                                         ? Error(ErrorKind::not_found, "ledger " + self->m_id.text() + " was deleted")
                                         : Error(result.error()).because("delete ledger " + self->m_id.text()));
                    callback(std::move(result));
                  });
  });
}

}  // namespace adit::ledger
