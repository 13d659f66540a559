// The output gate for what ops send away: a write to another store, for one, tells the world what the invocation knows, so it begins only when
// what the invocation wrote is durable (web/output_hold.h). Reads are not held: nobody sees that they happened.
// Owner: the isolate's thread. Invariant: begin runs once, at once when nothing holds it; it is dropped when what it depends on never becomes
// durable, and then its invocation has ended.
#pragma once

#include <utility>

#include "js/ops.h"
#include "web/output_hold.h"

namespace adit::web {

template <typename Begin>
void begin_when_durable(js::Call& call, Begin begin) {
  auto* hold = call.isolate().find_service<OutputHold>();
  if (!hold) return begin();
  auto invocation = call.isolate().current_invocation();
  if (hold->is_open(invocation)) return begin();
  hold->send(invocation, std::move(begin));
}

}  // namespace adit::web
