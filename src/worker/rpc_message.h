// What an RPC message carries beside its octets: each attachment is of a kind that builtins/rpc knows, with text and maybe something native.
// Value types; they travel with RequestMessage and ResponseMessage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/byte_source.h"

namespace adit::worker {

class Capability;

struct RpcAttachment {
  int32_t kind = 0;
  std::string meta;
  std::variant<std::monostate, Bytes, std::shared_ptr<net::ByteSource>, std::shared_ptr<Capability>> value;
};
using RpcAttachments = std::vector<RpcAttachment>;

}  // namespace adit::worker
