// StateDirectory: the state on this disk, of all shards. Opening it locks it and replays what a crash left in the logs, so that
// afterwards every database file is complete and any shard may open any ledger, however many shards there were before.
// Owner: made in main before shards start, outlives them; its methods are safe from any thread.
// Invariant: while this lives, no other process uses the directory, and when open() has returned no log holds anything.
//
//     PATH/lock  PATH/format  PATH/log/SHARD/NNNN.log  PATH/ledgers/SPACE/XX/NAME.sqlite  PATH/blobs/XX/KEY
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/disk.h"
#include "ledger/ledger_id.h"

namespace adit::ledger {

struct RecoveryReport {
  uint64_t segments = 0;
  uint64_t entries = 0;
  uint64_t ledgers = 0;
  uint64_t log_bytes = 0;
  uint64_t torn_bytes = 0;  // an unfinished, hence unacknowledged, end of a log
  std::vector<LedgerId> ledger_ids;
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
  Result<void> recover();

  Disk& m_disk;
  std::string m_path;
  std::unique_ptr<DiskLock> m_lock;
  RecoveryReport m_recovery;
};

}  // namespace adit::ledger
