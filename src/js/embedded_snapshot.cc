#include "js/embedded_snapshot.h"

extern "C" const char adit_snapshot_begin[];  // NOLINT: symbols of snapshot.S
extern "C" const char adit_snapshot_end[];

namespace adit::js {
SnapshotBlob embedded_snapshot() {
  return {adit_snapshot_begin, static_cast<size_t>(adit_snapshot_end - adit_snapshot_begin)};
}
}  // namespace adit::js
