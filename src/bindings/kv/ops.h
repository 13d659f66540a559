// The ops behind builtins/bindings/kv.ts. Owner: the isolate's thread. An isolate needs kv::Service (provide).
#pragma once

#include "js/ops.h"

namespace adit::bindings::kv {
void register_kv(js::OpTable& ops);
}
