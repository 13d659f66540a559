// The ops behind builtins/node, in one list.
#include "js/ops.h"

namespace adit::web {

void register_node_buffer(js::OpTable& ops);
void register_node_cipher(js::OpTable& ops);
void register_node_dns(js::OpTable& ops);
void register_node_hash(js::OpTable& ops);
void register_node_key(js::OpTable& ops);
void register_node_util(js::OpTable& ops);
void register_node_x509(js::OpTable& ops);
void register_node_zlib(js::OpTable& ops);

void register_node(js::OpTable& ops) {
  register_node_buffer(ops);
  register_node_cipher(ops);
  register_node_dns(ops);
  register_node_hash(ops);
  register_node_key(ops);
  register_node_util(ops);
  register_node_x509(ops);
  register_node_zlib(ops);
}

}  // namespace adit::web
