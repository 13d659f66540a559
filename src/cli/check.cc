// `adit check`. Owner: main's thread.
#include "cli/check.h"

#include <fmt/format.h>

#include <vector>

#include "cli/config_request.h"
#include "worker/config/config.h"
#include "worker/config/config_json.h"

namespace adit::cli {
namespace {

using worker::Diagnostic;
using worker::Severity;
using worker::WorkerConfig;

std::string counted(size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

void report_not_yet(const WorkerConfig& config, const std::string& file, std::vector<Diagnostic>& diagnostics) {
  for (const worker::NotYet& entry : config.not_yet) {
    std::string hint =
        entry.binding.empty() ? "it has no effect" : fmt::format("using env.{} throws an error", entry.binding);
    diagnostics.push_back({Severity::warning, file, entry.place.line, entry.place.column,
                           fmt::format("{}: not built yet ({})", entry.field, entry.feature), std::move(hint), ""});
  }
}

std::string summary(const WorkerConfig& config, const std::vector<Diagnostic>& diagnostics) {
  std::string environment = config.environment.empty() ? "" : fmt::format(" ({})", config.environment);
  std::string out = fmt::format("{}{}: {}, {}, {}, {}", config.name, environment,
                                counted(config.vars.size(), "variable", "variables"),
                                counted(config.kv_namespaces.size(), "KV namespace", "KV namespaces"),
                                counted(config.durable_objects.size(), "Durable Object", "Durable Objects"),
                                counted(config.routes.size(), "route", "routes"));
  return fmt::format("{}; {}\n", out,
                     diagnostics.empty() ? "no problems" : counted(diagnostics.size(), "warning", "warnings"));
}

}  // namespace

Result<int> run_check(const CheckOptions& options, const Clock& clock, const Output& out) {
  worker::ConfigRequest request = TRY(make_config_request(options));
  request.check_files = true;
  worker::LoadedConfig loaded = worker::load_config(request, worker::DiskConfigFiles(), clock);
  std::vector<Diagnostic>& diagnostics = loaded.diagnostics;
  if (loaded.config) {
    std::string file = worker::shown_config_path(loaded.config->file, request.directory);
    report_not_yet(*loaded.config, file, diagnostics);
  }
  size_t errors = 0;
  for (const Diagnostic& diagnostic : diagnostics) errors += diagnostic.severity == Severity::error ? 1 : 0;
  out(format_diagnostics(diagnostics));
  if (errors > 0) {
    size_t warnings = diagnostics.size() - errors;
    std::string also = warnings == 0 ? "" : ", " + counted(warnings, "warning", "warnings");
    out(fmt::format("{}{}\n", counted(errors, "error", "errors"), also));
    return 1;
  }
  if (options.print) out(config_as_json(*loaded.config));
  out(summary(*loaded.config, diagnostics));
  return 0;
}

}  // namespace adit::cli
