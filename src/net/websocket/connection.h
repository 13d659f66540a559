// WebSocketConnection: a WebSocket over a Stream after the opening handshake, either role. Frames in and out, compression, pings,
// the closing handshake with a timeout, bounded memory in both directions.
// Owner: the loop's thread; shared because the listener, the coupled link and pending timers let go at different times. It keeps
// itself alive from listen() until its stream is closed.
// Invariant: at most one Close frame is sent and it is the last frame; reading stops while the listener is paused or not there.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>

#include "base/clock.h"
#include "net/stream.h"
#include "net/websocket/link.h"
#include "net/websocket/message_reader.h"

namespace adit::net {

struct WebSocketOptions {
  size_t max_message_bytes = 32 * 1024 * 1024;   // Workers' documented limit of a received message
  size_t max_buffered_bytes = 64 * 1024 * 1024;  // a peer that takes nothing for this long is dropped
  size_t min_compressed_bytes = 64;              // shorter messages are not worth compressing
  uint64_t close_timeout_ms = 10'000;            // for the peer's Close, and for our own side's answer to the peer's
  uint64_t ping_interval_ms = 0;                 // 0: never; a peer silent for two intervals is dropped
};

class WebSocketConnection final : public WebSocketLink,
                                  private Stream::Listener,
                                  private websocket::MessageReader::Sink,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  // leftover: what was read from the stream behind the handshake.
  static std::shared_ptr<WebSocketConnection> create(Loop& loop, Random& random, std::unique_ptr<Stream> stream,
                                                     websocket::Role role,
                                                     std::optional<websocket::DeflateParameters> deflate,
                                                     Bytes leftover, WebSocketOptions options = {});
  ~WebSocketConnection() override;

  void listen(std::shared_ptr<WebSocketLink::Listener> listener) override;
  void send(WebSocketMessage message) override;
  void close(uint16_t code, std::string reason) override;
  void abort() override;
  size_t buffered_bytes() const override;
  void pause() override;
  void resume() override;
  void ping(BytesView payload);
  bool is_closed() const { return m_stream == nullptr; }

 private:
  using Event = std::variant<WebSocketMessage, WebSocketClose>;

  WebSocketConnection(Loop& loop, Random& random, std::unique_ptr<Stream> stream, websocket::Role role,
                      WebSocketOptions options);

  // Stream::Listener
  void on_data(BytesView data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drain() override;
  // MessageReader::Sink
  void on_message(WebSocketMessage message) override;
  void on_ping(BytesView payload) override;
  void on_pong(BytesView payload) override;
  void on_close_frame(WebSocketClose close) override;

  void feed(BytesView data);
  void fail(const websocket::Violation& violation);
  void lose();
  void deliver(Event event);
  void deliver_next();
  void schedule_delivery();
  void update_reading();
  void write_frame(websocket::Opcode opcode, bool is_compressed, BytesView payload);
  void send_close_frame(uint16_t code, std::string_view reason);
  void finish_closing();
  void close_stream();
  void arm_close_timer();
  void arm_ping_timer();

  Loop& m_loop;
  Random& m_random;
  std::unique_ptr<Stream> m_stream;
  std::shared_ptr<WebSocketConnection> m_self;  // while the stream is open
  websocket::Role m_role;
  WebSocketOptions m_options;
  std::unique_ptr<websocket::MessageReader> m_reader;
  std::unique_ptr<websocket::Deflater> m_deflater;
  std::shared_ptr<WebSocketLink::Listener> m_listener;
  std::deque<Event> m_incoming;
  size_t m_incoming_bytes = 0;
  Timer m_close_timer;
  Timer m_ping_timer;
  bool m_heard = true;  // since the last ping
  bool m_paused = false;
  bool m_scheduled = false;
  bool m_close_sent = false;
  bool m_close_received = false;
  bool m_ended = false;     // the stream's end was seen
  bool m_finished = false;  // on_close is queued or delivered; nothing more comes in
};

}  // namespace adit::net
