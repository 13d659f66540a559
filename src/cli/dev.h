// `adit dev`: runs a worker from its source, swaps it when sources or configuration change, stops on SIGINT and SIGTERM.
// Owner: main's thread, which runs a loop of its own for signals and file changes; requests run on the shards.
#pragma once

#include "base/result.h"
#include "cli/command_line.h"

namespace adit::cli {

// Returns the exit code.
Result<int> run_dev(const DevOptions& options);

}  // namespace adit::cli
