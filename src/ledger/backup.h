// Copies a state directory, also while a server works in it and without the server's help. Databases are copied as they are being written;
// the log, which is held open from before the first of them to after the last, has every page that changed meanwhile, so that opening the
// copy, which replays the log, makes each ledger what it was at one moment at the end of the copying.
// Owner: the caller's thread; blocks. Invariant: the target appears under its name only when it is whole and replayed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace adit::ledger {

struct BackupReport {
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t replayed_ledgers = 0;
};

// `target` must not exist, or be an empty directory.
Result<BackupReport> backup_state(const std::string& source, const std::string& target);

// Restoring in two steps, for a server that goes on with the restored state: first a complete copy beside the state, whose path this returns,
// while the server works; then, when it has let go of the state, the copy takes its place. The path of what was there (empty: nothing).
Result<std::string> stage_restore(const std::string& backup, const std::string& state);
Result<std::string> place_state(const std::string& incoming, const std::string& state);
// Undoes place_state(): what it put there is deleted.
Result<void> take_back_state(const std::string& kept, const std::string& state);

// Puts a backup in the place of a state directory that no server uses. What was there is kept beside it under the name that this returns
// (empty: there was nothing).
Result<std::string> restore_state(const std::string& backup, const std::string& state);

}  // namespace adit::ledger
