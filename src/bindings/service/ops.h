// The ops of service bindings, registered in one fixed order (see js/ops.h).
#pragma once

#include "js/ops.h"

namespace adit::bindings::service {
void register_service(js::OpTable& ops);
}
