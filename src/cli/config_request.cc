// The process's side of a configuration request: its directory and environment. Owner: main's thread.
#include "cli/config_request.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

namespace adit::cli {

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry && *entry; entry++) {
    std::string_view text(*entry);
    size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<std::filesystem::path> existing_directory(const std::string& directory) {
  std::error_code failure;
  std::filesystem::path path = std::filesystem::canonical(directory, failure);
  if (failure) return Error::failed(fmt::format("{}: {}", directory, failure.message()));
  if (!std::filesystem::is_directory(path, failure))
    return Error::failed(fmt::format(
        "{} is not a directory: name the one of the configuration, whose \"main\" is the worker's entry module",
        directory));
  return path;
}

}  // namespace adit::cli
