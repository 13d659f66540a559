// The outbound WebSocket: connects, does the client's opening handshake (RFC 6455 § 4.1) and gives the link; or, when the server does
// not switch protocols, its ordinary response, as fetch() with "Upgrade: websocket" needs it.
// Owner: the loop's thread. Invariant: the callback comes once, from the loop or from abort().
#pragma once

#include "base/clock.h"
#include "net/client/http_client.h"
#include "net/websocket/connection.h"

namespace adit::net {

struct WebSocketRequest {
  std::string url;  // absolute http: or https:, as the URL standard writes it
  // As OutgoingRequest::header_lines. Those of the handshake itself are left out, except Sec-WebSocket-Protocol.
  std::vector<std::string> header_lines;
  bool offers_compression = true;
  WebSocketOptions options;
};

struct WebSocketResponse {
  IncomingResponse response;
  std::shared_ptr<WebSocketLink> socket;  // with status 101; null otherwise
};

// client and random must outlive the connection.
std::shared_ptr<Abortable> connect_websocket(HttpClient& client, Random& random, WebSocketRequest request,
                                             Function<void(Result<WebSocketResponse>)> on_response);

}  // namespace adit::net
