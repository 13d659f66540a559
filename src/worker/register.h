// The ops of this folder, registered in one fixed order (see js/ops.h).
#pragma once

#include "js/ops.h"

namespace adit::worker {
void register_worker_ops(js::OpTable& ops);
void register_rpc_ops(js::OpTable& ops);
void register_rpc_serializer(js::OpTable& ops);
}  // namespace adit::worker
