#include "bindings/register.h"

#include "bindings/cache/ops.h"
#include "bindings/d1/ops.h"
#include "bindings/durable_object/ops.h"
#include "bindings/kv/ops.h"
#include "bindings/r2/ops.h"
#include "bindings/service/ops.h"

namespace adit::bindings {

// Each binding's op file has one register function; declare it here and add its line below.

void register_binding_ops(js::OpTable& ops) {
  cache::register_cache(ops);
  d1::register_d1(ops);
  durable_object::register_objects(ops);
  durable_object::register_object_storage(ops);
  durable_object::register_object_sql(ops);
  durable_object::register_object_hibernation(ops);
  kv::register_kv(ops);
  service::register_service(ops);
  r2::register_r2(ops);
}

}  // namespace adit::bindings
