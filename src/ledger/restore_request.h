// The wish to take a ledger back to a kept state when it is next opened, in a file beside its database. It is first noted at which position
// the restored state becomes a commit, then committed: so a crash between the two restores again, and one after it does not.
// Owner: whoever owns the ledger. Invariant: a request that was acknowledged survives power loss, and is carried out once.
#pragma once

#include <optional>
#include <string>

#include "ledger/disk.h"
#include "ledger/engine.h"

namespace adit::ledger {

struct RestoreRequest {
  Position target = 0;
  Position applied_at = 0;  // 0: not yet
};

std::string restore_request_path(const std::string& database_path);
// nullopt: there is none (or one that never became whole).
Result<std::optional<RestoreRequest>> read_restore_request(Disk& disk, const std::string& path);
// Durable when it returns.
Result<void> write_restore_request(Disk& disk, const std::string& path, const RestoreRequest& request);
// Durable too: a request that came back with a crash would be carried out on what was written since.
Result<void> remove_restore_request(Disk& disk, const std::string& path);

}  // namespace adit::ledger
