// The Durable Objects' side of one isolate: its version's classes, the entry functions, and which object an invocation belongs to.
// Owner: the host, from the isolate's start until it is destroyed. Invariant: holds nothing of V8 once detached.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>

#include "bindings/durable_object/classes.h"
#include "web/output_hold.h"
#include "worker/worker_isolate.h"

namespace adit::bindings::durable_object {

class Object;
class ObjectHost;
enum class EventKind : uint8_t;

class IsolateObjects final : public web::OutputHold {
 public:
  IsolateObjects(ObjectHost& host, worker::WorkerIsolate& worker, std::shared_ptr<const ClassTable> classes)
      : m_host(host), m_worker(worker), m_classes(std::move(classes)) {}

  ObjectHost& host() { return m_host; }
  worker::WorkerIsolate& worker() { return m_worker; }
  // Null when the version has no such class.
  std::shared_ptr<ObjectClass> find_class(std::string_view name) const;
  std::shared_ptr<ObjectClass> find_space(std::string_view space) const;

  void begun(int32_t invocation, std::shared_ptr<Object> object) { m_objects[invocation] = std::move(object); }
  void ended(int32_t invocation) { m_objects.erase(invocation); }
  // Null when it belongs to none.
  Object* of_invocation(int32_t invocation) const;

  // The entry function for events of this kind. Only inside an Entry.
  v8::Local<v8::Function> dispatch(EventKind kind);
  // Frees what ended objects left in JavaScript. Not inside JavaScript; takes milliseconds.
  void collect_garbage();
  // Something has run in the isolate since this time of the shard's clock.
  bool was_entered_since(int64_t monotonic_ns) const;
  void detach();

  // web::OutputHold
  bool is_open(int32_t invocation) override;
  void send(int32_t invocation, Function<void()> message) override;
  void accepted(int32_t invocation, const std::shared_ptr<web::WebSocketReceiver>& socket) override;

 private:
  ObjectHost& m_host;
  worker::WorkerIsolate& m_worker;
  std::shared_ptr<const ClassTable> m_classes;
  std::unordered_map<int32_t, std::shared_ptr<Object>> m_objects;  // by standing invocation
  std::array<v8::Global<v8::Function>, 6> m_dispatch;              // by kind, once it was used
};

}  // namespace adit::bindings::durable_object
