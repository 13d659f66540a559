// From a configuration's main module to a Script: the custom build, esbuild where imports or TypeScript need it, the modules by the
// configuration's rules. Plain JavaScript without imports is taken as it is, so that it starts at once.
// Owner: main's thread; blocks while the tools run.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/result.h"
#include "worker/config/config.h"
#include "worker/script.h"

namespace adit::cli {

struct Bundle {
  std::shared_ptr<worker::Script> script;
  std::vector<std::filesystem::path> inputs;  // the files that it was made from, to watch
};

// `work_directory` takes the bundler's output. An error is ready to show to the user.
Result<Bundle> make_bundle(const worker::WorkerConfig& config, const std::filesystem::path& work_directory);

// Where esbuild is: ADIT_ESBUILD, node_modules beside the program's checkout, or the project's own node_modules.
Result<std::filesystem::path> find_esbuild(const std::filesystem::path& project);

}  // namespace adit::cli
