// Turns the octets of a WebSocket connection into messages and control frames: fragments joined, unmasked, expanded, checked.
// Owner: one connection's thread. Invariant: a message given out is complete, within the limit and, if text, valid UTF-8;
// nothing is given out after a violation or a Close.
#pragma once

#include <memory>
#include <optional>

#include "net/websocket/deflate.h"
#include "net/websocket/frame.h"
#include "net/websocket/link.h"

namespace adit::net::websocket {

class MessageReader {
 public:
  class Sink {
   public:
    virtual void on_message(WebSocketMessage message) = 0;
    virtual void on_ping(BytesView payload) = 0;
    virtual void on_pong(BytesView payload) = 0;
    virtual void on_close_frame(WebSocketClose close) = 0;

   protected:
    ~Sink() = default;
  };

  // An inflater means that permessage-deflate was agreed.
  MessageReader(Role receiver, size_t limit_bytes, std::unique_ptr<Inflater> inflater);

  // Reads what there is; a violation ends the connection. The sink may call stop().
  std::optional<Violation> feed(BytesView input, Sink& sink);
  // No more callbacks, in this feed() either.
  void stop() { m_stopped = true; }

 private:
  std::optional<Violation> begin_frame();
  std::optional<Violation> take_payload(BytesView& input);
  std::optional<Violation> end_frame(Sink& sink);
  std::optional<Violation> end_control_frame(Sink& sink);
  std::optional<Violation> end_message(Sink& sink);
  std::optional<Violation> expand(BytesView compressed);

  FrameHeaderParser m_parser;
  size_t m_limit_bytes;
  std::unique_ptr<Inflater> m_inflater;
  std::optional<FrameHeader> m_frame;
  uint64_t m_frame_position = 0;  // octets of the frame's payload taken
  bool m_in_message = false;
  bool m_is_text = false;
  bool m_is_compressed = false;
  Bytes m_message;
  Bytes m_compressed;  // scratch for unmasking
  std::array<uint8_t, max_control_payload_bytes> m_control{};
  bool m_stopped = false;
};

// A Close frame's payload (§ 5.5.1): empty for code 1005; the reason cut so that it fits, at a character's border.
Bytes close_payload(uint16_t code, std::string_view reason);

}  // namespace adit::net::websocket
