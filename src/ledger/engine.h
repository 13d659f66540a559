// Engine: the only thing that differs between a laptop and a cluster. It assumes no more than files, RADOS, PostgreSQL and S3's
// conditional puts can all do: a conditional append, one head record per ledger as the only linearization point, immutable blobs.
// Owner: one shard's thread, which makes every call and gets every callback (never inside the call that registers it, read_head's excepted).
// Invariant: an append is acknowledged only after it is durable, and only if epoch and expected position were the head's.
// Members and watch are not here yet: they come with the cluster, and nothing in the ledger may assume how they look.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"
#include "ledger/ledger_id.h"

namespace adit::ledger {

// Counts a ledger's commits, from 1; 0 is the empty ledger. Never goes back, not even when the ledger is destroyed and made anew
// while the log remembers it. An append may carry several commits: it moves the head from `expected` to `position`.
using Position = uint64_t;
using Epoch = uint64_t;

struct Head {
  Epoch epoch = 0;
  Position position = 0;
};

// A page's bytes never change once made; overlay, append in flight and checkpoint share them.
using PageBytes = std::shared_ptr<const uint8_t[]>;
struct PageImage {
  uint32_t number = 0;  // from 1, as SQLite counts
  PageBytes bytes;
};

enum class EntryKind : uint8_t {
  pages = 1,    // full images of the pages that the commits changed
  destroy = 2,  // all of the ledger's data is gone
  epoch = 3,    // the epoch was raised
};

struct LogEntry {
  EntryKind kind = EntryKind::pages;
  Epoch epoch = 0;
  Position expected = 0;
  Position position = 0;
  uint32_t page_size_bytes = 0;
  uint32_t page_count = 0;  // the database's size after this entry
  std::vector<PageImage> pages;
  // For point-in-time recovery (history.h): when the last commit was made, Unix time; 0 in a ledger without history.
  int64_t time_ms = 0;
  // The state before this entry is kept, and was committed then with so many pages; 0: it is not; -1: none before is any more.
  int64_t kept_time_ms = 0;
  uint32_t kept_page_count = 0;
  bool kept_is_bookmark = false;
  // Pages of kept states that this entry replaces and that no entry after the last compaction has.
  std::vector<PageImage> previous;
};

template <typename T>
using Callback = Function<void(Result<T>)>;

struct BlobRange {
  uint64_t offset_bytes = 0;
  uint64_t length_bytes = UINT64_MAX;
};

struct BlobInfo {
  std::string key;
  uint64_t size_bytes = 0;
};

struct EngineStatistics {
  uint64_t appends = 0;
  uint64_t batches = 0;  // one sync each
  uint64_t log_bytes_written = 0;
  uint64_t log_bytes_kept = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // The ledger's head, after every append that may still arrive has (one whose outcome is unknown to its owner). `local` is what the database file on this disk says; an engine whose own record is elsewhere ignores it.
  virtual void read_head(const LedgerId& id, Head local, uint64_t timeout_ms, Callback<Head> callback) = 0;

  // Appends if epoch and expected position are the head's; at most one append per ledger may be outstanding. Fails with
  //   conflict         a stale owner or a wrong position: nothing was written, and this owner must stop
  //   limit            no space: nothing was written
  //   io               nothing was written
  //   unknown_outcome  it may have been written (sync failed, deadline passed): re-read the head before a retry
  virtual void append(const LedgerId& id, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) = 0;

  // The log's entries after a position, oldest first: all that the log still has (what lies before is in the compacted snapshot).
  virtual void read_log(const LedgerId& id, Position after, uint64_t timeout_ms,
                        Callback<std::vector<LogEntry>> callback) = 0;

  // An immutable snapshot, or here the synced database file, holds everything up to this position: the log before it may go.
  virtual void compact(const LedgerId& id, Position position) = 0;
  // This owner is done with the ledger: the engine may forget what it remembers for it.
  virtual void release(const LedgerId& id) = 0;
  // Ledgers that keep the log above its bound until they compact, the position that each must reach. At most `count`.
  struct Lagging {
    LedgerId id;
    Position position;
  };
  virtual std::vector<Lagging> lagging(size_t count) = 0;

  // Makes every append with a lower epoch fail from now on. Answers the new head. After read_head.
  virtual void raise_epoch(const LedgerId& id, uint64_t timeout_ms, Callback<Head> callback) = 0;

  // Immutable blobs; a put replaces as a whole and is durable when acknowledged. Keys are paths of the caller's making.
  virtual void put_blob(std::string key, Bytes data, uint64_t timeout_ms, Callback<void> callback) = 0;
  virtual void get_blob(std::string key, BlobRange range, uint64_t timeout_ms, Callback<Bytes> callback) = 0;
  virtual void delete_blob(std::string key, uint64_t timeout_ms, Callback<void> callback) = 0;
  // Keys in order that start with prefix and come after `after`, at most `limit`.
  virtual void list_blobs(std::string prefix, std::string after, size_t limit, uint64_t timeout_ms,
                          Callback<std::vector<BlobInfo>> callback) = 0;

  virtual EngineStatistics statistics() const = 0;
  // Waits for what is outstanding. When every ledger was compacted to its head, no log remains.
  virtual void close(Callback<void> callback) = 0;
};

}  // namespace adit::ledger
