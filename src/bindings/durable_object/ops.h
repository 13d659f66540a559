// The ops of Durable Objects. Owner: the isolate's thread.
#pragma once

#include "js/ops.h"

namespace adit::bindings::durable_object {
void register_objects(js::OpTable& ops);
void register_object_storage(js::OpTable& ops);
void register_object_sql(js::OpTable& ops);
void register_object_hibernation(js::OpTable& ops);
}  // namespace adit::bindings::durable_object
