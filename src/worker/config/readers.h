// The parts of load_config. Each reads some fields of the environment into the configuration and reports what is wrong with them.
// Owner: load_config; internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "worker/config/config.h"
#include "worker/config/environment.h"

namespace adit::worker {

struct Reading {
  const Environment& environment;
  WorkerConfig& config;
  Reporter& reporter;
  const ConfigFiles& files;
  std::string today;  // YYYY-MM-DD
};

void read_settings(Reading& reading);        // the worker, its build, its routes, limits
void read_bindings(Reading& reading);        // KV, Durable Objects, vars as the file has them, what is not built yet
void check_named_files(Reading& reading);    // that main and tsconfig exist
void check_binding_names(Reading& reading);  // no two bindings of one name

// Lays .dev.vars or .env and --var over the file's variables. `names` gives files their names in messages.
void overlay_variables(Reading& reading, const ConfigRequest& request, std::vector<Diagnostic>& diagnostics);

}  // namespace adit::worker
