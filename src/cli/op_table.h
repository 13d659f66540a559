// Every op of every layer, in one fixed order, for the snapshot builder and for adit.
#pragma once

#include "js/ops.h"

namespace adit::cli {
js::OpTable make_op_table();
}
