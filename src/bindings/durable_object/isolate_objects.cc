#include "bindings/durable_object/isolate_objects.h"

#include "bindings/durable_object/object.h"

namespace adit::bindings::durable_object {

std::shared_ptr<ObjectClass> IsolateObjects::find_class(std::string_view name) const {
  auto found = m_classes->find(name);
  return found == m_classes->end() ? nullptr : found->second;
}

std::shared_ptr<ObjectClass> IsolateObjects::find_space(std::string_view space) const {
  for (const auto& [name, object_class] : *m_classes)
    if (object_class->space == space) return object_class;
  return nullptr;
}

Object* IsolateObjects::of_invocation(int32_t invocation) const {
  if (m_objects.empty()) return nullptr;
  auto found = m_objects.find(invocation);
  return found == m_objects.end() ? nullptr : found->second.get();
}

void IsolateObjects::detach() {
  for (auto& function : m_dispatch) function.Reset();
}

void IsolateObjects::collect_garbage() {
  if (m_worker.is_dead()) return;
  js::Entry entry(m_worker.isolate());
  m_worker.isolate().v8()->LowMemoryNotification();
}

bool IsolateObjects::was_entered_since(int64_t monotonic_ns) const { return m_worker.entered_ns() > monotonic_ns; }

v8::Local<v8::Function> IsolateObjects::dispatch(EventKind kind) {
  constexpr std::array names{"dispatchObjectFetch",   "dispatchObjectMethod", "dispatchObjectAlarm",
                             "dispatchSocketMessage", "dispatchSocketClose",  "dispatchSocketError"};
  auto* isolate = m_worker.isolate().v8();
  auto& kept = m_dispatch[static_cast<size_t>(kind)];
  if (kept.IsEmpty()) kept.Reset(isolate, m_worker.entry_function(names[static_cast<size_t>(kind)]));
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
