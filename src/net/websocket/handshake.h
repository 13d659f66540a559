// RFC 6455 § 4: the opening handshake, both sides, as pure functions over header values.
// Owner: none. Invariant: an accepted handshake obeys § 4.2.1 (server) or § 4.1 (client); a refused one says which answer to give.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/websocket/deflate.h"

namespace adit::net::websocket {

// The request's headers that matter; a header that is not there is empty, several of one name are joined with ", ".
struct HandshakeRequest {
  std::string_view method;
  std::string_view upgrade;
  std::string_view connection;
  std::string_view key;         // Sec-WebSocket-Key
  std::string_view version;     // Sec-WebSocket-Version
  std::string_view extensions;  // Sec-WebSocket-Extensions
};

struct ServerHandshake {
  std::string
      header_lines;  // for HttpExchange::upgrade(); without Sec-WebSocket-Protocol, which the application chooses
  std::optional<DeflateParameters> deflate;
};

struct HandshakeRefusal {
  int status;                // 400 or 426
  std::string header_lines;  // what belongs to the status
  std::string reason;
};

// Sets handshake, or returns why not.
std::optional<HandshakeRefusal> accept_handshake(const HandshakeRequest& request, bool allows_compression,
                                                 ServerHandshake& handshake);

std::string accept_value(std::string_view key);

class ClientHandshake {
 public:
  static ClientHandshake create(Random& random, bool offers_compression);
  // "Upgrade: websocket" and so on, without Sec-WebSocket-Protocol.
  std::vector<std::string> header_lines() const;

  struct Response {
    std::string_view upgrade;
    std::string_view connection;
    std::string_view accept;      // Sec-WebSocket-Accept
    std::string_view extensions;  // Sec-WebSocket-Extensions
  };
  // § 4.1, checks of a 101 response.
  Result<std::optional<DeflateParameters>> validate(const Response& response) const;

 private:
  std::string m_key;
  bool m_offers_compression = false;
};

}  // namespace adit::net::websocket
