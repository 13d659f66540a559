// WorkerConfig → JSON. Pure; no owner.
#include "worker/config/config_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace adit::worker {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string relative(const WorkerConfig& config, const fs::path& path) {
  fs::path below = path.lexically_relative(config.directory);
  return below.empty() || *below.begin() == ".." ? path.string() : below.string();
}

std::string place_text(Place place) { return fmt::format("{}:{}", place.line, place.column); }

template <typename T>
void put(Json& json, const char* key, const T& value, const T& unless = T()) {
  if (value != unless) json[key] = value;
}

const char* origin_name(Variable::Origin origin) {
  switch (origin) {
    case Variable::Origin::config:
      return "config";
    case Variable::Origin::dev_vars:
      return ".dev.vars";
    case Variable::Origin::dot_env:
      return ".env";
    case Variable::Origin::process_env:
      return "process";
    case Variable::Origin::command_line:
      return "--var";
  }
  return "";
}

const char* module_type_name(ModuleType type) {
  switch (type) {
    case ModuleType::es_module:
      return "ESModule";
    case ModuleType::common_js:
      return "CommonJS";
    case ModuleType::compiled_wasm:
      return "CompiledWasm";
    case ModuleType::text:
      return "Text";
    case ModuleType::data:
      return "Data";
    case ModuleType::python_module:
      return "PythonModule";
    case ModuleType::python_requirement:
      return "PythonRequirement";
  }
  return "";
}

void put_bindings(Json& json, const WorkerConfig& config) {
  for (const Variable& variable : config.vars) {
    Json& out = json["vars"][variable.name];
    // The value's text came from a file that was parsed, so it parses.
    out["value"] = variable.kind == Variable::Kind::text ? Json(variable.value) : Json::parse(variable.value);
    out["from"] = origin_name(variable.origin);
  }
  for (const KvNamespace& space : config.kv_namespaces) {
    Json out{{"binding", space.binding}, {"id", space.id}};
    put(out, "preview_id", space.preview_id);
    json["kv_namespaces"].push_back(std::move(out));
  }
  for (const R2Bucket& bucket : config.r2_buckets)
    json["r2_buckets"].push_back(Json{{"binding", bucket.binding}, {"bucket_name", bucket.name}});
  for (const D1Database& database : config.d1_databases) {
    json["d1_databases"].push_back({{"binding", database.binding},
                                    {"id", database.id},
                                    {"name", database.name},
                                    {"migrations_table", database.migrations_table},
                                    {"migrations_dir", database.migrations_dir}});
  }
  for (const DurableObjectBinding& binding : config.durable_objects) {
    Json out{{"name", binding.name}, {"class_name", binding.class_name}};
    put(out, "script_name", binding.script_name);
    put(out, "environment", binding.environment);
    json["durable_objects"].push_back(std::move(out));
  }
  for (const DurableObjectClass& known : config.durable_object_classes) {
    json["durable_object_classes"].push_back(Json{{"name", known.name}, {"sqlite", known.sqlite}});
  }
  for (const ServiceBinding& binding : config.services) {
    Json out{{"binding", binding.binding}, {"service", binding.service}};
    put(out, "entrypoint", binding.entrypoint);
    if (!binding.props.empty()) out["props"] = Json::parse(binding.props, nullptr, false);
    json["services"].push_back(std::move(out));
  }
  for (const Migration& migration : config.migrations) json["migrations"].push_back(migration.tag);
}

void put_build(Json& json, const WorkerConfig& config) {
  if (!config.build.command.empty()) {
    Json& out = json["build"];
    out["command"] = config.build.command;
    out["cwd"] = relative(config, config.build.cwd);
    for (const fs::path& path : config.build.watch_dirs) out["watch_dirs"].push_back(relative(config, path));
  }
  for (const ModuleRule& rule : config.rules) {
    json["rules"].push_back(
        Json{{"type", module_type_name(rule.type)}, {"globs", rule.globs}, {"fallthrough", rule.fallthrough}});
  }
  put(json, "no_bundle", config.no_bundle);
  put(json, "find_additional_modules", config.find_additional_modules);
  if (config.base_dir != config.main.parent_path()) json["base_dir"] = relative(config, config.base_dir);
  put(json, "preserve_file_names", config.preserve_file_names);
  put(json, "define", config.define);
  put(json, "alias", config.alias);
  put(json, "minify", config.minify);
  put(json, "keep_names", config.keep_names, true);
  if (!config.tsconfig.empty()) json["tsconfig"] = relative(config, config.tsconfig);
  put<std::string>(json, "jsx_factory", config.jsx_factory, "React.createElement");
  put<std::string>(json, "jsx_fragment", config.jsx_fragment, "React.Fragment");
  put(json, "upload_source_maps", config.upload_source_maps);
}

void put_routes(Json& json, const WorkerConfig& config) {
  for (const Route& route : config.routes) {
    Json out{{"pattern", route.pattern}};
    put(out, "zone_name", route.zone_name);
    put(out, "zone_id", route.zone_id);
    put(out, "custom_domain", route.custom_domain);
    json["routes"].push_back(std::move(out));
  }
  put(json, "workers_dev", config.workers_dev, config.routes.empty());
  put(json, "crons", config.crons);
  if (config.limits.cpu_ms) json["limits"]["cpu_ms"] = *config.limits.cpu_ms;
  if (config.limits.subrequests) json["limits"]["subrequests"] = *config.limits.subrequests;
  if (config.dev.ip) json["dev"]["ip"] = *config.dev.ip;
  if (config.dev.port) json["dev"]["port"] = *config.dev.port;
  if (config.dev.host) json["dev"]["host"] = *config.dev.host;
  if (config.dev.local_protocol != "http") json["dev"]["local_protocol"] = config.dev.local_protocol;
  if (!config.dev.upstream_protocol.empty()) json["dev"]["upstream_protocol"] = config.dev.upstream_protocol;
}

}  // namespace

std::string config_as_json(const WorkerConfig& config) {
  Json json;
  json["name"] = config.name;
  put(json, "environment", config.environment);
  if (!config.main.empty()) json["main"] = relative(config, config.main);
  json["compatibility_date"] = config.compatibility_date;
  put(json, "compatibility_flags", config.compatibility_flags);
  put_bindings(json, config);
  put_routes(json, config);
  put_build(json, config);
  for (const NotYet& entry : config.not_yet) {
    Json out{{"field", entry.field}, {"feature", entry.feature}};
    put(out, "binding", entry.binding);
    out["place"] = place_text(entry.place);
    json["not_yet"].push_back(std::move(out));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace adit::worker
