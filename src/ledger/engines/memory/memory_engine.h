// MemoryEngine: the engine for simulation. The logs are a service that owners reach by messages, and every message may be dropped, delayed
// or refused, as a cluster's would: appends whose outcome stays unknown, appends that arrive after their deadline, owners that do not know
// yet that they are no longer one.
// Owner: MemoryStorage is shared by all owners, a MemoryEngine is one owner's; all on one thread. Invariant: only storage decides whether an
// append is the next; what it has taken is never lost (a test that wants that loses the storage).
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "base/clock.h"
#include "ledger/engine.h"
#include "ledger/executor.h"

namespace adit::ledger::memory {

// What survives every owner.
struct MemoryStorage {
  struct Log {
    Head head;
    Position compacted = 0;
    bool is_destroyed = false;  // by the last entry
    std::vector<LogEntry> entries;
  };
  std::map<std::string, Log> logs;
  std::map<std::string, Bytes> blobs;
  // With several owners a file on one's disk is no snapshot that the others could use: the log is kept whole.
  bool keeps_compacted = false;
};

enum class Operation { read_head, append, read_log, raise_epoch, put_blob, get_blob, delete_blob, list_blobs };

// What becomes of one call's two messages.
struct Fate {
  uint64_t request_delay_ms = 0;
  uint64_t reply_delay_ms = 0;
  bool drops_request = false;    // never arrives
  bool drops_reply = false;      // arrives and is done, but nobody hears of it
  std::optional<Error> refusal;  // arrives and is refused: nothing is done
};

class MemoryEngine final : public Engine {
 public:
  using Fates = Function<Fate(Operation)>;
  // max_log_bytes: above it lagging() names the ledgers that have not compacted.
  MemoryEngine(std::shared_ptr<MemoryStorage> storage, Executor& executor, const Clock& clock, Fates fates,
               uint64_t max_log_bytes)
      : m_storage(std::move(storage)),
        m_executor(executor),
        m_clock(clock),
        m_fates(std::move(fates)),
        m_max_log_bytes(max_log_bytes),
        m_alive(std::make_shared<MemoryEngine*>(this)) {}

  void read_head(const LedgerId& id, Head local, uint64_t timeout_ms, Callback<Head> callback) override;
  void append(const LedgerId& id, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) override;
  void read_log(const LedgerId& id, Position after, uint64_t timeout_ms,
                Callback<std::vector<LogEntry>> callback) override;
  void compact(const LedgerId& id, Position position) override;
  void release(const LedgerId&) override {}
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
  struct Outstanding {
    bool in_flight = false;  // an append that the caller waits for
    size_t travelling = 0;   // appends that may still arrive
    std::vector<Function<void()>> head_reads;
    bool head_was_read = false;
  };
  template <typename T>
  void call(Operation operation, uint64_t timeout_ms, Function<Result<T>(MemoryStorage&)> work, Callback<T> callback,
            Function<void()> arrived = nullptr);
  static uint64_t log_bytes(const MemoryStorage::Log& log);
  Result<void> append_to(MemoryStorage& storage, const LedgerId& id, LogEntry entry);

  std::shared_ptr<MemoryStorage> m_storage;
  Executor& m_executor;
  const Clock& m_clock;
  Fates m_fates;
  uint64_t m_max_log_bytes;
  std::unordered_map<LedgerId, Outstanding> m_outstanding;
  EngineStatistics m_statistics;
  size_t m_calls = 0;  // not answered yet
  Callback<void> m_on_closed;
  std::shared_ptr<MemoryEngine*> m_alive;
};

}  // namespace adit::ledger::memory
