// The ops behind builtins/web/caches.ts. Owner: the isolate's thread.
#pragma once

#include "js/ops.h"

namespace adit::bindings::cache {
void register_cache(js::OpTable& ops);
}
