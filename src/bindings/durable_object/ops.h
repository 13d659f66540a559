// The ops of Durable Objects; see ops.cc.
#pragma once

#include "js/ops.h"

namespace adit::bindings::durable_object {
void register_durable_object(js::OpTable& ops);
}
