// HttpConnection's writing half: responses, their bodies, what follows a complete one.

#include <array>

#include "net/http/http_connection.h"
#include "net/http/response_head.h"
#include "net/http/server_impl.h"

namespace adit::net {

namespace {

// Up to this a body's octets are copied behind the head, so that all leaves in one plain write.
constexpr size_t copied_body_bytes = 16 * 1024;

}  // namespace

std::string& HttpConnection::output() {
  if (m_server.output_owner != this) {
    if (m_server.output_owner) m_server.output_owner->flush();
    m_server.output_owner = this;
  }
  return m_server.output;
}

void HttpConnection::flush() {
  if (m_server.output_owner != this) return;
  m_server.output_owner = nullptr;
  if (!m_server.output.empty()) m_stream->write_text(m_server.output);
  m_server.output.clear();
}

// While requests are processed in a row, or a source is pumped, their octets are gathered.
void HttpConnection::flush_unless_corked() {
  if (!m_processing && !m_pumping) flush();
}

void HttpConnection::send_continue() {
  m_continue_due = false;
  output().append("HTTP/1.1 100 Continue\r\n\r\n");
  flush_unless_corked();
}

bool HttpConnection::decide_keep_alive(bool streams) {
  bool keep_alive = m_exchange->m_head.keep_alive && !m_server.draining && !m_ended;
  if (m_reader.message_complete()) return keep_alive;
  // A streamed response may be made of the request's body: then the client must be let go on with it before the final head.
  if (streams) {
    if (m_continue_due) send_continue();
    return keep_alive;
  }
  // RFC 9110 § 10.1.1: without the 100 nobody knows whether the client will send the body, so the connection can not go on.
  if (m_continue_due) return false;
  return keep_alive && m_body->unreceived_bytes() <= m_server.options.drain_limit_bytes;
}

void HttpConnection::write_framing(const ResponseFraming& framing) {
  auto& out = output();
  if (framing.content_length) {
    out.append("Content-Length: ");
    append_decimal(out, *framing.content_length);
    out.append("\r\n");
  } else if (framing.chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (!m_keep_alive) out.append("Connection: close\r\n");
  else if (m_exchange->m_head.http_minor == 0) out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
}

void HttpConnection::respond(int status, std::string_view status_text, std::string_view header_lines, HttpBody body) {
  VERIFY(m_phase == Phase::exchange && !m_exchange->m_responded && status >= 200 && status <= 999);
  auto self = shared_from_this();
  const auto& head = m_exchange->m_head;
  m_exchange->m_responded = true;

  auto* source = std::get_if<std::shared_ptr<ByteSource>>(&body);
  auto* text = std::get_if<std::string_view>(&body);
  auto* bytes = std::get_if<Bytes>(&body);
  bool is_head = head.method == "HEAD";
  bool bodiless = is_head || status == 204 || status == 304;
  std::optional<uint64_t> length = 0;
  if (source) length = (*source)->remaining_bytes();
  else if (text) length = text->size();
  else if (bytes) length = bytes->size();

  m_keep_alive = decide_keep_alive(source && !bodiless);
  ResponseFraming framing{.keep_content_length = is_head || status == 304};
  auto filtered = append_head(output(), status, status_text, header_lines, framing);
  if (!filtered.has_date) output().append(m_server.date_line());
  // HEAD tells what GET would have had, as far as that is known (RFC 9110 § 8.6).
  bool tells_length = is_head && status != 204 && status != 304 && !filtered.has_content_length &&
                      !std::holds_alternative<std::monostate>(body);
  if (!bodiless || tells_length) framing.content_length = length;
  if (!bodiless && !length) {
    framing.chunked = head.http_minor == 1;
    m_close_delimited = !framing.chunked;
  }
  if (filtered.wants_close || m_close_delimited) m_keep_alive = false;
  write_framing(framing);

  if (bodiless) {
    if (source) (*source)->cancel(Error(ErrorKind::aborted, "this response has no body"));
    complete_response();
  } else if (source) {
    m_source = std::move(*source);
    m_source_bytes = length;
    m_chunked = framing.chunked;
    if (length == 0u) complete_response();
    else pump();
  } else {
    if (text) write_body(*text);
    else if (bytes) write_body(std::move(*bytes));
    complete_response();
  }
  if (m_phase != Phase::closed) flush_unless_corked();
}

void HttpConnection::write_body(std::string_view text) {
  auto& out = output();
  if (text.size() <= copied_body_bytes) {
    out.append(text);
    return;
  }
  std::array<BytesView, 2> views{bytes_of(out), bytes_of(text)};
  m_stream->write(views);
  out.clear();
}

void HttpConnection::write_body(Bytes data) {
  if (data.size() <= copied_body_bytes) {
    output().append(text_of(data));
    return;
  }
  flush();
  m_stream->write(std::move(data));
}

// ---- A body that is pulled from a source

void HttpConnection::pump() {
  if (m_pumping) return;
  auto self = shared_from_this();
  m_pumping = true;
  while (m_source && !m_source_outstanding && m_stream->buffered_bytes() < m_server.options.write_buffer_bytes) {
    m_source_outstanding = true;
    auto source = m_source;
    source->read([weak = weak_from_this()](Result<Bytes> chunk) {
      if (auto connection = weak.lock()) connection->on_chunk(std::move(chunk));
    });
    if (m_server.output_owner == this && m_server.output.size() > copied_body_bytes) flush();
  }
  m_pumping = false;
  if (m_phase != Phase::closed) flush_unless_corked();
}

void HttpConnection::on_chunk(Result<Bytes> chunk) {
  m_source_outstanding = false;
  if (!m_source) return;
  if (chunk.is_error()) return truncate_response(chunk.error());
  const auto& data = chunk.value();
  if (data.empty()) {
    if (m_source_bytes) return truncate_response(Error::failed("the body ended before its Content-Length"));
    if (m_chunked) output().append("0\r\n\r\n");
    complete_response();
  } else if (m_source_bytes && data.size() > *m_source_bytes) {
    return truncate_response(Error::failed("the body is longer than its Content-Length"));
  } else {
    write_chunk(data);
    if (m_source_bytes && (*m_source_bytes -= data.size()) == 0) complete_response();
  }
  pump();
}

void HttpConnection::write_chunk(BytesView chunk) {
  auto& out = output();
  if (m_chunked) {
    append_hexadecimal(out, chunk.size());
    out.append("\r\n");
  }
  std::string_view end = m_chunked ? "\r\n" : "";
  if (out.size() + chunk.size() <= copied_body_bytes) {
    out.append(text_of(chunk)).append(end);
    return;
  }
  std::array<BytesView, 3> views{bytes_of(out), chunk, bytes_of(end)};
  m_stream->write(views);
  out.clear();
}

// The head is out: the only way left to say that the body is not whole is to break the connection.
void HttpConnection::truncate_response(const Error& reason) {
  auto self = shared_from_this();
  flush();
  if (m_close_delimited) m_stream->reset();
  close_now();
  detach_exchange(reason, false);
}

// ---- What follows

void HttpConnection::complete_response() {
  auto exchange = m_exchange;
  auto body = std::exchange(m_body, nullptr);
  m_source = nullptr;
  m_source_bytes.reset();
  m_chunked = m_close_delimited = m_continue_due = false;
  exchange->m_connection = nullptr;
  exchange->m_on_abort = nullptr;
  exchange->m_body = nullptr;
  uint64_t unreceived = body ? body->unreceived_bytes() : 0;
  if (m_reader.message_complete()) {
    if (m_keep_alive) next_message();
    else begin_close();
  } else if (!m_keep_alive || unreceived > m_server.options.drain_limit_bytes) {
    begin_close();
  } else {
    m_phase = Phase::discarding;
    m_since_ms = now_ms();
    m_discarded_bytes = 0;
    update_reading();
  }
  if (body) body->detach(Error::type_error("Can't read from request stream after response has been sent."));
}

void HttpConnection::next_message() {
  m_phase = Phase::idle;
  m_since_ms = now_ms();
  if (m_processing) {
    // process() goes on with the next request itself.
    if (m_server.draining && m_input.empty()) begin_close();
    return;
  }
  if (m_pending.empty()) {
    if (m_ended || m_server.draining) return begin_close();
    return update_reading();
  }
  // Not here: the caller is in the middle of its own work, and the next request may run JavaScript.
  m_server.loop.defer([weak = weak_from_this()] {
    if (auto connection = weak.lock()) connection->process_pending();
  });
}

Result<Upgraded> HttpConnection::upgrade(std::string_view header_lines) {
  auto self = shared_from_this();
  if (!m_exchange->m_head.wants_upgrade) return Error::type_error("the request did not ask for a protocol upgrade");
  if (!m_reader.message_complete())
    return Error::type_error("a request with a body can not be upgraded before the body is read");
  if (m_ended) return Error(ErrorKind::aborted, "the client is gone");
  m_exchange->m_responded = true;
  append_head(output(), 101, "", header_lines, {});
  output().append("Connection: Upgrade\r\n\r\n");
  flush();
  auto unparsed = m_processing ? m_input : BytesView(m_pending).subspan(m_pending_start);
  Upgraded upgraded{nullptr, copy_bytes(unparsed)};
  m_stream->stop_reading();
  m_stream->set_listener(nullptr);
  upgraded.stream = std::move(m_stream);
  m_phase = Phase::closed;
  m_input = {};
  m_exchange->m_connection = nullptr;
  m_exchange->m_on_abort = nullptr;
  m_server.remove(*this);
  return upgraded;
}

}  // namespace adit::net
