// From the options that `adit dev` and `adit check` share to a request for the configuration. Owner: main's thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "worker/config/config.h"

namespace adit::cli {

// This process's environment variables.
std::map<std::string, std::string> process_environment();

// `directory` made absolute; an error when it is no directory.
Result<std::filesystem::path> existing_directory(const std::string& directory);

// Options is DevOptions or CheckOptions.
template <typename Options>
Result<worker::ConfigRequest> make_config_request(const Options& options) {
  worker::ConfigRequest request;
  request.directory = TRY(existing_directory(options.directory));
  if (options.config) request.config_file = *options.config;
  request.environment = options.environment;
  request.vars = options.vars;
  for (const std::string& file : options.env_files) request.env_files.emplace_back(file);
  request.process_env = process_environment();
  return request;
}

}  // namespace adit::cli
