// For the ops of bindings: what they ask of a store counts among the invocation's subrequests, as what leaves by JavaScript does
// (builtins/web/subrequests.ts).
#pragma once

#include "js/ops.h"
#include "worker/worker_isolate.h"

namespace adit::worker {

inline Result<void> count_subrequest(js::Call& call) {
  return call.service<WorkerIsolate>().count_subrequest(call.isolate().current_invocation());
}

// For one that is also a connection (web/connections.h) and may have its answer at once: whether it may begin now.
inline Result<bool> count_connection(js::Call& call) {
  return call.service<WorkerIsolate>().count_connection(call.isolate().current_invocation());
}

}  // namespace adit::worker
