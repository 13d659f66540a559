// What fetch and WebSocket need from outside, per isolate: `isolate.provide(services)` before any JavaScript runs.
// Owner: the isolate's thread. Lifecycle: outlives the isolate and every connection that its worker opened.
#pragma once

#include <memory>

#include "base/clock.h"
#include "net/client/http_client.h"
#include "net/loop.h"
#include "net/websocket/connection.h"

namespace adit::net {
class TlsClientContext;
}

namespace adit::web {

class SocketRegistry;

struct NetworkServices {
  net::Loop& loop;
  net::HttpClient& http;
  Random& random;
  net::WebSocketOptions websocket;
  SocketRegistry* sockets = nullptr;
  std::shared_ptr<net::TlsClientContext> tls;  // made when the first socket needs it
};

}  // namespace adit::web
