// Whether a state directory is sound: every database by SQLite's own check, every history record by its checksum, every log record (which
// opening the directory has replayed). Owner: the caller's thread; blocks. The directory must be open, and no store in it.
#pragma once

#include <string>
#include <vector>

#include "ledger/state_directory.h"

namespace adit::ledger {

struct VerifyReport {
  size_t ledgers = 0;
  uint64_t database_bytes = 0;
  size_t kept_states = 0;
  std::vector<std::string> problems;  // one sentence each, naming the file
};

Result<VerifyReport> verify_state(const StateDirectory& state);

}  // namespace adit::ledger
