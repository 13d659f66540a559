// `adit init`: writes a new TypeScript worker that runs at once with `adit dev`. Owner: main's thread.
// Invariant: never writes into a directory that holds anything.
#pragma once

#include <functional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command_line.h"

namespace adit::cli {

Result<int> run_init(const InitOptions& options, const Clock& clock, const std::function<void(std::string_view)>& out);

}  // namespace adit::cli
