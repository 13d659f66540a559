#include "bindings/durable_object/isolate_objects.h"

#include "bindings/durable_object/object.h"

namespace adit::bindings::durable_object {

std::shared_ptr<ObjectClass> IsolateObjects::find_class(std::string_view name) const {
  auto found = m_classes->find(name);
  return found == m_classes->end() ? nullptr : found->second;
}

Object* IsolateObjects::of_invocation(int32_t invocation) const {
  if (m_objects.empty()) return nullptr;
  auto found = m_objects.find(invocation);
  return found == m_objects.end() ? nullptr : found->second.get();
}

void IsolateObjects::detach() {
  m_dispatch_fetch.Reset();
  m_dispatch_method.Reset();
}

v8::Local<v8::Function> IsolateObjects::function(v8::Global<v8::Function>& kept, std::string_view name) {
  auto* isolate = m_worker.isolate().v8();
  if (kept.IsEmpty()) kept.Reset(isolate, m_worker.entry_function(name));
  return kept.Get(isolate);
}

bool IsolateObjects::is_open(int32_t invocation) {
  auto* object = of_invocation(invocation);
  return !object || object->is_output_open();
}

void IsolateObjects::send(int32_t invocation, Function<void()> message) {
  auto* object = of_invocation(invocation);
  if (!object) return message();
  object->send([message = std::move(message)](Result<void> durable) mutable {
    if (durable.is_ok()) message();
  });
}

void IsolateObjects::accepted(int32_t invocation, const std::shared_ptr<web::WebSocketReceiver>& socket) {
  if (auto* object = of_invocation(invocation)) object->accepted(socket);
}

}  // namespace adit::bindings::durable_object
