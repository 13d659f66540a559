// The start-up snapshot: the builtins' bundle run once at build time, its heap kept. Used by the snapshot builder only.
#pragma once

#include <string>

#include "base/result.h"
#include "js/ops.h"

namespace adit::js {

// Runs the bundle in a fresh context where `__adit_ops` holds every op and returns the heap as V8's blob. The bundle must set
// `__adit_entry`, the object that C++ calls into; both globals are deleted.
Result<std::string> build_snapshot(const OpTable& ops, std::string_view bundle);

}  // namespace adit::js
