// RFC 7692: permessage-deflate. The parameters and their negotiation, and the two halves that compress and expand whole messages.
// Owner: one WebSocket connection's thread. Invariant: an Inflater never makes more octets than its caller's limit, so a small
// frame cannot expand into a large allocation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace adit::net::websocket {

// The agreed parameters (§ 7.1). "Window" is the LZ77 window's size as a power of two.
struct DeflateParameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
};

struct DeflateAgreement {
  DeflateParameters parameters;
  std::string header_value;  // for the server's Sec-WebSocket-Extensions
};

// The server's side of § 5: the first offer that it can meet, or none (then the connection goes uncompressed).
std::optional<DeflateAgreement> accept_deflate_offer(std::string_view extensions_header);
// What this client offers.
std::string_view deflate_offer();
// The client's side: the response's extensions. Sets agreed to nullopt for an empty header; false means the handshake failed,
// because the server named an extension or a parameter that was not offered.
bool read_deflate_response(std::string_view extensions_header, std::optional<DeflateParameters>& agreed);

class Inflater {
 public:
  enum class Status { ok, corrupt, too_large };
  Inflater(int window_bits, bool resets_after_message);
  ~Inflater();
  // Appends what compressed expands to, keeping out within limit_bytes.
  Status append(BytesView compressed, Bytes& out, size_t limit_bytes);
  // § 7.2.2: the end of the message.
  Status finish(Bytes& out, size_t limit_bytes);

 private:
  struct State;
  std::unique_ptr<State> m_state;  // zlib's; made at the first message, so that an idle connection has none
  int m_window_bits;
  bool m_resets;
};

class Deflater {
 public:
  Deflater(int window_bits, bool resets_after_message);
  ~Deflater();
  // § 7.2.1: the message's payload, without the 00 00 FF FF at its end.
  Bytes compress(BytesView message);

 private:
  struct State;
  std::unique_ptr<State> m_state;
  int m_window_bits;
  bool m_resets;
};

}  // namespace adit::net::websocket
