// For ops that open a connection, or ask a store that is one on Cloudflare: what they begin waits while six of the invocation's wait for an
// answer (web/invocation_limits.h). Owner: the isolate's thread.
// Invariant: begin runs once, at once when there is room, or is dropped with its invocation; nothing is allocated when there is room.
#pragma once

#include <utility>

#include "js/answer.h"
#include "web/invocation_limits.h"
#include "web/output_hold.h"

namespace adit::web {

// begin(slot): whoever gets the slot lets go of it with the answer's head.
template <typename Begin>
void begin_connection(js::Call& call, Begin begin) {
  auto* limits = call.isolate().find_service<InvocationLimits>();
  if (!limits) return begin(ConnectionSlot());
  auto invocation = call.isolate().current_invocation();
  if (auto slot = limits->take_connection(invocation)) return begin(std::move(*slot));
  limits->await_connection(invocation, std::move(begin));
}

// For what must not leave before what the invocation wrote is durable (web/held_output.h).
template <typename Begin>
void begin_connection_when_durable(js::Call& call, Begin begin) {
  auto* hold = call.isolate().find_service<OutputHold>();
  auto invocation = call.isolate().current_invocation();
  begin_connection(call, [hold, invocation, begin = std::move(begin)](ConnectionSlot slot) mutable {
    if (!hold || hold->is_open(invocation)) return begin(std::move(slot));
    hold->send(invocation, [begin = std::move(begin), slot = std::move(slot)]() mutable { begin(std::move(slot)); });
  });
}

// The callback of an answer: first the next may begin, then the answer is told.
template <typename Answer>
auto answering(ConnectionSlot slot, Answer answer) {
  return [slot = std::move(slot), answer = std::move(answer)](auto result) mutable {
    slot.release();
    answer(std::move(result));
  };
}

// js::answer_now_or_later for these. `start` may run after this returns: it holds what it needs.
template <typename T, typename Start>
Result<v8::Local<v8::Value>> answer_connection(js::Call& call, Start start) {
  auto* limits = call.isolate().find_service<InvocationLimits>();
  if (!limits) return js::answer_now_or_later<T>(call, std::move(start));
  auto invocation = call.isolate().current_invocation();
  if (auto slot = limits->take_connection(invocation))
    return js::answer_now_or_later<T>(call,
                                      [&](auto answer) { start(answering(std::move(*slot), std::move(answer))); });
  auto [promise, settle] = call.promise<T>();
  limits->await_connection(
      invocation, [start = std::move(start), settle = std::move(settle)](ConnectionSlot slot) mutable {
        start(answering(std::move(slot),
                        [settle = std::move(settle)](Result<T> result) mutable { settle(std::move(result)); }));
      });
  return v8::Local<v8::Value>(promise.local);
}

}  // namespace adit::web
