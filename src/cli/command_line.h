// Adit's command line as a value. Parsing knows nothing about what the commands do; main dispatches on the variant.
// Owner: main's thread. Invariant: parse never prints and never exits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace adit::cli {

// Where a worker is.
struct WorkerPlace {
  std::string directory = ".";
  std::optional<std::string> config;
};

struct DevOptions {
  std::string directory = ".";
  std::optional<std::string> config;
  std::vector<WorkerPlace> others;  // that run beside it, for service bindings; only the first is on HTTP
  std::optional<std::string> environment;
  std::optional<std::string>
      host;                      // the address to listen on; dev.ip of the configuration, or 127.0.0.1, when not given
  std::optional<uint16_t> port;  // 0: any free port; dev.port of the configuration, or 8787, when not given
  std::vector<std::pair<std::string, std::string>> vars;
  std::vector<std::string> env_files;
  std::optional<std::string> persist_to;  // .adit/state beside the configuration when not given
  std::optional<uint32_t> shards;         // one per core when not given
  std::optional<uint16_t> s3_port;        // 0: any free one; no S3 API when not given
  std::optional<std::string> s3_keys;     // .adit/s3-keys.json beside the configuration when not given
  LogLevel log_level = LogLevel::info;
  std::optional<uint32_t> history_days;  // of Durable Objects and D1; what the state says, else 30
  std::optional<uint32_t> max_body_mb;   // of a request to a worker; what Cloudflare allows when not given
  uint32_t kv_propagation_s = 0;         // reads of KV show what they showed before for so long; 0: never
};

struct InitOptions {
  std::string name;  // the directory to make; its last part names the worker
};

struct CheckOptions {
  std::string directory = ".";
  std::optional<std::string> config;
  std::optional<std::string> environment;
  std::vector<std::pair<std::string, std::string>> vars;
  std::vector<std::string> env_files;
  bool print = false;  // also print the configuration as Adit understands it
};

struct StateOptions {
  enum class Action { verify, backup, restore };
  Action action = Action::verify;
  std::string path;                       // backup: where to; restore: from where
  std::optional<std::string> persist_to;  // the nearest .adit/state when not given
};

struct D1Options {
  enum class Action { execute, export_sql, list_migrations, apply_migrations, time_travel_info, time_travel_restore };
  Action action = Action::execute;
  std::string database;  // its name or its binding
  std::string directory = ".";
  std::optional<std::string> config;
  std::optional<std::string> environment;
  std::vector<std::pair<std::string, std::string>> vars;
  std::vector<std::string> env_files;
  std::optional<std::string> persist_to;
  std::optional<std::string> command;  // execute: one of these two
  std::optional<std::string> file;
  bool json = false;
  std::string output;  // export
  bool no_schema = false;
  bool no_data = false;
  std::vector<std::string> tables;
  std::optional<std::string> bookmark;  // time travel
  std::optional<int64_t> timestamp_ms;  // Unix time
};

// Text to print on standard output, then exit with 0: --help, help, --version.
struct PrintText {
  std::string text;
};

// A command line that cannot be understood: print `text` on standard error, exit with 2.
struct UsageError {
  std::string text;
};

using CommandLine = std::variant<DevOptions, InitOptions, CheckOptions, StateOptions, D1Options, PrintText, UsageError>;

CommandLine parse_command_line(int argc, const char* const* argv);

// The version that --version prints.
std::string_view adit_version();

}  // namespace adit::cli
