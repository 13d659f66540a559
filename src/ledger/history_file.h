// The history file of a ledger, beside its database file: kept states, oldest first, each a record with the pages (lz4) that the step to the
// next kept state replaced. Append-only; from time to time it is rewritten with less in it, into a new file that then takes its place.
// Owner: whoever owns the ledger; writing happens on the background thread. Invariant: a record begins at the state that the one before
// it ends at, and the last ends at or before the database file's position; what does not fit is not appended, it starts the file anew.
//
//   record   magic u32 length u32 checksum u64 from u64 to u64 time u64 page_size u32 page_count u32 pages u32 flags u32 body u32 0 u32
//            page numbers u32, page images (body bytes, lz4 unless that is longer), padded to 8, length u32, end magic u32
#pragma once

#include <string>
#include <vector>

#include "ledger/disk.h"
#include "ledger/history.h"

namespace adit::ledger {

// A kept state and the one that its pages lead back from.
struct HistoryStep {
  Position from = 0;
  Position to = 0;
  int64_t time_ms = 0;  // when `from` was committed
  uint32_t page_size_bytes = 0;
  uint32_t page_count = 0;
  uint32_t pages = 0;
  bool is_bookmark = false;
  uint64_t offset_bytes = 0;
  uint32_t length_bytes = 0;
};

class HistoryFile {
 public:
  HistoryFile(Disk& disk, std::string path) : m_disk(disk), m_path(std::move(path)) {}

  struct Added {
    std::vector<KeptState> states;
    Position to = 0;  // the state that the last one leads back from
    uint32_t page_size_bytes = 0;
    uint64_t database_bytes = 0;
    int64_t now_ms = 0;  // 0: forget nothing now
    // Records that end at or before this state are known to be synced; after a crash later ones may be torn.
    Position synced = UINT64_MAX;
  };
  // Adds what the file does not have. Does not sync: the log has it until the caller has synced the file.
  Result<void> append(const Added& added, const HistoryOptions& options);
  // Every step, oldest first; of a file that is absent none. Checks no checksum.
  Result<std::vector<HistoryStep>> steps() const;
  // The pages of the state at `from`, as far as they were replaced before the file's last step ended: each number once. Checks checksums.
  Result<KeptState> read(Position from) const;
  // Checks every record; the number of states that the file holds.
  Result<size_t> verify() const;

 private:
  struct End {
    uint64_t size_bytes = 0;  // of the whole records
    Position to = 0;
    int64_t oldest_ms = 0;
  };
  Result<End> find_end(DiskFile& file, Position synced) const;
  Result<void> forget(const HistoryOptions& options, uint64_t max_bytes, int64_t now_ms) const;

  Disk& m_disk;
  std::string m_path;
};

}  // namespace adit::ledger
