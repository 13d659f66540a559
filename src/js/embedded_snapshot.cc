#include "js/embedded_snapshot.h"

extern "C" const char adit_snapshot_begin[];  // NOLINT: symbols of snapshot.S
extern "C" const char adit_snapshot_end[];
extern "C" const char adit_node_modules_begin[];  // of node_modules.S
extern "C" const char adit_node_modules_end[];

namespace adit::js {
SnapshotBlob embedded_snapshot() {
  return {adit_snapshot_begin,
          static_cast<size_t>(adit_snapshot_end - adit_snapshot_begin),
          {adit_node_modules_begin, static_cast<size_t>(adit_node_modules_end - adit_node_modules_begin)}};
}
}  // namespace adit::js
