#include "web/timers.h"

namespace adit::web {

v8::Local<v8::Promise> Timers::start(js::Isolate& isolate, uint32_t id, uint32_t delay_ms, bool repeats) {
  auto& entry = m_timers[id];
  entry.invocation = isolate.current_invocation();
  entry.repeats = repeats;
  return arm(isolate, entry, id, delay_ms);
}

std::optional<v8::Local<v8::Promise>> Timers::again(js::Isolate& isolate, uint32_t id, uint32_t delay_ms) {
  auto found = m_timers.find(id);
  if (found == m_timers.end()) return std::nullopt;
  return arm(isolate, found->second, id, delay_ms);
}

v8::Local<v8::Promise> Timers::arm(js::Isolate& isolate, Entry& entry, uint32_t id, uint32_t delay_ms) {
  auto [promise, settle] = isolate.make_promise<void>();
  entry.settle = std::move(settle);
  entry.timer = m_loop.after(delay_ms, [this, id] { fire(id); });
  return promise.local;
}

void Timers::fire(uint32_t id) {
  auto found = m_timers.find(id);
  VERIFY(found != m_timers.end());
  // Settling runs JavaScript, which may stop this timer or start others: nothing of the entry is touched afterwards.
  auto settle = std::move(found->second.settle);
  if (!found->second.repeats) m_timers.erase(found);
  settle({});
}

void Timers::cancel_invocation(int32_t invocation) {
  std::erase_if(m_timers, [invocation](const auto& item) { return item.second.invocation == invocation; });
}

}  // namespace adit::web
