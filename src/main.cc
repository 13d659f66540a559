// adit: parses the command line and runs the command.
#include <malloc.h>

#include <cstdio>
#include <variant>

#include "base/clock.h"
#include "cli/check.h"
#include "cli/command_line.h"
#include "cli/d1.h"
#include "cli/dev.h"
#include "cli/init.h"
#include "cli/state.h"

namespace {

using namespace adit;       // NOLINT: the program's own root
using namespace adit::cli;  // NOLINT

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int finish(Result<int> result) {
  if (result.is_ok()) return result.value();
  std::fprintf(stderr, "adit: %s\n", result.error().full_message().c_str());
  return 1;
}

struct Run {
  int operator()(const DevOptions& options) const { return finish(run_dev(options)); }
  int operator()(const InitOptions& options) const { return finish(run_init(options, SystemClock(), print)); }
  int operator()(const CheckOptions& options) const { return finish(run_check(options, SystemClock(), print)); }
  int operator()(const StateOptions& options) const { return finish(run_state(options, print)); }
  int operator()(const D1Options& options) const { return finish(run_d1(options, SystemClock(), print)); }
  int operator()(const PrintText& text) const {
    print(text.text);
    return 0;
  }
  int operator()(const UsageError& error) const {
    std::fputs(error.text.c_str(), stderr);
    return 2;
  }
};

}  // namespace

// Nothing is left to clean up when something as unlikely as no memory at the start ends the program.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  // glibc would give every thread an arena of its own and keep what each frees; shards allocate little at a time.
  mallopt(M_ARENA_MAX, 2);
  return std::visit(Run{}, parse_command_line(argc, argv));
}
