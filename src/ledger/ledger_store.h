// LedgerStore: the ledgers of one shard. Opens them by id, closes idle ones (least recently used first), moves committed pages from memory
// and log to database files, destroys, lists.
// StateDirectory: the state on this disk, of all shards. Opening it locks it and replays what a crash left in the logs, so that
// afterwards every database file is complete and any shard may open any ledger, however many shards there were before.
// Owner: StateDirectory is made in main before shards start and outlives them; its methods are safe from any thread. A LedgerStore is its
// shard's. Invariant: a ledger is open in at most one store (the caller assigns ids to shards).
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/disk.h"
#include "ledger/engine.h"
#include "ledger/executor.h"
#include "ledger/ledger.h"

namespace adit::ledger {

struct RecoveryReport {
  uint64_t segments = 0;
  uint64_t entries = 0;
  uint64_t ledgers = 0;
  uint64_t log_bytes = 0;
  uint64_t torn_bytes = 0;  // an unfinished, hence unacknowledged, end of a log
};

class StateDirectory {
 public:
  // Makes the directory if it is absent. Errors name what to do: in use by another adit, not writable, a newer format, a damaged log.
  static Result<std::unique_ptr<StateDirectory>> open(Disk& disk, std::string path);

  Disk& disk() const { return m_disk; }
  const std::string& path() const { return m_path; }
  const RecoveryReport& recovery() const { return m_recovery; }
  std::string database_path(const LedgerId& id) const;
  std::string space_path(std::string_view space) const;
  std::string log_path(size_t shard) const;
  std::string blob_path() const { return m_path + "/blobs"; }

 private:
  StateDirectory(Disk& disk, std::string path) : m_disk(disk), m_path(std::move(path)) {}
  Result<void> check_format();

  Disk& m_disk;
  std::string m_path;
  std::unique_ptr<DiskLock> m_lock;
  RecoveryReport m_recovery;
};

struct StoreOptions {
  LedgerOptions ledger;
  size_t max_open_ledgers = 4096;
  uint64_t idle_close_ms = 60'000;
  uint64_t log_segment_bytes = 4 << 20;
  uint64_t log_max_bytes = 32 << 20;  // bounds the log, and so the time that recovery takes
  size_t checkpoints_at_once = 16;
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
  static Result<std::unique_ptr<LedgerStore>> create(StateDirectory& state, size_t shard, Executor& executor, const Logger& logger,
                                                     const Clock& clock, StoreOptions options);
  // close() must have called back, or the process is about to end (the log then has what is not in the database files).
  ~LedgerStore();

  // Opens or makes a ledger: one that was never committed to leaves no trace. The embedded engine calls back before open() returns,
  // except after a broken ledger; a cluster's will not.
  void open(const LedgerId& id, OpenCallback callback);
  // The open ledger, if it is.
  std::shared_ptr<Ledger> find(const LedgerId& id) const;
  // True once the ledger has committed anything.
  Result<bool> exists(const LedgerId& id) const;
  // Deletes all data, durably. Ledger objects still held become broken.
  void destroy(const LedgerId& id, Callback<void> callback);
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
  };
  explicit LedgerStore(StateDirectory& state, Executor& executor, const Logger& logger, const Clock& clock, StoreOptions options);

  StateDirectory& m_state;
  Executor& m_executor;
  const Logger& m_logger;
  const Clock& m_clock;
  StoreOptions m_options;
  std::unique_ptr<Engine> m_engine;
  std::unordered_map<LedgerId, Entry> m_open;
};

}  // namespace adit::ledger
