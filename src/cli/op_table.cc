#include "cli/op_table.h"

#include "bindings/register.h"
#include "web/register.h"
#include "worker/register.h"

namespace adit::cli {

js::OpTable make_op_table() {
  js::OpTable ops;
  web::register_web_ops(ops);
  worker::register_worker_ops(ops);
  worker::register_rpc_ops(ops);
  worker::register_rpc_serializer(ops);
  bindings::register_binding_ops(ops);
  return ops;
}

}  // namespace adit::cli
