#include "net/websocket/message_reader.h"

#include <simdutf.h>

#include <algorithm>

#include "base/verify.h"

namespace adit::net::websocket {

namespace {

// A header may announce any length; memory is reserved for this much before the octets are there.
constexpr size_t reserve_limit_bytes = 64 * 1024;

bool is_utf8(BytesView bytes) {
  return simdutf::validate_utf8(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Violation too_large(size_t limit_bytes) {
  return {CloseCode::too_large, "A message is larger than " + std::to_string(limit_bytes) + " bytes."};
}

}  // namespace

MessageReader::MessageReader(Role receiver, size_t limit_bytes, std::unique_ptr<Inflater> inflater)
    : m_parser(receiver, inflater != nullptr), m_limit_bytes(limit_bytes), m_inflater(std::move(inflater)) {}

std::optional<Violation> MessageReader::feed(BytesView input, Sink& sink) {
  while (!m_stopped) {
    if (!m_frame) {
      auto violation = m_parser.take(input, m_frame);
      if (!violation && m_frame) violation = begin_frame();
      if (violation) {
        m_stopped = true;
        return violation;
      }
      if (!m_frame) return std::nullopt;
    }
    auto violation = take_payload(input);
    if (!violation && m_frame_position < m_frame->payload_bytes) return std::nullopt;
    if (!violation) violation = end_frame(sink);
    if (violation) {
      m_stopped = true;
      return violation;
    }
  }
  return std::nullopt;
}

std::optional<Violation> MessageReader::begin_frame() {
  m_frame_position = 0;
  if (is_control(m_frame->opcode)) return std::nullopt;
  // § 5.4: a message's first frame has its type, the others are continuations.
  bool is_continuation = m_frame->opcode == Opcode::continuation;
  if (is_continuation && !m_in_message)
    return Violation{CloseCode::protocol_error, "A continuation frame has no message to continue."};
  if (!is_continuation && m_in_message)
    return Violation{CloseCode::protocol_error, "A new message starts inside a fragmented one."};
  if (!is_continuation) {
    m_in_message = true;
    m_is_text = m_frame->opcode == Opcode::text;
    m_is_compressed = m_frame->is_compressed;
    m_message.clear();
  }
  if (m_is_compressed) return std::nullopt;  // bounded while it expands
  if (m_frame->payload_bytes > m_limit_bytes - m_message.size()) return too_large(m_limit_bytes);
  m_message.reserve(m_message.size() + std::min<uint64_t>(m_frame->payload_bytes, reserve_limit_bytes));
  return std::nullopt;
}

std::optional<Violation> MessageReader::take_payload(BytesView& input) {
  auto count = static_cast<size_t>(std::min<uint64_t>(m_frame->payload_bytes - m_frame_position, input.size()));
  if (count == 0) return std::nullopt;
  BytesView octets = input.first(count);
  input = input.subspan(count);
  std::span<uint8_t> taken;
  if (is_control(m_frame->opcode)) {
    taken = std::span(m_control).subspan(m_frame_position, count);
    std::copy(octets.begin(), octets.end(), taken.begin());
  } else {
    Bytes& target = m_is_compressed ? m_compressed : m_message;
    if (m_is_compressed) m_compressed.clear();
    size_t start = target.size();
    target.insert(target.end(), octets.begin(), octets.end());
    taken = std::span(target).subspan(start);
  }
  if (m_frame->mask) apply_mask(taken, *m_frame->mask, m_frame_position);
  m_frame_position += count;
  return m_is_compressed && !is_control(m_frame->opcode) ? expand(m_compressed) : std::nullopt;
}

std::optional<Violation> MessageReader::expand(BytesView compressed) {
  switch (m_inflater->append(compressed, m_message, m_limit_bytes)) {
    case Inflater::Status::ok:
      return std::nullopt;
    case Inflater::Status::too_large:
      return too_large(m_limit_bytes);
    case Inflater::Status::corrupt:
      return Violation{CloseCode::invalid_data, "A compressed message is corrupt."};
  }
  VERIFY_NOT_REACHED();
}

std::optional<Violation> MessageReader::end_frame(Sink& sink) {
  auto frame = *m_frame;
  std::optional<Violation> violation;
  if (is_control(frame.opcode)) violation = end_control_frame(sink);
  else if (frame.is_final) violation = end_message(sink);
  m_frame.reset();
  return violation;
}

std::optional<Violation> MessageReader::end_message(Sink& sink) {
  m_in_message = false;
  if (m_is_compressed) {
    auto status = m_inflater->finish(m_message, m_limit_bytes);
    if (status == Inflater::Status::too_large) return too_large(m_limit_bytes);
    if (status == Inflater::Status::corrupt)
      return Violation{CloseCode::invalid_data, "A compressed message is corrupt."};
  }
  // § 8.1
  if (m_is_text && !is_utf8(m_message)) return Violation{CloseCode::invalid_data, "A text message is not valid UTF-8."};
  sink.on_message({m_is_text, std::exchange(m_message, {})});
  return std::nullopt;
}

std::optional<Violation> MessageReader::end_control_frame(Sink& sink) {
  BytesView payload = BytesView(m_control).first(static_cast<size_t>(m_frame->payload_bytes));
  if (m_frame->opcode == Opcode::ping) {
    sink.on_ping(payload);
    return std::nullopt;
  }
  if (m_frame->opcode == Opcode::pong) {
    sink.on_pong(payload);
    return std::nullopt;
  }
  // § 5.5.1
  WebSocketClose close;
  if (payload.size() == 1) return Violation{CloseCode::protocol_error, "A Close frame has half a code."};
  if (payload.size() >= 2) {
    close.code = static_cast<uint16_t>(payload[0] << 8 | payload[1]);
    if (!is_valid_close_code(close.code))
      return Violation{CloseCode::protocol_error, "A Close frame has a code that must not be sent."};
    close.reason = text_of(payload.subspan(2));
    if (!is_utf8(bytes_of(close.reason)))
      return Violation{CloseCode::invalid_data, "A Close frame's reason is not valid UTF-8."};
  }
  m_stopped = true;
  sink.on_close_frame(std::move(close));
  return std::nullopt;
}

Bytes close_payload(uint16_t code, std::string_view reason) {
  if (code == CloseCode::none_received) return {};
  size_t length = std::min(reason.size(), max_control_payload_bytes - 2);
  while (length < reason.size() && length > 0 && (static_cast<uint8_t>(reason[length]) & 0xc0) == 0x80) length--;
  Bytes payload = {static_cast<uint8_t>(code >> 8), static_cast<uint8_t>(code)};
  payload.insert(payload.end(), reason.begin(), reason.begin() + static_cast<ptrdiff_t>(length));
  return payload;
}

}  // namespace adit::net::websocket
