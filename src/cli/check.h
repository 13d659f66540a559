// `adit check`: reads a worker's configuration and says what is wrong with it. Owner: main's thread.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command_line.h"

namespace adit::cli {

// Receives the report's text.
using Output = std::function<void(std::string_view)>;

// Reports through `out` and returns the exit code: 0 without errors (there may be warnings), 1 with.
Result<int> run_check(const CheckOptions& options, const Clock& clock, const Output& out);

}  // namespace adit::cli
