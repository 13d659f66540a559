#include "net/websocket/frame.h"

#include <algorithm>
#include <cstring>

#include "base/verify.h"

namespace adit::net::websocket {

namespace {

Violation protocol_error(const char* reason) { return {CloseCode::protocol_error, reason}; }

bool is_known(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

std::optional<Violation> FrameHeaderParser::check_start(uint8_t first, uint8_t second) const {
  auto opcode = static_cast<uint8_t>(first & 0x0f);
  if (!is_known(opcode)) return protocol_error("A frame has a reserved opcode.");
  bool is_control_frame = (opcode & 0x8) != 0;
  bool rsv1 = (first & 0x40) != 0;
  if ((first & 0x30) != 0) return protocol_error("A frame has a reserved bit set.");
  // RFC 7692 § 6: RSV1 only on the first frame of a data message.
  if (rsv1 && (!m_allows_compression || is_control_frame || opcode == 0))
    return protocol_error("A frame has a reserved bit set.");
  if (is_control_frame && (first & 0x80) == 0) return protocol_error("A control frame is fragmented.");
  if (is_control_frame && (second & 0x7f) > max_control_payload_bytes)
    return protocol_error("A control frame's payload is longer than 125 bytes.");
  bool masked = (second & 0x80) != 0;
  if (masked && m_receiver == Role::client) return protocol_error("A frame from the server is masked.");
  if (!masked && m_receiver == Role::server) return protocol_error("A frame from the client is not masked.");
  return std::nullopt;
}

size_t FrameHeaderParser::needed_bytes() const {
  if (m_count < 2) return 2;
  size_t length_code = m_octets[1] & 0x7f;
  size_t extended = length_code == 126 ? 2 : length_code == 127 ? 8 : 0;
  return 2 + extended + ((m_octets[1] & 0x80) != 0 ? 4 : 0);
}

std::optional<Violation> FrameHeaderParser::take(BytesView& input, std::optional<FrameHeader>& header) {
  header.reset();
  while (m_count < needed_bytes()) {
    if (input.empty()) return std::nullopt;
    bool had_start = m_count >= 2;
    size_t count = std::min(needed_bytes() - m_count, input.size());
    std::memcpy(m_octets.data() + m_count, input.data(), count);
    m_count += count;
    input = input.subspan(count);
    if (!had_start && m_count >= 2)
      if (auto violation = check_start(m_octets[0], m_octets[1])) return violation;
  }
  size_t position = 2;
  FrameHeader parsed;
  parsed.is_final = (m_octets[0] & 0x80) != 0;
  parsed.is_compressed = (m_octets[0] & 0x40) != 0;
  parsed.opcode = static_cast<Opcode>(m_octets[0] & 0x0f);
  uint64_t length = m_octets[1] & 0x7f;
  size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extended != 0) {
    length = 0;
    for (size_t i = 0; i < extended; i++) length = length << 8 | m_octets[position++];
    // § 5.2: the minimal number of octets, and the most significant bit 0.
    if (length < (extended == 2 ? 126U : 65536U))
      return protocol_error("A frame's length is not in its shortest form.");
    if ((length >> 63) != 0) return protocol_error("A frame's length has its highest bit set.");
  }
  parsed.payload_bytes = length;
  if ((m_octets[1] & 0x80) != 0) {
    parsed.mask.emplace();
    std::memcpy(parsed.mask->data(), m_octets.data() + position, 4);
  }
  m_count = 0;
  header = parsed;
  return std::nullopt;
}

void apply_mask(std::span<uint8_t> payload, const std::array<uint8_t, 4>& mask, uint64_t position) {
  std::array<uint8_t, 8> pattern;
  for (size_t i = 0; i < 8; i++) pattern[i] = mask[(position + i) & 3];
  uint64_t wide;
  std::memcpy(&wide, pattern.data(), 8);
  size_t i = 0;
  for (; i + 8 <= payload.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, payload.data() + i, 8);
    word ^= wide;
    std::memcpy(payload.data() + i, &word, 8);
  }
  for (; i < payload.size(); i++) payload[i] ^= pattern[i & 7];
}

void append_frame(Bytes& out, Opcode opcode, bool is_final, bool is_compressed, BytesView payload,
                  const std::optional<std::array<uint8_t, 4>>& mask) {
  VERIFY(!is_control(opcode) || (payload.size() <= max_control_payload_bytes && is_final && !is_compressed));
  out.reserve(out.size() + payload.size() + 14);
  out.push_back(
      static_cast<uint8_t>((is_final ? 0x80 : 0) | (is_compressed ? 0x40 : 0) | static_cast<uint8_t>(opcode)));
  uint8_t mask_bit = mask ? 0x80 : 0;
  auto append_length = [&](int octets) {
    for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<uint8_t>(uint64_t{payload.size()} >> shift));
  };
  if (payload.size() < 126) {
    out.push_back(static_cast<uint8_t>(mask_bit | payload.size()));
  } else if (payload.size() < 65536) {
    out.push_back(mask_bit | 126);
    append_length(2);
  } else {
    out.push_back(mask_bit | 127);
    append_length(8);
  }
  if (mask) out.insert(out.end(), mask->begin(), mask->end());
  size_t start = out.size();
  out.insert(out.end(), payload.begin(), payload.end());
  if (mask) apply_mask(std::span(out).subspan(start), *mask, 0);
}

}  // namespace adit::net::websocket
