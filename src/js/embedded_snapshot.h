// The start-up snapshot and the nodejs_compat modules that the build put into this program (cmake/builtins.cmake).
#pragma once

#include "js/isolate.h"

namespace adit::js {
SnapshotBlob embedded_snapshot();
}
