#include "net/websocket/connection.h"

#include "base/verify.h"

namespace adit::net {

using websocket::CloseCode;
using websocket::Opcode;
using websocket::Role;

// What may wait for the listener before the network is no longer read.
constexpr size_t incoming_high_water_bytes = 1024 * 1024;

std::shared_ptr<WebSocketConnection> WebSocketConnection::create(Loop& loop, Random& random,
                                                                 std::unique_ptr<Stream> stream, Role role,
                                                                 std::optional<websocket::DeflateParameters> deflate,
                                                                 Bytes leftover, WebSocketOptions options) {
  std::shared_ptr<WebSocketConnection> connection(
      new WebSocketConnection(loop, random, std::move(stream), role, options));
  std::unique_ptr<websocket::Inflater> inflater;
  if (deflate) {
    bool is_server = role == Role::server;
    inflater = std::make_unique<websocket::Inflater>(
        is_server ? deflate->client_max_window_bits : deflate->server_max_window_bits,
        is_server ? deflate->client_no_context_takeover : deflate->server_no_context_takeover);
    connection->m_deflater = std::make_unique<websocket::Deflater>(
        is_server ? deflate->server_max_window_bits : deflate->client_max_window_bits,
        is_server ? deflate->server_no_context_takeover : deflate->client_no_context_takeover);
  }
  connection->m_reader =
      std::make_unique<websocket::MessageReader>(role, options.max_message_bytes, std::move(inflater));
  connection->m_stream->set_listener(connection.get());
  // The leftover is read like everything else: from the loop, once somebody listens.
  if (!leftover.empty())
    connection->m_loop.defer([connection, leftover = std::move(leftover)] { connection->feed(leftover); });
  if (options.ping_interval_ms != 0) connection->arm_ping_timer();
  return connection;
}

WebSocketConnection::WebSocketConnection(Loop& loop, Random& random, std::unique_ptr<Stream> stream, Role role,
                                         WebSocketOptions options)
    : m_loop(loop), m_random(random), m_stream(std::move(stream)), m_role(role), m_options(options) {}

WebSocketConnection::~WebSocketConnection() = default;  // the stream closes itself

void WebSocketConnection::listen(std::shared_ptr<WebSocketLink::Listener> listener) {
  VERIFY(!m_listener && listener);
  m_listener = std::move(listener);
  schedule_delivery();
  if (!m_stream) return;
  m_self = shared_from_this();
  update_reading();
}

void WebSocketConnection::send(WebSocketMessage message) {
  if (m_close_sent || !m_stream) return;
  auto opcode = message.is_text ? Opcode::text : Opcode::binary;
  if (m_deflater && message.data.size() >= m_options.min_compressed_bytes)
    write_frame(opcode, true, m_deflater->compress(message.data));
  else write_frame(opcode, false, message.data);
  // § 7.1.7: a peer that takes nothing must not make this process keep everything.
  if (m_stream->buffered_bytes() > m_options.max_buffered_bytes) lose();
}

void WebSocketConnection::close(uint16_t code, std::string reason) {
  if (m_close_sent || !m_stream) return;
  send_close_frame(code, reason);
  if (m_close_received) finish_closing();
  else arm_close_timer();
  update_reading();
}

void WebSocketConnection::abort() {
  m_finished = true;
  m_incoming.clear();
  m_incoming_bytes = 0;
  m_listener.reset();
  close_stream();
}

size_t WebSocketConnection::buffered_bytes() const { return m_stream ? m_stream->buffered_bytes() : 0; }

void WebSocketConnection::pause() {
  m_paused = true;
  if (m_stream) update_reading();
}

void WebSocketConnection::resume() {
  m_paused = false;
  schedule_delivery();
  if (m_stream) update_reading();
}

void WebSocketConnection::ping(BytesView payload) {
  if (m_close_sent || !m_stream) return;
  write_frame(Opcode::ping, false, payload.first(std::min(payload.size(), websocket::max_control_payload_bytes)));
}

void WebSocketConnection::on_data(BytesView data) { feed(data); }

void WebSocketConnection::feed(BytesView data) {
  if (m_finished || !m_stream) return;
  auto self = shared_from_this();
  m_heard = true;
  if (auto violation = m_reader->feed(data, *this)) fail(*violation);
  else if (m_stream) update_reading();
}

void WebSocketConnection::on_end() {
  m_ended = true;
  if (!m_finished) return lose();
  // The peer sent its Close and ended; ours may still be to come.
  if (m_close_sent) finish_closing();
}

void WebSocketConnection::on_error(Error) { lose(); }

void WebSocketConnection::on_drain() {
  auto self = shared_from_this();
  if (m_ended && m_finished && m_close_sent) return close_stream();
  if (auto listener = m_listener) listener->on_drain();
}

void WebSocketConnection::on_message(WebSocketMessage message) { deliver(std::move(message)); }

void WebSocketConnection::on_ping(BytesView payload) {
  // § 5.5.3. A peer that pings but does not read gets no more answers than fit.
  if (m_close_sent || m_stream->buffered_bytes() > m_options.max_message_bytes) return;
  write_frame(Opcode::pong, false, payload);
}

void WebSocketConnection::on_pong(BytesView) {}

void WebSocketConnection::on_close_frame(WebSocketClose close) {
  m_close_received = true;
  m_finished = true;
  deliver(std::move(close));
  if (m_close_sent) return finish_closing();
  // The application answers with close(); if it does not in time, the connection must not stay.
  arm_close_timer();
}

// § 7.1.7: fail the WebSocket connection.
void WebSocketConnection::fail(const websocket::Violation& violation) {
  if (!m_close_sent && m_stream) send_close_frame(violation.close_code, violation.reason);
  if (!std::exchange(m_finished, true)) deliver(WebSocketClose{violation.close_code, violation.reason, false});
  finish_closing();
}

// The connection is gone without a closing handshake.
void WebSocketConnection::lose() {
  if (!std::exchange(m_finished, true)) deliver(WebSocketClose{CloseCode::abnormal, "", false});
  close_stream();
}

void WebSocketConnection::deliver(Event event) {
  if (auto* message = std::get_if<WebSocketMessage>(&event)) m_incoming_bytes += message->data.size();
  m_incoming.push_back(std::move(event));
  schedule_delivery();
}

void WebSocketConnection::schedule_delivery() {
  if (m_scheduled || m_paused || !m_listener || m_incoming.empty()) return;
  m_scheduled = true;
  m_loop.defer([self = shared_from_this()] { self->deliver_next(); });
}

void WebSocketConnection::deliver_next() {
  m_scheduled = false;
  if (m_paused || !m_listener || m_incoming.empty()) return;
  auto event = std::move(m_incoming.front());
  m_incoming.pop_front();
  auto listener = m_listener;
  if (auto* message = std::get_if<WebSocketMessage>(&event)) {
    m_incoming_bytes -= message->data.size();
    listener->on_message(std::move(*message));
  } else {
    m_listener.reset();
    listener->on_close(std::get<WebSocketClose>(std::move(event)));
  }
  schedule_delivery();
  if (m_stream) update_reading();
}

void WebSocketConnection::update_reading() {
  if (!m_stream) return;
  // After our Close the peer's must still be read, and after the peer's its end, listener or not.
  bool wants =
      m_close_sent || m_close_received || (m_listener && !m_paused && m_incoming_bytes < incoming_high_water_bytes);
  if (wants) m_stream->start_reading();
  else m_stream->stop_reading();
}

void WebSocketConnection::write_frame(Opcode opcode, bool is_compressed, BytesView payload) {
  std::optional<std::array<uint8_t, 4>> mask;
  if (m_role == Role::client) {
    mask.emplace();
    m_random.fill(*mask);
  }
  Bytes frame;
  append_frame(frame, opcode, true, is_compressed, payload, mask);
  m_stream->write(std::move(frame));
}

void WebSocketConnection::send_close_frame(uint16_t code, std::string_view reason) {
  m_close_sent = true;
  write_frame(Opcode::close, false, websocket::close_payload(code, reason));
}

// Both Close frames are through, or the connection failed after ours. § 7.1.1: the server closes TCP first and waits for the
// client's end; the client waits for the server's. Either way the timer bounds it.
void WebSocketConnection::finish_closing() {
  if (!m_stream) return;
  m_reader->stop();
  if (m_role == Role::server || !m_close_received || m_ended) m_stream->shutdown();
  if (m_ended && m_stream->buffered_bytes() == 0) return close_stream();
  arm_close_timer();
  m_stream->start_reading();
}

void WebSocketConnection::close_stream() {
  m_close_timer = Timer();
  m_ping_timer = Timer();
  if (!m_stream) return;
  m_stream->close();
  // Possibly inside one of the stream's callbacks and of this object's methods: both go away after the current callback.
  m_loop.defer([self = std::move(m_self), stream = std::shared_ptr<Stream>(std::move(m_stream))] {});
}

void WebSocketConnection::arm_close_timer() {
  m_close_timer = m_loop.after(m_options.close_timeout_ms, [this] {
    auto self = shared_from_this();
    lose();
  });
}

void WebSocketConnection::arm_ping_timer() {
  m_ping_timer = m_loop.after(m_options.ping_interval_ms, [this] {
    auto self = shared_from_this();
    if (!std::exchange(m_heard, false)) return lose();
    ping({});
    arm_ping_timer();
  });
}

}  // namespace adit::net
