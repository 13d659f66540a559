// The ops of this folder, registered in one fixed order (see js/ops.h).
#pragma once

#include "js/ops.h"

namespace adit::web {
void register_web_ops(js::OpTable& ops);
}
