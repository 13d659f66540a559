// RFC 6455 § 5: the WebSocket framing. A FrameHeaderParser takes one header at a time from octets that arrive in any pieces and
// refuses what no extension or role allows; append_frame writes whole frames.
// Owner: none; value types without I/O. Invariant: a header that comes out of the parser obeys § 5.2 and § 5.5 for its receiver.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace adit::net::websocket {

enum class Opcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
enum class Role { server, client };

// § 7.4.1, the codes that this code sends or reports itself.
struct CloseCode {
  static constexpr uint16_t normal = 1000;
  static constexpr uint16_t going_away = 1001;
  static constexpr uint16_t protocol_error = 1002;
  static constexpr uint16_t none_received = 1005;
  static constexpr uint16_t abnormal = 1006;
  static constexpr uint16_t invalid_data = 1007;
  static constexpr uint16_t too_large = 1009;
  static constexpr uint16_t internal_error = 1011;
};

// Why the connection must be failed (§ 7.1.7): the code to send, and a sentence for people.
struct Violation {
  uint16_t close_code;
  std::string reason;
};

constexpr size_t max_control_payload_bytes = 125;

constexpr bool is_control(Opcode opcode) { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }
// § 7.4.2 and the IANA registry: whether a peer may put this code in a Close frame.
constexpr bool is_valid_close_code(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

struct FrameHeader {
  bool is_final = false;
  bool is_compressed = false;  // RSV1, as permessage-deflate uses it
  Opcode opcode = Opcode::continuation;
  std::optional<std::array<uint8_t, 4>> mask;
  uint64_t payload_bytes = 0;
};

class FrameHeaderParser {
 public:
  // Whether RSV1 may be set on the first frame of a message is the extension's to say (RFC 7692 § 6).
  FrameHeaderParser(Role receiver, bool allows_compression)
      : m_receiver(receiver), m_allows_compression(allows_compression) {}

  // Takes octets off the front of input. Sets header when one is complete; leaves it empty when input ran out first.
  std::optional<Violation> take(BytesView& input, std::optional<FrameHeader>& header);

 private:
  std::optional<Violation> check_start(uint8_t first, uint8_t second) const;
  size_t needed_bytes() const;

  Role m_receiver;
  bool m_allows_compression;
  std::array<uint8_t, 14> m_octets{};
  size_t m_count = 0;
};

// XORs in place; position is the offset of the first octet in the frame's payload (§ 5.3).
void apply_mask(std::span<uint8_t> payload, const std::array<uint8_t, 4>& mask, uint64_t position);

// Appends one whole frame. A client's frame has a mask, a server's has none.
void append_frame(Bytes& out, Opcode opcode, bool is_final, bool is_compressed, BytesView payload,
                  const std::optional<std::array<uint8_t, 4>>& mask);

}  // namespace adit::net::websocket
