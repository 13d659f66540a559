// Ledger: one SQLite database with one owner, whose commits go to the engine's log.
// Owner: one shard; lifecycle: LedgerStore makes it, users hold a shared_ptr while they use it, the store closes it when nobody does.
// Invariant: durable_position() never passes what the engine acknowledged, and position() never what SQLite committed; after any
// failed append the ledger is broken: memory holds commits that the log does not, so every further call fails and the store's next
// open() makes a new Ledger from what is durable. The owner of a broken ledger must drop what it computed from it.
//
// Writing, the usual way (a Durable Object's storage, a KV partition):
//
//     TRY(ledger->write());                       // opens the turn's transaction unless one is open
//     auto put = TRY(ledger->database().prepare("INSERT OR REPLACE INTO kv VALUES (?, ?)"));
//     TRY(put.bind_all(key, value).run());
//     gate.send([reply](Result<void> durable) { ... });   // runs when all written so far is durable
//
// The turn's transaction is committed when the turn ends (Executor::defer), so that all writes of a turn become durable together or
// not at all. Commits made while an append is under way coalesce into the next append.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/database.h"
#include "ledger/engine.h"
#include "ledger/executor.h"
#include "ledger/page_file.h"

namespace adit::ledger {

class Ledger;
class LedgerStore;
class PageVfs;
class StateDirectory;

// What a store lends its ledgers; outlives them.
struct LedgerServices {
  Engine& engine;
  Executor& executor;
  Background& files;  // checkpoints are written here
  StateDirectory& state;
  PageVfs& vfs;
  const Clock& clock;
  const Logger& logger;
  Function<void(Ledger&)> on_broken;
  Function<void(Ledger&)> on_appended;
};

// An explicit transaction, which may span turns; the turn's transaction is committed before it begins, and turns do not commit while it
// is open. Destroying it without commit() rolls back.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept : m_ledger(std::exchange(other.m_ledger, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<Position> commit();
  Result<void> rollback();

 private:
  friend class Ledger;
  explicit Transaction(std::shared_ptr<Ledger> ledger) : m_ledger(std::move(ledger)) {}
  std::shared_ptr<Ledger> m_ledger;
};

// A nested, synchronous transaction (transactionSync) inside the turn's or an explicit one. Destroying it without release() rolls back.
class Savepoint {
 public:
  Savepoint(Savepoint&& other) noexcept : m_ledger(std::exchange(other.m_ledger, nullptr)), m_depth(other.m_depth) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint();
  Result<void> release();
  Result<void> rollback();

 private:
  friend class Ledger;
  Savepoint(std::shared_ptr<Ledger> ledger, int depth) : m_ledger(std::move(ledger)), m_depth(depth) {}
  std::shared_ptr<Ledger> m_ledger;
  int m_depth = 0;
};

struct LedgerOptions {
  // 1024 measured best for small values (log bytes and CPU); 4096 is for databases with large rows. Fixed when the ledger is made.
  uint32_t page_size_bytes = 1024;
  uint32_t cache_bytes = 64 * 1024;
  uint64_t max_size_bytes = 10ull << 30;
  uint64_t append_timeout_ms = 30'000;
  // Committed pages kept in memory before a checkpoint moves them to the database file.
  uint64_t checkpoint_after_bytes = 1 << 20;
};

class Ledger final : public std::enable_shared_from_this<Ledger> {
 public:
  ~Ledger();
  const LedgerId& id() const { return m_id; }
  // SQL that changes data outside write(), begin() and savepoint() commits at once (autocommit) and is logged all the same.
  Database& database() { return *m_database; }

  // Opens the turn's transaction unless a transaction is open.
  Result<void> write();
  // Commits the turn's transaction now, if one is open. The position of the last commit.
  Result<Position> commit();
  // Undoes the turn's transaction.
  Result<void> rollback();
  Result<Transaction> begin();
  Result<Savepoint> savepoint();

