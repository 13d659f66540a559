#include "web/register.h"

namespace adit::web {

// Each op file of this folder has one register function; declare it here and add its line below.
void register_compression(js::OpTable& ops);
void register_crypto(js::OpTable& ops);
void register_digest(js::OpTable& ops);
void register_encoding(js::OpTable& ops);
void register_fetch(js::OpTable& ops);
void register_html(js::OpTable& ops);
void register_node(js::OpTable& ops);
void register_socket(js::OpTable& ops);
void register_source(js::OpTable& ops);
void register_structured_clone(js::OpTable& ops);
void register_timers(js::OpTable& ops);
void register_url(js::OpTable& ops);
void register_url_pattern(js::OpTable& ops);
void register_websocket(js::OpTable& ops);

void register_web_ops(js::OpTable& ops) {
  register_compression(ops);
  register_crypto(ops);
  register_digest(ops);
  register_encoding(ops);
  register_fetch(ops);
  register_html(ops);
  register_node(ops);
  register_socket(ops);
  register_source(ops);
  register_structured_clone(ops);
  register_timers(ops);
  register_url(ops);
  register_url_pattern(ops);
  register_websocket(ops);
}

}  // namespace adit::web
