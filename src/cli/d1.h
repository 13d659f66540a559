// `adit d1`: SQL, migrations, export and time travel on the databases of a worker that does not run now.
// Owner: main's thread, which waits for each database's. Invariant: a migration is recorded in the same transaction that made it.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command_line.h"

namespace adit::cli {

// Returns the exit code.
Result<int> run_d1(const D1Options& options, const Clock& clock, const std::function<void(std::string_view)>& out);

}  // namespace adit::cli
