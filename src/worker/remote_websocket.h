// A WebSocketLink that is used on another shard than the one that it lives on: an object's client end travels to the shard that has the
// connection. export_websocket() on the link's shard gives an address; import_websocket() on the other shard makes a link of it.
// Owner: each half its shard. Lifecycle: until the close has passed or either side lets go; then the other side sees 1006.
// Invariant: messages and closes keep their order in each direction; what is on its way is bounded by pausing the link.
#pragma once

#include <cstdint>
#include <memory>

#include "net/websocket/link.h"

namespace adit::worker {

class Shard;

struct RemoteWebSocketAddress {
  size_t shard = 0;
  uint64_t end = 0;
};

RemoteWebSocketAddress export_websocket(Shard& home, std::shared_ptr<net::WebSocketLink> link);
std::shared_ptr<net::WebSocketLink> import_websocket(Shard& here, const RemoteWebSocketAddress& address);

}  // namespace adit::worker
