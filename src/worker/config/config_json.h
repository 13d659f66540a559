// A WorkerConfig as indented JSON, without what has its default: for `adit check --print` and for tests. Pure; no owner.
#pragma once

#include <string>

#include "worker/config/config.h"

namespace adit::worker {

// Paths are written relative to the configuration's directory where they lie below it.
std::string config_as_json(const WorkerConfig& config);

}  // namespace adit::worker
