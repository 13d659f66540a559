// Reads the fields that put properties on `env`. Owner: load_config.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "worker/config/migrations.h"
#include "worker/config/read_node.h"
#include "worker/config/readers.h"

namespace adit::worker {
namespace {

void read_kv(Reading& reading) {
  for (const Node* item : read_objects(reading.environment.find("kv_namespaces"))) {
    KvNamespace space;
    space.binding = read_text(item->find("binding"));
    space.id = read_text(item->find("id"), space.binding);
    space.preview_id = read_text(item->find("preview_id"));
    space.place = item->place;
    reading.config.kv_namespaces.push_back(std::move(space));
  }
}

void read_r2(Reading& reading) {
  for (const Node* item : read_objects(reading.environment.find("r2_buckets"))) {
    R2Bucket bucket;
    bucket.binding = read_text(item->find("binding"));
    bucket.name = read_text(item->find("bucket_name"), bucket.binding);
    bucket.place = item->place;
    reading.config.r2_buckets.push_back(std::move(bucket));
  }
}

void read_d1(Reading& reading) {
  for (const Node* item : read_objects(reading.environment.find("d1_databases"))) {
    D1Database database;
    database.binding = read_text(item->find("binding"));
    database.name = read_text(item->find("database_name"), database.binding);
    database.id = read_text(item->find("database_id"), database.name);
    database.migrations_table = read_text(item->find("migrations_table"), "d1_migrations");
    database.migrations_dir = read_text(item->find("migrations_dir"), "migrations");
    database.place = item->place;
    reading.config.d1_databases.push_back(std::move(database));
  }
}

void read_durable_objects(Reading& reading) {
  WorkerConfig& config = reading.config;
  const Node* node = reading.environment.find("durable_objects");
  std::string path = reading.environment.path_of("durable_objects") + ".bindings";
  size_t index = 0;
  for (const Node* item : read_objects(node ? node->find("bindings") : nullptr)) {
    DurableObjectBinding binding;
    binding.name = read_text(item->find("name"));
    binding.class_name = read_text(item->find("class_name"));
    binding.script_name = read_text(item->find("script_name"));
    binding.environment = read_text(item->find("environment"));
    binding.place = item->place;
    std::string where = fmt::format("{}[{}]", path, index++);
    if (!binding.environment.empty() && binding.script_name.empty()) {
      reading.reporter.error(item->place, fmt::format("{}: \"environment\" wants a \"script_name\"", where));
    }
    if (binding.script_name == config.name) binding.script_name.clear();
    config.durable_objects.push_back(std::move(binding));
  }
  config.migrations = read_migrations(reading.environment.find("migrations"));
  config.durable_object_classes = apply_migrations(config.migrations, reading.reporter);
  add_unmigrated_classes(config.durable_objects, config.migrations, config.durable_object_classes, reading.reporter);
}

void read_services(Reading& reading) {
  for (const Node* item : read_objects(reading.environment.find("services"))) {
    ServiceBinding service;
    service.binding = read_text(item->find("binding"));
    service.service = read_text(item->find("service"));
    // wrangler's own environments are workers named NAME-ENVIRONMENT.
    if (std::string environment = read_text(item->find("environment")); !environment.empty())
      service.service += "-" + environment;
    service.entrypoint = read_text(item->find("entrypoint"));
    if (service.entrypoint == "default") service.entrypoint.clear();
    if (const Node* props = item->find("props")) service.props = to_json(*props);
    service.place = item->place;
    reading.config.services.push_back(std::move(service));
  }
}

void read_vars(Reading& reading) {
  const Node* node = reading.environment.find("vars");
  if (!node) return;
  for (const Member& member : node->members) {
    Variable variable;
    variable.name = member.key;
    bool text = member.value.is(Node::Kind::text);
    variable.kind = text ? Variable::Kind::text : Variable::Kind::json;
    variable.value = text ? member.value.text : to_json(member.value);
    variable.place = member.place;
    reading.config.vars.push_back(std::move(variable));
  }
}

// The property of env that an entry of a field makes; most fields say "binding", a few "name".
std::string binding_of(const Node& entry) {
  if (const Node* binding = entry.find("binding")) return read_text(binding);
  return read_text(entry.find("name"));
}

void add_not_yet(Reading& reading, const Field& field, const std::string& path, const Node& node, bool binds) {
  std::vector<NotYet>& out = reading.config.not_yet;
  std::string feature(field.feature);
  if (!node.is(Node::Kind::list)) {
    out.push_back({path, feature, binds ? binding_of(node) : std::string(), node.place});
    return;
  }
  for (size_t i = 0; i < node.items.size(); i++) {
    const Node& item = node.items[i];
    out.push_back({fmt::format("{}[{}]", path, i), feature, binds ? binding_of(item) : std::string(), item.place});
  }
}

void read_not_yet(Reading& reading) {
  for (const Field& field : all_fields()) {
    if (field.support != Support::not_yet) continue;
    const Node* node = reading.environment.find(field.name);
    if (!node || !says_something(*node)) continue;
    std::string path = reading.environment.path_of(field.name);
    if (field.name == "queues" || field.name == "unsafe") {
      for (const Member& member : node->members) {
        bool binds = member.key == "producers" || member.key == "bindings";
        if (says_something(member.value)) add_not_yet(reading, field, path + "." + member.key, member.value, binds);
      }
      continue;
    }
    // Containers have a name, but it is not env's.
    bool binds = field.name != "containers" && field.name != "cloudchamber" && field.name != "exports";
    add_not_yet(reading, field, path, *node, binds);
  }
}

}  // namespace

void read_bindings(Reading& reading) {
  read_kv(reading);
  read_r2(reading);
  read_d1(reading);
  read_durable_objects(reading);
  read_services(reading);
  read_vars(reading);
  read_not_yet(reading);
}

void check_binding_names(Reading& reading) {
  std::map<std::string, std::string> seen;
  auto take = [&](const std::string& name, const std::string& what, Place place) {
    if (name.empty()) return;
    auto [at, fresh] = seen.emplace(name, what);
    if (fresh) return;
    std::string both =
        at->second == what ? fmt::format("two bindings of kind {}", what) : fmt::format("{} and {}", at->second, what);
    reading.reporter.error(place, fmt::format("the name {} is given to {}", name, both),
                           "every binding needs a name of its own");
  };
  for (const Variable& variable : reading.config.vars) take(variable.name, "a variable", variable.place);
  for (const KvNamespace& space : reading.config.kv_namespaces) take(space.binding, "a KV namespace", space.place);
  for (const R2Bucket& bucket : reading.config.r2_buckets) take(bucket.binding, "an R2 bucket", bucket.place);
  for (const D1Database& database : reading.config.d1_databases)
    take(database.binding, "a D1 database", database.place);
  for (const DurableObjectBinding& binding : reading.config.durable_objects)
    take(binding.name, "a Durable Object", binding.place);
  for (const ServiceBinding& service : reading.config.services)
    take(service.binding, "a service binding", service.place);
  for (const NotYet& entry : reading.config.not_yet) take(entry.binding, entry.feature, entry.place);
}

}  // namespace adit::worker
