// The timers of one isolate: setTimeout, setInterval, AbortSignal.timeout, scheduler.wait. Each is a pending native promise.
// Owner: the isolate's thread. Lifecycle: made with the isolate, destroyed before it.
// Invariant: after stop(id) or cancel_invocation() a timer's promise is never resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "js/isolate.h"
#include "net/loop.h"

namespace adit::web {

class Timers {
 public:
  explicit Timers(net::Loop& loop) : m_loop(loop) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  v8::Local<v8::Promise> start(js::Isolate& isolate, uint32_t id, uint32_t delay_ms, bool repeats);
  // Arms an interval for its next turn; nothing when it was stopped.
  std::optional<v8::Local<v8::Promise>> again(js::Isolate& isolate, uint32_t id, uint32_t delay_ms);
  void stop(uint32_t id);
  // An invocation ended: its timers never fire.
  void cancel_invocation(int32_t invocation);
  size_t count() const { return m_timers.size(); }

 private:
  struct Entry {
    net::Timer timer;
    js::Settle<void> settle;
    int32_t invocation = -1;
    bool repeats = false;
  };
  v8::Local<v8::Promise> arm(js::Isolate& isolate, Entry& entry, uint32_t id, uint32_t delay_ms);
  void fire(uint32_t id);
  using Map = std::unordered_map<uint32_t, Entry>;
  void erase(Map::iterator timer);

  net::Loop& m_loop;
  Map m_timers;
  // The same as (invocation, id): a request's end must not cost a walk over all others' timers.
  std::set<std::pair<int32_t, uint32_t>> m_by_invocation;
};

}  // namespace adit::web
