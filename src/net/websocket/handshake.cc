#include "net/websocket/handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "base/verify.h"
#include "net/websocket/header_list.h"

namespace adit::net::websocket {

namespace {

std::string base64(BytesView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

// § 4.2.1, 5.: base64 of 16 octets, so 22 characters and two signs of padding.
bool is_valid_key(std::string_view key) {
  if (key.size() != 24 || key.substr(22) != "==") return false;
  return key.substr(0, 22).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
         std::string_view::npos;
}

}  // namespace

std::string accept_value(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest);
}

std::optional<HandshakeRefusal> accept_handshake(const HandshakeRequest& request, bool allows_compression,
                                                 ServerHandshake& handshake) {
  // § 4.2.1 and § 4.2.2, 1. to 4.
  if (!list_has_token(request.upgrade, "websocket"))
    return HandshakeRefusal{426, "Upgrade: websocket\r\n",
                            "This resource is a WebSocket; the request does not ask for one."};
  if (request.method != "GET") return HandshakeRefusal{400, "", "A WebSocket handshake is a GET request."};
  if (!list_has_token(request.connection, "upgrade"))
    return HandshakeRefusal{400, "", "The Connection header does not contain \"upgrade\"."};
  if (request.version != "13")
    return HandshakeRefusal{426, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                            "The only WebSocket version here is 13."};
  if (!is_valid_key(request.key)) return HandshakeRefusal{400, "", "Sec-WebSocket-Key is not base64 of 16 octets."};

  handshake.header_lines = "Upgrade: websocket\r\nSec-WebSocket-Accept: " + accept_value(request.key) + "\r\n";
  handshake.deflate.reset();
  if (!allows_compression) return std::nullopt;
  if (auto agreement = accept_deflate_offer(request.extensions)) {
    handshake.header_lines += "Sec-WebSocket-Extensions: " + agreement->header_value + "\r\n";
    handshake.deflate = agreement->parameters;
  }
  return std::nullopt;
}

ClientHandshake ClientHandshake::create(Random& random, bool offers_compression) {
  std::array<uint8_t, 16> nonce;
  random.fill(nonce);
  ClientHandshake handshake;
  handshake.m_key = base64(nonce);
  handshake.m_offers_compression = offers_compression;
  return handshake;
}

std::vector<std::string> ClientHandshake::header_lines() const {
  std::vector<std::string> lines = {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " + m_key,
                                    "Sec-WebSocket-Version: 13"};
  if (m_offers_compression) lines.push_back("Sec-WebSocket-Extensions: " + std::string(deflate_offer()));
  return lines;
}

Result<std::optional<DeflateParameters>> ClientHandshake::validate(const Response& response) const {
  auto refused = [](const char* what) {
    return Error(ErrorKind::network, std::string("The WebSocket handshake failed: ") + what);
  };
  if (!equals_ignoring_case(response.upgrade, "websocket"))
    return refused("the response's Upgrade header is not \"websocket\".");
  if (!list_has_token(response.connection, "upgrade"))
    return refused("the response's Connection header does not contain \"upgrade\".");
  if (response.accept != accept_value(m_key))
    return refused("Sec-WebSocket-Accept does not belong to the request's key.");
  std::optional<DeflateParameters> deflate;
  if (!read_deflate_response(response.extensions, deflate) || (deflate && !m_offers_compression))
    return refused("the server chose an extension that was not offered.");
  return deflate;
}

}  // namespace adit::net::websocket
