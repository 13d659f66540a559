// `adit state`: verify, backup, restore. Owner: main's thread.
#pragma once

#include "base/result.h"
#include "cli/check.h"
#include "cli/command_line.h"

namespace adit::cli {

// Reports through `out` and returns the exit code: 0 when all is well, 1 when `verify` found damage.
Result<int> run_state(const StateOptions& options, const Output& out);

}  // namespace adit::cli
