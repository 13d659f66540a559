// From a configuration to what builtins/env.ts makes `env` from.
#pragma once

#include <string>

#include "worker/config/config.h"

namespace adit::worker {

// {"bindings": [{"type", "name", ...}], "compatibilityDate", "compatibilityFlags"} as JSON.
std::string environment_json(const WorkerConfig& config);

}  // namespace adit::worker
