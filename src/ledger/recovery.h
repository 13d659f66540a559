// Recovery: redoes one shard's log into database files. Pages are full images, so redoing what a file already has changes nothing, and a
// database file torn by the crash is whole afterwards. Owner: StateDirectory::open, before shards start.
// Invariant: the log is deleted only after all files are synced; a crash in recovery is followed by the same recovery.
#pragma once

#include <string>
#include <vector>

#include "ledger/state_directory.h"

namespace adit::ledger {

// Also remembers, in the file PATH/recovered, which ledgers the log had something of.
Result<void> recover_log(const StateDirectory& state, const std::string& log, RecoveryReport& report);

// The ledgers of this recovery, and of those before it that nobody has dealt with: whatever else should follow from their last commits may not
// have happened.
Result<std::vector<LedgerId>> recovered_ledgers(const StateDirectory& state);
// It has happened now, durably.
Result<void> forget_recovered(const StateDirectory& state);

}  // namespace adit::ledger
