#include "web/timers.h"

namespace adit::web {

v8::Local<v8::Promise> Timers::start(js::Isolate& isolate, uint32_t id, uint32_t delay_ms, bool repeats) {
  auto& entry = m_timers[id];
  entry.invocation = isolate.current_invocation();
  m_by_invocation.emplace(entry.invocation, id);
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
  if (!found->second.repeats) erase(found);
  settle({});
}

void Timers::stop(uint32_t id) {
  if (auto found = m_timers.find(id); found != m_timers.end()) erase(found);
}

void Timers::erase(Map::iterator timer) {
  m_by_invocation.erase({timer->second.invocation, timer->first});
  m_timers.erase(timer);
}

void Timers::cancel_invocation(int32_t invocation) {
  if (m_by_invocation.empty()) return;
  auto first = m_by_invocation.lower_bound({invocation, 0});
  while (first != m_by_invocation.end() && first->first == invocation) {
    m_timers.erase(first->second);
    first = m_by_invocation.erase(first);
  }
}

}  // namespace adit::web
