// Reading and applying Durable Object migrations. Owner: load_config.
#include "worker/config/migrations.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "worker/config/read_node.h"

namespace adit::worker {
namespace {

using Classes = std::map<std::string, bool>;  // name → with SQLite

void make_class(Classes& classes, const Migration& migration, const std::string& name, bool sqlite,
                Reporter& reporter) {
  if (classes.emplace(name, sqlite).second) return;
  reporter.error(migration.place,
                 fmt::format("migration \"{}\" makes the class {}, which exists already", migration.tag, name));
}

void missing_class(const Classes& classes, const Migration& migration, std::string_view action, const std::string& name,
                   Reporter& reporter) {
  std::vector<std::string_view> names;
  for (const auto& [known, sqlite] : classes) names.push_back(known);
  std::string_view near = nearest_word(name, names);
  reporter.error(
      migration.place,
      fmt::format("migration \"{}\" {} the class {}, which no earlier migration makes", migration.tag, action, name),
      near.empty() ? std::string() : fmt::format("did you mean {}?", near));
}

void apply_one(Classes& classes, const Migration& migration, Reporter& reporter) {
  for (const std::string& name : migration.new_classes) make_class(classes, migration, name, false, reporter);
  for (const std::string& name : migration.new_sqlite_classes) make_class(classes, migration, name, true, reporter);
  for (const RenamedClass& renamed : migration.renamed_classes) {
    auto found = classes.find(renamed.from);
    if (found == classes.end()) {
      missing_class(classes, migration, "renames", renamed.from, reporter);
      classes.emplace(renamed.to, false);  // so that later uses of the new name are not reported too
      continue;
    }
    bool sqlite = found->second;
    classes.erase(found);
    make_class(classes, migration, renamed.to, sqlite, reporter);
  }
  // A transferred class keeps the storage that it has at its old worker, which this file does not say; SQLite is the rule.
  for (const TransferredClass& transferred : migration.transferred_classes)
    make_class(classes, migration, transferred.to, true, reporter);
  for (const std::string& name : migration.deleted_classes) {
    if (classes.erase(name) == 0) missing_class(classes, migration, "deletes", name, reporter);
  }
}

}  // namespace

std::vector<Migration> read_migrations(const Node* node) {
  std::vector<Migration> out;
  for (const Node* item : read_objects(node)) {
    Migration migration;
    migration.place = item->place;
    migration.tag = read_text(item->find("tag"));
    migration.new_classes = read_texts(item->find("new_classes"));
    migration.new_sqlite_classes = read_texts(item->find("new_sqlite_classes"));
    migration.deleted_classes = read_texts(item->find("deleted_classes"));
    for (const Node* entry : read_objects(item->find("renamed_classes"))) {
      migration.renamed_classes.push_back({read_text(entry->find("from")), read_text(entry->find("to"))});
    }
    for (const Node* entry : read_objects(item->find("transferred_classes"))) {
      migration.transferred_classes.push_back(
          {read_text(entry->find("from")), read_text(entry->find("from_script")), read_text(entry->find("to"))});
    }
    out.push_back(std::move(migration));
  }
  return out;
}

std::vector<DurableObjectClass> apply_migrations(const std::vector<Migration>& migrations, Reporter& reporter) {
  Classes classes;
  std::set<std::string> tags;
  for (const Migration& migration : migrations) {
    if (!tags.insert(migration.tag).second) {
      reporter.error(migration.place, fmt::format("the migration tag \"{}\" is used twice", migration.tag),
                     "tags must be unique");
    }
    apply_one(classes, migration, reporter);
  }
  std::vector<DurableObjectClass> out;
  for (const auto& [name, sqlite] : classes) out.push_back({name, sqlite});
  return out;
}

void add_unmigrated_classes(const std::vector<DurableObjectBinding>& bindings, const std::vector<Migration>& migrations,
                            std::vector<DurableObjectClass>& classes, Reporter& reporter) {
  for (const DurableObjectBinding& binding : bindings) {
    if (!binding.script_name.empty() || binding.class_name.empty()) continue;
    auto at = std::ranges::lower_bound(classes, binding.class_name, {}, &DurableObjectClass::name);
    if (at != classes.end() && at->name == binding.class_name) continue;
    std::string_view reason = migrations.empty() ? "there are no migrations" : "no migration makes it";
    reporter.warning(
        binding.place,
        fmt::format("{} is bound to the Durable Object class {}, but {}", binding.name, binding.class_name, reason),
        fmt::format("add a migration with new_sqlite_classes = [\"{}\"]", binding.class_name));
    classes.insert(at, {binding.class_name, false});
  }
}

}  // namespace adit::worker
