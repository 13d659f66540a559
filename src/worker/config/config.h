// A worker's configuration: what wrangler.toml, wrangler.json or wrangler.jsonc say for one environment, checked and typed.
// Value types; no owner. Invariant: a WorkerConfig exists only for a configuration without errors, and every path in it is
// absolute. Fields whose feature is not built yet are in `not_yet`, so that the runtime can say so when they are used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "worker/config/diagnostic.h"

namespace adit::worker {

// One variable of `env`: a string, or any other JSON value as its text.
struct Variable {
  enum class Kind { text, json };
  enum class Origin { config, dev_vars, dot_env, process_env, command_line };
  std::string name;
  Kind kind = Kind::text;
  std::string value;  // text: the string; json: JSON text
  Origin origin = Origin::config;
  Place place;
  std::string file = {};  // of dev_vars and dot_env, as messages show it
};

struct KvNamespace {
  std::string binding;
  std::string id;  // the binding's name when the configuration gives none
  std::string preview_id;
  Place place;
};

struct R2Bucket {
  std::string binding;
  std::string name;  // the binding's when the configuration gives none
  Place place;
};

struct D1Database {
  std::string binding;
  std::string id;    // database_id; without one the name, or the binding's
  std::string name;  // database_name; the binding's when the configuration gives none
  std::string migrations_table;
  std::string migrations_dir;  // as written
  Place place;
};

struct DurableObjectBinding {
  std::string name;
  std::string class_name;
  std::string script_name;  // empty: this worker
  std::string environment;
  Place place;
};

// A binding to an entrypoint of this worker or of another.
struct ServiceBinding {
  std::string binding;
  std::string service;     // the worker's name
  std::string entrypoint;  // empty: the default export
  std::string props;       // JSON text of an object; empty: none
  Place place;
};

struct RenamedClass {
  std::string from;
  std::string to;
};

struct TransferredClass {
  std::string from;
  std::string from_script;
  std::string to;
};

struct Migration {
  std::string tag;
  std::vector<std::string> new_classes;
  std::vector<std::string> new_sqlite_classes;
  std::vector<RenamedClass> renamed_classes;
  std::vector<std::string> deleted_classes;
  std::vector<TransferredClass> transferred_classes;
  Place place;
};

// A Durable Object class as it stands after all migrations.
struct DurableObjectClass {
  std::string name;
  bool sqlite = false;
};

enum class ModuleType { es_module, common_js, compiled_wasm, text, data, python_module, python_requirement };

struct ModuleRule {
  ModuleType type = ModuleType::es_module;
  std::vector<std::string> globs;
  bool fallthrough = false;
};

struct BuildStep {
  std::string command;
  std::filesystem::path cwd;
  std::vector<std::filesystem::path> watch_dirs;
};

struct Route {
  std::string pattern;
  std::string zone_name;
  std::string zone_id;
  bool custom_domain = false;
  Place place;
};

struct DevSettings {
  std::optional<std::string> ip;
  std::optional<uint16_t> port;
  std::string local_protocol = "http";
  std::string upstream_protocol;  // empty: the local protocol's
  std::optional<std::string> host;
};

struct WorkerLimits {
  std::optional<uint32_t> cpu_ms;
  std::optional<uint32_t> subrequests;
};

// A field that is understood but whose feature is not built: `field` is its path ("d1_databases[0]"), `binding` the property
// of `env` that it would make (empty when it makes none).
struct NotYet {
  std::string field;
  std::string feature;  // "D1 databases"
  std::string binding;
  Place place;
};

struct WorkerConfig {
  std::filesystem::path file;       // the configuration file
  std::filesystem::path directory;  // where it stands; relative paths of the file start here
  std::string environment;          // the environment's name; empty at the top level
  std::string name;                 // of the worker; "NAME-ENVIRONMENT" in an environment without a name of its own

  std::filesystem::path main;  // empty: none (assets only)
  Place main_place;
  std::string compatibility_date;
  std::vector<std::string> compatibility_flags;
  bool has_flag(std::string_view flag) const;

  std::vector<Variable> vars;  // sorted by name; .dev.vars, .env and --var already laid over those of the file
  std::vector<KvNamespace> kv_namespaces;
  std::vector<R2Bucket> r2_buckets;
  std::vector<D1Database> d1_databases;
  std::vector<DurableObjectBinding> durable_objects;
  std::vector<ServiceBinding> services;
  std::vector<Migration> migrations;
  std::vector<DurableObjectClass> durable_object_classes;  // sorted by name

  std::vector<Route> routes;
  bool workers_dev = true;
  std::vector<std::string> crons;
  WorkerLimits limits;
  DevSettings dev;

  BuildStep build;  // command is empty when there is no custom build
  std::vector<ModuleRule> rules;
  bool no_bundle = false;
  bool find_additional_modules = false;
  std::filesystem::path base_dir;  // the directory of main, unless configured
  bool preserve_file_names = false;
  std::map<std::string, std::string> define;
  std::map<std::string, std::string> alias;
  bool minify = false;
  bool keep_names = true;
  std::filesystem::path tsconfig;  // empty: none configured
  std::string jsx_factory = "React.createElement";
  std::string jsx_fragment = "React.Fragment";
  bool upload_source_maps = false;

  std::vector<NotYet> not_yet;
};

// Where configuration is read from, so that a test needs no disk.
class ConfigFiles {
 public:
  virtual ~ConfigFiles() = default;
  // The file's text; nullopt when there is no such file.
  virtual std::optional<std::string> read(const std::filesystem::path& path) const = 0;
  virtual bool is_file(const std::filesystem::path& path) const = 0;
};

class DiskConfigFiles final : public ConfigFiles {
 public:
  std::optional<std::string> read(const std::filesystem::path& path) const override;
  bool is_file(const std::filesystem::path& path) const override;
};

struct ConfigRequest {
  std::filesystem::path directory;                   // absolute; the search for a configuration starts here and goes up
  std::optional<std::filesystem::path> config_file;  // --config, relative to `directory`
  std::optional<std::string> environment;            // --env; else CLOUDFLARE_ENV
  std::vector<std::pair<std::string, std::string>> vars;  // --var NAME:VALUE
  std::vector<std::filesystem::path> env_files;    // --env-file, instead of .dev.vars and .env; relative to `directory`
  std::map<std::string, std::string> process_env;  // for CLOUDFLARE_ENV and CLOUDFLARE_INCLUDE_PROCESS_ENV
  bool check_files = false;  // also report files that the configuration names and that do not exist
};

struct LoadedConfig {
  std::optional<WorkerConfig> config;  // nullopt exactly when diagnostics has an error
  std::vector<Diagnostic> diagnostics;
};

// Finds, reads and checks a configuration, with all its errors and warnings. The clock tells today's date.
LoadedConfig load_config(const ConfigRequest& request, const ConfigFiles& files, const Clock& clock);

// The day in UTC, as YYYY-MM-DD.
std::string utc_date(const Clock& clock);

// A file as messages show it: relative to `directory`, where the command runs, when that is shorter.
std::string shown_config_path(const std::filesystem::path& path, const std::filesystem::path& directory);

// One line about what is not built yet, for the start of a run: "D1 (DB, line 10), Queues (Q, line 15)"; empty when all is.
std::string not_yet_notice(const WorkerConfig& config);

// The first wrangler.json, else wrangler.jsonc, else wrangler.toml in `directory` or the folders above.
std::optional<std::filesystem::path> find_config(const std::filesystem::path& directory, const ConfigFiles& files);

}  // namespace adit::worker
