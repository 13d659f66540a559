// The Durable Objects of one shard, as far as C++ knows them: which ledger an object has. The objects themselves live in the worker's
// isolate (builtins/bindings/durable_object.ts). Owner: its shard.
// Invariant: an object's ledger is opened on one shard only (a worker with Durable Objects runs on one shard, see docs/architecture.md).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "bindings/durable_object/storage.h"
#include "bindings/state.h"

namespace adit::bindings::durable_object {

// Class name → space of its ledgers; made by the migrations, shared by all shards, never changed once made.
using Spaces = std::map<std::string, std::string>;

class Service {
 public:
  Service(ShardState& state, Random& random) : m_state(state), m_random(random) {}
  void set_spaces(std::shared_ptr<const Spaces> spaces) { m_spaces = std::move(spaces); }
  Result<std::string> space_of(const std::string& class_name) const;
  Random& random() { return m_random; }
  void open(const std::string& class_name, const std::string& id,
            Function<void(Result<std::shared_ptr<Storage>>)> done);

 private:
  ShardState& m_state;
  Random& m_random;
  std::shared_ptr<const Spaces> m_spaces = std::make_shared<const Spaces>();
};

}  // namespace adit::bindings::durable_object
