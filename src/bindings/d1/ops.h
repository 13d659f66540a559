// The ops behind D1 databases (builtins/bindings/d1.ts). Owner: the isolate's thread.
#pragma once

#include "js/ops.h"

namespace adit::bindings::d1 {

void register_d1(js::OpTable& ops);

}  // namespace adit::bindings::d1