  // Of the last commit.
  Position position() const { return m_pages->position(); }
  // That of everything written so far, the turn's transaction included: what an answer that depends on it must wait for. An explicit
  // transaction does not count before it commits: what it says to the world while it is open must not wait for its own end.
  Position pending_position() const;
  Position durable_position() const { return m_durable; }
  // Nothing written waits for the log, and nobody waits.
  bool is_durable_now() const { return m_waiters.empty() && pending_position() <= m_durable; }
  // Calls back once the position is durable (at once, inside the call, if it is already), or with the error that broke the ledger.
  // A pending_position() whose transaction was rolled back or wrote nothing counts as durable with the last commit before it.
  // Callbacks come in the order of registration: a later one never overtakes one that still waits.
  void when_durable(Position position, Callback<void> callback);

  // Point-in-time recovery (history.h), for ledgers of a space that keeps history; else an error. A bookmark names a state for as long as
  // history is kept.
  // Of the current state, the turn's transaction included (it is committed; an open explicit transaction is not in it).
  Result<std::string> bookmark();
  // Of the newest kept state that was committed at or before the time (Unix, milliseconds). not_found before the kept past begins.
  Result<std::string> bookmark_for_time(int64_t unix_ms);
  // Makes the next open() of this ledger (after it was closed, or broke) begin with that state, as one more commit: what came after it stays
  // in the history. Calls back, when the wish is durable, with a bookmark of the state now.
  void restore_at_next_open(std::string_view bookmark, Callback<std::string> callback);

  bool is_broken() const { return m_error.has_value(); }
  // What broke it. Only when is_broken().
  const Error& error() const { return *m_error; }

  // Moves committed pages to the database file once they are durable. Does not sync: the store syncs many files at once.
  void checkpoint(Callback<void> callback);
  Position checkpointed_position() const { return m_pages->checkpointed(); }
  // Committed pages that only memory and log hold.
  uint64_t dirty_bytes() const { return m_pages->dirty_bytes(); }
  // False for one never written to, deleted, or restored to before its first write: a database with a table has more than one page.
  bool has_data() const { return m_pages->page_count() > 1; }
  // Nothing is open, under way or unwritten.
  bool is_quiet() const;

 private:
  friend class LedgerStore;
  friend class Transaction;
  friend class Savepoint;
  struct Waiter {
    Position position;
    Callback<void> callback;
  };

  Ledger(LedgerServices& services, LedgerId id, const LedgerOptions& options);
  Result<void> start(Head head, std::unique_ptr<PageFile> pages);
  Result<void> usable() const;
  Result<void> usable_history() const;
  Result<void> restore_if_asked();
  Result<KeptState> kept_state(Position target) const;
  void restored();
  Result<void> end_explicit(const char* sql);
  Result<void> end_savepoint(int depth, bool keep);
  void schedule_turn_end();
  void end_turn();
  void start_append();
  void append_done(Position position, Result<void> result);
  void break_with(Error error);
  // The store goes away: nobody will be called back, and nothing works any more for those who still hold this.
  void abandon();
  void settle_waiters();
  void release_waiters();
  void start_checkpoint();
  void checkpoint_done(const Checkpoint& checkpoint, Result<void> result);
  void finish_checkpoint_callbacks(Result<void> result);
  Result<void> run(std::string_view sql);
  // Appends the end of all data; then the ledger is broken with not_found.
  void destroy(Callback<void> callback);

  LedgerServices& m_services;
  LedgerId m_id;
  LedgerOptions m_options;
  std::unique_ptr<PageFile> m_pages;
  std::unique_ptr<Database> m_database;  // uses m_pages: destroyed first
  Position m_durable = 0;
  Position m_synced = 0;  // the store has synced the database file up to here
  bool m_append_in_flight = false;
  bool m_turn_end_scheduled = false;
  bool m_in_turn_transaction = false;
  bool m_in_explicit_transaction = false;
  bool m_checkpoint_running = false;
  bool m_is_destroying = false;
  bool m_is_deleted = false;
  int m_savepoints = 0;
  Position m_restored_at = 0;    // the commit that restored, until its request is forgotten
  bool m_asked_restore = false;  // since this was opened
  uint64_t m_checkpoint_at_bytes = 0;
  std::deque<Waiter> m_waiters;  // ascending positions
  std::vector<Callback<void>> m_checkpoint_callbacks;
  std::optional<Error> m_error;
};

}  // namespace adit::ledger
