#include "net/websocket/serve.h"

#include <algorithm>
#include <array>

#include "net/websocket/handshake.h"
#include "net/websocket/header_list.h"

namespace adit::net {

namespace {

// All values of a header, joined with ", " (RFC 9110 § 5.3).
std::string joined(const HttpExchange& exchange, std::string_view name) {
  std::string value;
  std::string_view rest = exchange.header_block();
  while (!rest.empty()) {
    auto name_end = rest.find('\0'), value_end = rest.find('\0', name_end + 1);
    if (rest.substr(0, name_end) == name) {
      if (!value.empty()) value += ", ";
      value += rest.substr(name_end + 1, value_end - name_end - 1);
    }
    rest.remove_prefix(value_end + 1);
  }
  return value;
}

std::string without_handshake_lines(std::string_view lines) {
  constexpr std::array<std::string_view, 6> own = {
      "upgrade",        "connection",       "sec-websocket-accept", "sec-websocket-extensions",
      "content-length", "transfer-encoding"};
  std::string kept;
  while (!lines.empty()) {
    auto line = lines.substr(0, lines.find("\r\n") + 2);
    lines.remove_prefix(line.size());
    auto name = line.substr(0, line.find(':'));
    if (std::none_of(own.begin(), own.end(), [&](auto other) { return websocket::equals_ignoring_case(name, other); }))
      kept += line;
  }
  return kept;
}

}  // namespace

std::shared_ptr<WebSocketConnection> serve_websocket(Loop& loop, Random& random, HttpExchange& exchange,
                                                     std::string_view header_lines, bool allows_compression,
                                                     WebSocketOptions options) {
  auto upgrade = joined(exchange, "upgrade"), connection = joined(exchange, "connection"),
       key = joined(exchange, "sec-websocket-key"), version = joined(exchange, "sec-websocket-version"),
       extensions = joined(exchange, "sec-websocket-extensions");
  websocket::ServerHandshake handshake;
  auto refusal = websocket::accept_handshake({exchange.method(), upgrade, connection, key, version, extensions},
                                             allows_compression, handshake);
  if (refusal) {
    exchange.respond(refusal->status, "", refusal->header_lines + "Content-Type: text/plain\r\n",
                     HttpBody(std::string_view(refusal->reason)));
    return nullptr;
  }
  auto upgraded = exchange.upgrade(handshake.header_lines + without_handshake_lines(header_lines));
  if (upgraded.is_error()) return nullptr;
  return WebSocketConnection::create(loop, random, std::move(upgraded.value().stream), websocket::Role::server,
                                     handshake.deflate, std::move(upgraded.value().leftover), options);
}

}  // namespace adit::net
