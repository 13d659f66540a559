// One version of a worker, ready to be started in any number of isolates: its modules, its environment, its limits.
// Value type, immutable once made; shards share it by shared_ptr<const Script>.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "js/modules.h"
#include "worker/route_host.h"

namespace adit::worker {

struct Script {
  std::string name;
  std::string main_module;
  bool is_service_worker = false;  // a classic script with addEventListener("fetch", ...)
  std::vector<js::ModuleSource> modules;
  // What builtins/env.ts makes `env` from, as JSON: vars and bindings (see worker/environment.h).
  std::string environment_json;
  std::string compatibility_date;
  std::vector<std::string> compatibility_flags;
  uint32_t cpu_limit_ms = 30'000;  // Workers' documented default on the paid plan
  size_t memory_limit_bytes = 128 * 1024 * 1024;
  uint32_t subrequest_limit = 10'000;  // the same plan's
  RouteHost route_host;                // set in development only
  // Shared by the isolates of this version.
  std::shared_ptr<js::CodeCache> code_cache = std::make_shared<js::CodeCache>();
};

}  // namespace adit::worker
