#include "worker/environment.h"

#include <nlohmann/json.hpp>
#include "worker/config/compatibility.h"

namespace adit::worker {
namespace {

// dev.host: the server behind the worker, as `wrangler dev` forwards to it.
std::string origin_of(const WorkerConfig& config) {
  const auto& dev = config.dev;
  if (!dev.host || dev.host->empty()) return "";
  if (dev.host->find("://") != std::string::npos) return *dev.host;
  return (dev.upstream_protocol.empty() ? dev.local_protocol : dev.upstream_protocol) + "://" + *dev.host;
}

}  // namespace

std::string environment_json(const WorkerConfig& config) {
  using Json = nlohmann::json;
  auto bindings = Json::array();
  for (const auto& variable : config.vars) {
    if (variable.kind == Variable::Kind::text)
      bindings.push_back({{"type", "text"}, {"name", variable.name}, {"value", variable.value}});
    else
      bindings.push_back(
          {{"type", "json"}, {"name", variable.name}, {"value", Json::parse(variable.value, nullptr, false)}});
  }
  for (const auto& kv : config.kv_namespaces) bindings.push_back({{"type", "kv"}, {"name", kv.binding}, {"id", kv.id}});
  for (const auto& bucket : config.r2_buckets)
    bindings.push_back({{"type", "r2"}, {"name", bucket.binding}, {"bucket", bucket.name}});
  for (const auto& d1 : config.d1_databases) bindings.push_back({{"type", "d1"}, {"name", d1.binding}, {"id", d1.id}});
  for (const auto& object : config.durable_objects) {
    Json binding{{"type", "durable_object"}, {"name", object.name}, {"class", object.class_name}};
    if (!object.script_name.empty() && object.script_name != config.name) binding["script"] = object.script_name;
    bindings.push_back(std::move(binding));
  }
  for (const auto& service : config.services) {
    Json binding{{"type", "service"}, {"name", service.binding}, {"worker", service.service}};
    if (!service.entrypoint.empty()) binding["entrypoint"] = service.entrypoint;
    if (!service.props.empty()) binding["props"] = Json::parse(service.props, nullptr, false);
    bindings.push_back(std::move(binding));
  }
  for (const auto& feature : config.not_yet)
    if (!feature.binding.empty())
      bindings.push_back({{"type", "not_yet"}, {"name", feature.binding}, {"feature", feature.feature}});
  Json flags = Json::object();
  for (const auto& flag : compatibility_flags())
    flags[std::string(flag.name)] = is_enabled(flag.name, config.compatibility_date, config.compatibility_flags);
  Json description{{"worker", config.name},
                   {"bindings", std::move(bindings)},
                   {"origin", origin_of(config)},
                   {"compatibilityDate", config.compatibility_date},
                   {"compatibilityFlags", config.compatibility_flags},
                   {"flags", std::move(flags)}};
  return description.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace adit::worker
