// LogWriter: writes batches of entries to the newest segment, one write and one sync per batch, and starts new segments.
// Owner: the engine makes it; only the log's background thread uses it after that.
// Invariant: an item is `durable` only after the sync of its segment; after a failed sync nothing more is ever written (what the kernel
// kept of the failed data is unknowable). A full disk is no such failure: the torn end is cut off, synced, and writing goes on later.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "ledger/engines/local/log_format.h"

namespace adit::ledger::local {

struct LogItem {
  LedgerId id;
  LogEntry entry;
};

struct BatchResult {
  Result<void> outcome;
  uint64_t sequence = 0;       // the segment that has the batch
  uint64_t bytes_written = 0;  // including a new segment's header
};

class LogWriter {
 public:
  LogWriter(Disk& disk, std::string log, uint64_t segment_bytes, uint64_t salt)
      : m_disk(disk), m_log(std::move(log)), m_segment_bytes(segment_bytes), m_salt(salt) {}

  BatchResult write(const std::vector<LogItem>& items);
  // Everything of one ledger after a position.
  Result<std::vector<LogEntry>> read(const LedgerId& id, Position after) const;
  Result<void> delete_all();

 private:
  Result<void> roll();
  Result<void> cut(Error cause);

  Disk& m_disk;
  std::string m_log;
  uint64_t m_segment_bytes;
  uint64_t m_salt;
  uint64_t m_sequence = 0;
  uint64_t m_size_bytes = 0;
  std::unique_ptr<DiskFile> m_file;
  Bytes m_buffer;
  std::optional<Error> m_failure;
};

}  // namespace adit::ledger::local
