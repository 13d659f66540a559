// The Durable Object classes of one version of a worker, each with the namespace that its objects and their data live in. A namespace outlives
// renames of its class, and a class that is deleted and made anew gets a new one.
// Value types, immutable once made and shared by all shards. Owner: migrations.h makes them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "bindings/durable_object/object_id.h"

namespace adit::bindings::durable_object {

struct ObjectClass {
  std::string worker;  // that exports it
  std::string name;    // as it exports it
  std::string space;   // of its objects' ledgers
  NamespaceKey key{};
  bool has_sql = false;  // made by new_sqlite_classes
};

using ClassTable = std::map<std::string, std::shared_ptr<ObjectClass>, std::less<>>;

// Which object: what a stub knows. The name is there only when the id was made from it.
struct ObjectAddress {
  std::shared_ptr<ObjectClass> object_class;
  ObjectId id;
  std::string name;
  bool has_name = false;
};

}  // namespace adit::bindings::durable_object
