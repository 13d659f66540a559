#include "bindings/durable_object/service.h"

#include <algorithm>

namespace adit::bindings::durable_object {

Result<std::string> Service::space_of(const std::string& class_name) const {
  auto found = m_spaces->find(class_name);
  if (found == m_spaces->end())
    return Error::failed("there is no Durable Object class " + class_name + " in the configuration");
  return found->second;
}

v8::Local<v8::Function> Service::entry_function(std::string_view name) {
  auto value = m_isolate->entry_object()->Get(m_isolate->context(), js::intern(m_isolate->v8(), name)).ToLocalChecked();
  VERIFY(value->IsFunction());
  return value.As<v8::Function>();
}

void Service::reset_objects() {
  if (!m_isolate || m_isolate->is_condemned()) return;
  js::Entry entry(*m_isolate);
  auto* v8_isolate = m_isolate->v8();
  entry_function("resetObjects")
      ->Call(m_isolate->context(), v8::Undefined(v8_isolate), 0, nullptr)
      .FromMaybe(v8::Local<v8::Value>());
}

void Service::watch_idle() {
  if (!m_idle_watch.is_active())
    m_idle_watch = m_loop.after(std::max<uint64_t>(m_idle_ms / 4, 10), [this] { evict_idle(); });
}

void Service::evict_idle() {
  if (!m_isolate || m_isolate->is_condemned()) return;
  js::Entry entry(*m_isolate);
  auto* v8_isolate = m_isolate->v8();
  v8::Local<v8::Value> idle_ms = v8::Number::New(v8_isolate, static_cast<double>(m_idle_ms));
  v8::Local<v8::Value> remaining;
  if (!entry_function("evictIdleObjects")
           ->Call(m_isolate->context(), v8::Undefined(v8_isolate), 1, &idle_ms)
           .ToLocal(&remaining))
    return;
  if (remaining->IsNumber() && remaining.As<v8::Number>()->Value() > 0) watch_idle();
}

void Service::open(const std::string& class_name, const std::string& id,
                   Function<void(Result<std::shared_ptr<Storage>>)> done) {
  watch_idle();
  auto begin = [&]() -> Result<void> {
    auto space = TRY(space_of(class_name));
    auto* store = TRY(m_state.store());
    auto ledger_id = TRY(ledger::LedgerId::create(space, id));
    auto shared = std::make_shared<Function<void(Result<std::shared_ptr<Storage>>)>>(std::move(done));
    store->open(ledger_id, [shared](Result<std::shared_ptr<ledger::Ledger>> ledger) {
      if (ledger.is_error()) return (*shared)(std::move(ledger.error()));
      (*shared)(Storage::create(std::move(ledger).value()));
    });
    return {};
  };
  auto begun = begin();
  if (begun.is_error() && done) done(std::move(begun.error()));
}

}  // namespace adit::bindings::durable_object
