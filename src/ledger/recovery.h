// Recovery: redoes one shard's log into database files. Pages are full images, so redoing what a file already has changes nothing, and a
// database file torn by the crash is whole afterwards. Owner: StateDirectory::open, before shards start.
// Invariant: the log is deleted only after all files are synced; a crash in recovery is followed by the same recovery.
#pragma once

#include <string>

#include "ledger/state_directory.h"

namespace adit::ledger {

Result<void> recover_log(const StateDirectory& state, const std::string& log, RecoveryReport& report);

}  // namespace adit::ledger
