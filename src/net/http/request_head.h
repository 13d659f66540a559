// RequestHead: what stands before a request's body, as parsed. A value; its strings keep their capacity from request to request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adit::net {

struct RequestHead {
  std::string method;
  std::string target;
  std::string header_block;  // name\0value\0...
  std::string_view host;     // into target or header_block; valid once the head is complete
  std::optional<uint64_t> content_length;
  uint8_t http_minor = 1;
  bool has_body = false;
  bool keep_alive = false;
  bool wants_upgrade = false;
  bool expects_continue = false;

  void clear();
};

}  // namespace adit::net
