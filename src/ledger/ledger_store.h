// LedgerStore: the ledgers of one shard. Opens them by id, closes idle ones (least recently used first), moves committed pages from memory
// and log to database files, destroys, lists.
// Owner: its shard. Invariant: a ledger is open in at most one store (the caller assigns ids to shards); a ledger in use is never closed,
// one that is not in use is closed only when its database file has all of it. Background work is bounded: so many checkpoints at once.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/engine.h"
#include "ledger/executor.h"
#include "ledger/ledger.h"
#include "ledger/page_vfs.h"
#include "ledger/state_directory.h"

namespace adit::ledger {

struct StoreOptions {
  LedgerOptions ledger;
  size_t max_open_ledgers = 4096;
  uint64_t idle_close_ms = 60'000;
  uint64_t log_segment_bytes = 4 << 20;
  uint64_t log_max_bytes = 32 << 20;  // bounds the log, and so the time that recovery takes
  size_t checkpoints_at_once = 16;
  HistoryOptions history;
  // Ledgers keep their past if their space begins with one of these.
  std::vector<std::string> history_spaces;
};

struct StoreStatistics {
  size_t open_ledgers = 0;
  uint64_t memory_bytes = 0;  // committed pages not yet in a database file
  uint64_t checkpoints = 0;
  EngineStatistics engine;
};

class LedgerStore {
 public:
  using OpenCallback = Callback<std::shared_ptr<Ledger>>;

  // With the embedded engine; `shard` names its log. The executor must outlive the store.
  static Result<std::unique_ptr<LedgerStore>> create(StateDirectory& state, size_t shard, Executor& executor,
                                                     const Logger& logger, const Clock& clock, StoreOptions options);
  // With an engine and a files thread of the caller's making (simulation, a cluster's engine).
  using EngineMaker = Function<std::unique_ptr<Engine>(Background& files)>;
  static Result<std::unique_ptr<LedgerStore>> create_with(StateDirectory& state, Executor& executor,
                                                          const Logger& logger, const Clock& clock,
                                                          StoreOptions options, std::unique_ptr<Background> files,
                                                          EngineMaker make_engine);
  // close() must have called back, or the process is about to end (the log then has what is not in the database files).
  ~LedgerStore();

  // Opens or makes a ledger: one that was never committed to leaves no trace. The embedded engine calls back before open() returns,
  // except after a broken ledger; a cluster's will not.
  void open(const LedgerId& id, OpenCallback callback);
  // The open ledger, if it is.
  std::shared_ptr<Ledger> find(const LedgerId& id) const;
  // Whoever used it has let go, and will not want it soon: it is closed as soon as its file has all of it, unless it is opened before that.
  void rest(const LedgerId& id);
  size_t open_count() const { return m_open.size(); }
  // Above this many the store closes what it can before it opens another; it refuses to at twice as many.
  size_t max_open_ledgers() const { return m_options.max_open_ledgers; }
  // True once the ledger has committed anything.
  Result<bool> exists(const LedgerId& id) const;
  // Deletes all data, durably. Ledger objects still held become broken.
  void destroy(const LedgerId& id, Callback<void> callback);
  // Takes a ledger back to a bookmark now: objects still held break (ErrorKind::aborted), the next open() gives the restored one. Calls back
  // with a bookmark of the state before, to which it can be taken back in turn.
  void restore(const LedgerId& id, std::string_view bookmark, Callback<std::string> callback);
  // Ids of a space after `after` (empty: from the start), in order of name, at most `limit`: those with a database file, and this shard's without
  // one yet. Across shards, ask each and merge.
  Result<std::vector<LedgerId>> list(std::string_view space, std::string_view after, size_t limit) const;

  // Commits, waits for the log, writes and syncs every database file, deletes the log: the next start has nothing to replay.
  void close(Callback<void> callback);

  StoreStatistics statistics() const;
  Engine& engine() { return *m_engine; }

 private:
  struct Entry {
    std::shared_ptr<Ledger> ledger;
    int64_t used_ms = 0;
    std::list<LedgerId>::iterator place;
    bool is_resting = false;  // and in m_resting
  };
  using Openers = std::vector<OpenCallback>;
  LedgerStore(StateDirectory& state, Executor& executor, const Logger& logger, const Clock& clock, StoreOptions options)
      : m_state(state),
        m_executor(executor),
        m_logger(logger),
        m_clock(clock),
        m_options(options),
        m_alive(std::make_shared<LedgerStore*>(this)) {}

  void load(const LedgerId& id, OpenCallback callback);
  bool keeps_history(const LedgerId& id) const;
  void replay(const LedgerId& id, Head head, std::shared_ptr<std::unique_ptr<PageFile>> pages);
  void opened(const LedgerId& id, Result<std::shared_ptr<Ledger>> result);
  Result<std::shared_ptr<Ledger>> add(const LedgerId& id, Head head, std::unique_ptr<PageFile> pages);
  void touch(Entry& entry);
  void ledger_broke(Ledger& ledger);
  void drained(const LedgerId& id);
  // Closes it if nobody uses it and its file has all; starts a checkpoint if only that is missing. True when closed.
  bool try_close(const LedgerId& id);
  void make_room();
  void watch_idle();
  void close_idle();
  void rest_soon();
  void close_resting();
  void all_rest();
  void compact_lagging();
  void compact_closed();
  void compaction_done(Result<void> result);
  void write_out(const Engine::Lagging& item, Callback<void> callback);
  void sync_and_compact(std::vector<LedgerId> ids, Callback<void> callback);
  void finish_close();
  Task guarded(Task task);

  StateDirectory& m_state;
  Executor& m_executor;
  const Logger& m_logger;
  const Clock& m_clock;
  StoreOptions m_options;
  std::unique_ptr<PageVfs> m_vfs;
  std::unique_ptr<Background> m_files;
  std::unique_ptr<Engine> m_engine;
  std::unique_ptr<LedgerServices> m_services;
  std::unordered_map<LedgerId, Entry> m_open;
  std::list<LedgerId> m_by_use;  // least recently used first
  // Ledgers being opened, and broken or deleted ones whose last work on files is not over: who opens them waits here.
  std::unordered_map<LedgerId, Openers> m_opening;
  // Closed ledgers whose files are written but not synced: the log still has them. To what position.
  std::unordered_map<LedgerId, Position> m_unsynced;
  std::deque<LedgerId> m_resting;
  size_t m_writing_out = 0;         // of them, now
  size_t m_closed_since_empty = 0;  // since m_resting was empty
  bool m_rest_scheduled = false;
  uint64_t m_checkpoints = 0;
  bool m_is_compacting = false;
  bool m_idle_watch = false;
  bool m_is_closed = false;
  Callback<void> m_on_closed;
  size_t m_closing = 0;
  std::optional<Error> m_close_error;
  std::shared_ptr<LedgerStore*> m_alive;
};

}  // namespace adit::ledger
