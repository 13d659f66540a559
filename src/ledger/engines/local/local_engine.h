// LocalEngine: the engine on this disk. All ledgers of a shard append to one log; appends that arrive while a sync runs share the next one.
// Owner: its shard. Two background threads work for it: one writes the log, one (lent by the store) handles blobs.
// Invariant: m_ledgers has the head of every ledger that is open or that the log mentions; an append changes the head only when it is
// durable. Everything is bounded: one append per ledger is outstanding, a batch has at most max_batch_bytes (or one entry), and while the
// log is above twice its bound appends wait, until their deadline, for ledgers to compact; only those of the ledgers asked to pass.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "ledger/engine.h"
#include "ledger/engines/local/blobs.h"
#include "ledger/engines/local/log_writer.h"
#include "ledger/executor.h"

namespace adit::ledger::local {

struct LocalEngineOptions {
  uint64_t segment_bytes = 4 << 20;
  uint64_t max_log_bytes = 32 << 20;
  uint64_t max_batch_bytes = 4 << 20;
  uint64_t salt = 0;  // random: keeps records of former files from being taken for this log's
};

class LocalEngine final : public Engine {
 public:
  // The log folder must exist and hold no log (StateDirectory::open has replayed it).
  LocalEngine(Disk& disk, std::string log, std::string blobs, size_t shard, Executor& executor,
              std::unique_ptr<Background> log_thread, Background& files, const Clock& clock,
              const LocalEngineOptions& options);
  ~LocalEngine() override;

  void read_head(const LedgerId& id, Head local, uint64_t timeout_ms, Callback<Head> callback) override;
  void append(const LedgerId& id, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) override;
  void read_log(const LedgerId& id, Position after, uint64_t timeout_ms,
                Callback<std::vector<LogEntry>> callback) override;
  void compact(const LedgerId& id, Position position) override;
  void release(const LedgerId& id) override;
  std::vector<Lagging> lagging(size_t count) override;
  void raise_epoch(const LedgerId& id, uint64_t timeout_ms, Callback<Head> callback) override;
  void put_blob(std::string key, Bytes data, uint64_t timeout_ms, Callback<void> callback) override;
  void get_blob(std::string key, BlobRange range, uint64_t timeout_ms, Callback<Bytes> callback) override;
  void delete_blob(std::string key, uint64_t timeout_ms, Callback<void> callback) override;
  void list_blobs(std::string prefix, std::string after, size_t limit, uint64_t timeout_ms,
                  Callback<std::vector<BlobInfo>> callback) override;
  EngineStatistics statistics() const override { return m_statistics; }
  void close(Callback<void> callback) override;

 private:
  struct LedgerState {
    Head head;
    Position compacted = 0;
    uint64_t last_segment = 0;  // the newest segment that has records of it, at `slot` of that segment's list
    size_t slot = 0;
    uint32_t segments = 0;  // how many mention it
    uint32_t queued = 0;    // entries queued or being written
    uint32_t urged = 0;     // appends that may pass while the log is too long: without them it could not compact
    bool in_flight = false;
    bool is_unknown = false;  // an append may or may not be in the log: only a restart, which reads it, can tell
    bool is_open = false;
  };
  using States = std::unordered_map<LedgerId, LedgerState>;
  struct SegmentState {
    uint64_t sequence = 0;
    uint64_t bytes = 0;
    std::vector<std::pair<States::value_type*, Position>> ledgers;  // the last position that the segment has of each
  };
  struct Pending {
    States::value_type* ledger;
    LogEntry entry;
    int64_t deadline_ns;
    Callback<void> callback;  // emptied when the deadline passes first
  };
  struct HeadRead {
    States::value_type* ledger;
    int64_t deadline_ns;
    Callback<Head> callback;
  };
  struct Batch {
    std::vector<LogItem> items;
    std::vector<Pending> pending;  // entries moved to items
    BatchResult result;
  };
  template <typename T>
  struct Call;

  LedgerState& state_of(const LedgerId& id) { return m_ledgers[id]; }
  void enqueue(States::value_type& ledger, LogEntry entry, uint64_t timeout_ms, Callback<void> callback);
  void schedule_submit();
  void submit();
  bool take(Batch& batch, Pending& next, size_t& bytes);
  void batch_done(Batch& batch);
  void answer_head_reads();
  static Result<Head> head_of(const States::value_type& ledger);
  void note_written(States::value_type& ledger, Position position, SegmentState& segment);
  void trim();
  void forget_newest();
  void forget_if_unused(States::iterator it);
  bool is_too_long() const {
    return m_statistics.log_bytes_kept > 2 * m_options.max_log_bytes && m_segments.size() > 1;
  }
  void watch_deadlines();
  void expire(int64_t now_ns);
  void finish_close();
  template <typename T>
  void in_background(Background& thread, uint64_t timeout_ms, Function<Result<T>()> work, Callback<T> callback);

  Disk& m_disk;
  std::string m_log;
  Executor& m_executor;
  Background& m_files;
  const Clock& m_clock;
  LocalEngineOptions m_options;
  std::shared_ptr<LogWriter> m_writer;
  std::shared_ptr<Blobs> m_blobs;
  States m_ledgers;
  std::deque<SegmentState> m_segments;
  std::deque<Pending> m_queue;
  std::vector<HeadRead> m_head_reads;  // waiting for entries under way
  std::shared_ptr<Batch> m_batch;      // being written
  EngineStatistics m_statistics;
  bool m_submit_scheduled = false;
  bool m_trim_scheduled = false;
  bool m_deadline_watch = false;
  Callback<void> m_on_closed;
  // Tasks given to the executor check that the engine still lives.
  std::shared_ptr<LocalEngine*> m_alive;
  std::unique_ptr<Background> m_log_thread;  // last: its end waits for the batch being written
};

}  // namespace adit::ledger::local
