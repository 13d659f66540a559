// The ops behind builtins/bindings/r2.ts. Owner: the isolate's thread. An isolate needs r2::Service (provide).
#pragma once

#include "js/ops.h"

namespace adit::bindings::r2 {
void register_r2(js::OpTable& ops);
}
