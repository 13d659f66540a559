// Runs a program to its end and keeps what it printed. Owner: the calling thread, which blocks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace adit::cli {

struct Finished {
  int exit_code = 0;
  std::string output;  // stdout and stderr, interleaved
};

Result<Finished> run_program(const std::vector<std::string>& arguments, const std::filesystem::path& directory);

}  // namespace adit::cli
