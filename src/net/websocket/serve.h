// The server's end of the opening handshake for an HttpExchange: checks the request, answers 101, and gives the connection.
// Owner: the loop's thread.
#pragma once

#include <string_view>

#include "net/http/exchange.h"
#include "net/websocket/connection.h"

namespace adit::net {

// header_lines: "name: value\r\n" each, the application's (Sec-WebSocket-Protocol, Set-Cookie, ...); those of the handshake itself are
// left out. Null when the request is no proper handshake: then it has been answered with 400 or 426, or the client is gone.
std::shared_ptr<WebSocketConnection> serve_websocket(Loop& loop, Random& random, HttpExchange& exchange,
                                                     std::string_view header_lines, bool allows_compression,
                                                     WebSocketOptions options = {});

}  // namespace adit::net
