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
#include "js/isolate.h"
#include "net/loop.h"

namespace adit::bindings::durable_object {

// Class name → space of its ledgers; made by the migrations, shared by all shards, never changed once made.
using Spaces = std::map<std::string, std::string>;

class Service {
 public:
  // Cloudflare documents that an idle object leaves memory after 70 to 140 seconds.
  static constexpr uint64_t default_idle_ms = 70'000;

  Service(ShardState& state, net::Loop& loop, Random& random, uint64_t idle_ms)
      : m_state(state), m_loop(loop), m_random(random), m_idle_ms(idle_ms) {}
  // The isolate whose objects are alive now; null when it is gone.
  void set_isolate(js::Isolate* isolate) { m_isolate = isolate; }
  js::Isolate* isolate() const { return m_isolate; }
  // Ends every live object of the isolate: a new version's may begin.
  void reset_objects();
  void set_spaces(std::shared_ptr<const Spaces> spaces) { m_spaces = std::move(spaces); }
  Result<std::string> space_of(const std::string& class_name) const;
  Random& random() { return m_random; }
  void open(const std::string& class_name, const std::string& id,
            Function<void(Result<std::shared_ptr<Storage>>)> done);

 private:
  v8::Local<v8::Function> entry_function(std::string_view name);
  void watch_idle();
  void evict_idle();

  ShardState& m_state;
  net::Loop& m_loop;
  Random& m_random;
  uint64_t m_idle_ms;
  js::Isolate* m_isolate = nullptr;
  net::Timer m_idle_watch;
  std::shared_ptr<const Spaces> m_spaces = std::make_shared<const Spaces>();
};

}  // namespace adit::bindings::durable_object
