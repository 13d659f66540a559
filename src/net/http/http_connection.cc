#include "net/http/http_connection.h"

#include "net/http/response_head.h"
#include "net/http/server_impl.h"

namespace adit::net {

namespace {

// Above this an exchange's buffer is given back instead of kept for the next request.
constexpr size_t kept_head_bytes = 16 * 1024;
// Pipelined responses are gathered up to this before they are written.
constexpr size_t gathered_output_bytes = 16 * 1024;

}  // namespace

HttpConnection::HttpConnection(HttpServer::Impl& server, std::unique_ptr<Stream> stream)
    : m_server(server),
      m_stream(std::move(stream)),
      m_reader({.target_bytes = server.options.target_limit_bytes,
                .head_bytes = server.options.head_limit_bytes,
                .body_bytes = server.options.body_limit_bytes,
                .body_reason = server.options.body_limit_reason.c_str()}) {}

void HttpConnection::start() {
  m_since_ms = m_last_data_ms = now_ms();
  m_stream->set_listener(this);
  update_reading();
}

uint64_t HttpConnection::now_ms() const { return m_server.loop.now_ms(); }

// ---- What the client sends

void HttpConnection::on_data(BytesView data) {
  auto self = shared_from_this();
  m_last_data_ms = now_ms();
  if (m_phase == Phase::lingering) {
    // Beyond that nothing is read, and the connection ends with the time for lingering: closed at once, a client that is still sending
    // would lose the response.
    m_discarded_bytes += data.size();
    return update_reading();
  }
  if (m_pending.empty() && may_parse()) {
    process(data);
    if (m_phase == Phase::closed) return;
    m_pending.assign(m_input.begin(), m_input.end());
    m_input = {};
  } else {
    m_pending.erase(m_pending.begin(), m_pending.begin() + static_cast<ptrdiff_t>(std::exchange(m_pending_start, 0)));
    m_pending.insert(m_pending.end(), data.begin(), data.end());
    process_pending();
  }
  update_reading();
}

void HttpConnection::process_pending() {
  if (m_pending.empty() || !may_parse()) return;
  auto data = std::exchange(m_pending, {});
  process(BytesView(data).subspan(std::exchange(m_pending_start, 0)));
  if (!m_input.empty()) {
    m_pending_start = static_cast<size_t>(m_input.data() - data.data());
    m_pending = std::move(data);
  }
  m_input = {};
  update_reading();
}

// Runs requests as long as each is answered inside the handler's call; m_input is what remains.
void HttpConnection::process(BytesView data) {
  m_processing = true;
  m_input = data;
  while (!m_input.empty() && may_parse()) {
    if (m_phase == Phase::idle) {
      bool reusable =
          m_exchange && m_exchange.use_count() == 1 && m_exchange->m_head.header_block.capacity() <= kept_head_bytes;
      if (!reusable) m_exchange = std::make_shared<HttpExchange>(nullptr);
      m_reader.begin(m_exchange->m_head);
      m_phase = Phase::head;
      m_since_ms = now_ms();
    }
    m_input = m_input.subspan(m_reader.feed(m_input));
    advance();
    if (m_server.output.size() > gathered_output_bytes) flush();
  }
  m_processing = false;
  if (m_phase == Phase::closed) {
    m_input = {};
    return;
  }
  flush();
  if (m_ended && (m_phase == Phase::idle || m_phase == Phase::head)) begin_close();
}

bool HttpConnection::may_parse() const {
  switch (m_phase) {
    case Phase::idle:
    case Phase::head:
      // A client that pipelines but does not read gets no further.
      return m_stream->buffered_bytes() <= m_server.options.write_buffer_bytes;
    case Phase::exchange:
    case Phase::discarding:
      return !m_reader.message_complete();
    default:
      return false;
  }
}

void HttpConnection::advance() {
  if (m_reader.failure()) return reject(*m_reader.failure());
  if (m_phase == Phase::head) {
    if (m_reader.head_complete()) dispatch();
  } else if (m_phase == Phase::exchange) {
    push_body();
  } else {
    discard_body();
  }
}

void HttpConnection::dispatch() {
  auto& exchange = *m_exchange;
  exchange.m_connection = this;
  exchange.m_responded = exchange.m_aborted = false;
  m_phase = Phase::exchange;
  m_served = true;
  m_continue_due = exchange.m_head.expects_continue && !m_reader.message_complete() && m_reader.body().empty();
  if (exchange.m_head.has_body) {
    exchange.m_body = m_body = std::make_shared<RequestBody>(this, exchange.m_head.content_length);
    push_body();
  }
  m_server.handler.on_request(m_exchange);
  check_abandoned();
}

void HttpConnection::check_abandoned() {
  if (m_phase != Phase::exchange || m_exchange->m_responded || m_exchange.use_count() != 1) return;
  m_exchange->m_on_abort = nullptr;
  m_exchange->respond(500, "", "content-type: text/plain; charset=utf-8\r\n",
                      std::string_view("The request was not answered.\n"));
}

void HttpConnection::push_body() {
  auto chunk = std::exchange(m_reader.body(), {});
  if (!chunk.empty()) m_continue_due = false;
  auto body = m_body;
  body->push(std::move(chunk), m_reader.message_complete());
}

void HttpConnection::discard_body() {
  m_discarded_bytes += m_reader.body().size();
  m_reader.body().clear();
  if (m_reader.message_complete()) return next_message();
  if (m_discarded_bytes > m_server.options.drain_limit_bytes) begin_close();
}

void HttpConnection::on_body_awaited() {
  m_last_data_ms = now_ms();  // the stall is counted from here
  if (m_continue_due && !m_exchange->m_responded) send_continue();
  update_reading();
}

void HttpConnection::on_body_taken() { update_reading(); }

// Reads exactly while there is somebody or some bounded buffer to take what comes.
void HttpConnection::update_reading() {
  bool want = !m_ended;
  switch (m_phase) {
    case Phase::idle:
    case Phase::head:
      want = want && m_pending.size() - m_pending_start < m_server.options.body_buffer_bytes;
      break;
    case Phase::exchange:
      // Reading on after the request is how a client that goes away is noticed.
      if (m_reader.message_complete())
        want = want && m_pending.size() - m_pending_start < m_server.options.body_buffer_bytes;
      else want = want && !m_body->is_cancelled() && m_body->buffered_bytes() < m_server.options.body_buffer_bytes;
      break;
    case Phase::discarding:
      break;
    case Phase::lingering:
      want = want && m_discarded_bytes <= m_server.options.drain_limit_bytes;
      break;
    case Phase::closing:
      want = false;
      break;
    case Phase::closed:
      return;
  }
  if (want == m_reading) return;
  m_reading = want;
  if (want) m_stream->start_reading();
  else m_stream->stop_reading();
}

void HttpConnection::on_end() {
  auto self = shared_from_this();
  m_ended = true;
  m_reading = false;
  switch (m_phase) {
    case Phase::idle:
    case Phase::head:
      if (m_pending.empty() || m_phase == Phase::head) begin_close();
      return;
    case Phase::exchange:
      if (!m_reader.message_complete())
        return abort(Error(ErrorKind::network, "the client closed the connection before the end of its request"));
      if (auto callback = std::exchange(m_exchange->m_on_abort, nullptr)) callback();
      return check_abandoned();
    case Phase::discarding:
    case Phase::lingering:
      return close_now();
    default:
      return;
  }
}

void HttpConnection::on_error(Error error) { abort(std::move(error)); }

void HttpConnection::on_drain() {
  auto self = shared_from_this();
  m_last_buffered = 0;
  if (m_phase == Phase::closing) return finish_close();
  if (m_phase == Phase::exchange) pump();
  else process_pending();
}

void HttpConnection::reject(const RequestFailure& failure) {
  auto self = shared_from_this();
  bool may_answer = m_phase == Phase::head || (m_phase == Phase::exchange && !m_exchange->m_responded);
  if (m_phase == Phase::exchange) {
    if (!may_answer) return abort(Error(ErrorKind::network, failure.reason));
    m_phase = Phase::closing;
    detach_exchange(Error(ErrorKind::network, failure.reason), true);
  }
  if (may_answer) {
    auto& out = output();
    append_head(out, failure.status, "", "content-type: text/plain; charset=utf-8\r\n", {});
    out.append(m_server.date_line());
    out.append("Connection: close\r\nContent-Length: ");
    append_decimal(out, std::string_view(failure.reason).size() + 1);
    out.append("\r\n\r\n");
    out.append(failure.reason).append("\n");
  }
  begin_close();
}

// ---- How it ends

void HttpConnection::detach_exchange(Error reason, bool aborted) {
  auto exchange = m_exchange;
  auto body = std::exchange(m_body, nullptr);
  auto source = std::exchange(m_source, nullptr);
  auto callback = std::exchange(exchange->m_on_abort, nullptr);
  exchange->m_connection = nullptr;
  exchange->m_body = nullptr;
  exchange->m_aborted = aborted;
  if (body) body->detach(reason);
  if (source) source->cancel(reason);
  if (aborted && callback) callback();
}

void HttpConnection::abort(Error reason) {
  auto self = shared_from_this();
  if (m_phase == Phase::closed) return;
  bool in_flight = m_phase == Phase::exchange;
  close_now();
  if (in_flight) detach_exchange(std::move(reason), true);
}

void HttpConnection::begin_close() {
  flush();
  m_phase = Phase::closing;
  m_since_ms = now_ms();
  update_reading();
  if (m_stream->buffered_bytes() == 0) finish_close();
}

void HttpConnection::finish_close() {
  bool unread = !m_reader.message_complete() || !m_pending.empty() || !m_input.empty();
  if (m_ended || !unread) return close_now();
  m_pending = {};
  m_pending_start = m_discarded_bytes = 0;
  m_stream->shutdown();
  m_phase = Phase::lingering;
  m_since_ms = now_ms();
  update_reading();
}

void HttpConnection::close_now() {
  if (m_phase == Phase::closed) return;
  auto self = shared_from_this();
  m_phase = Phase::closed;
  if (m_server.output_owner == this) {
    m_server.output_owner = nullptr;
    m_server.output.clear();
  }
  m_stream->close();
  m_server.remove(*this);
}

void HttpConnection::drain() {
  if (m_phase == Phase::idle && m_pending.empty()) begin_close();
}

// Finds what takes too long. Coarse on purpose: nothing here runs per request.
void HttpConnection::sweep(uint64_t now) {
  const auto& options = m_server.options;
  if (m_phase == Phase::closed) return;
  if (size_t buffered = m_stream->buffered_bytes(); buffered > 0) {
    if (buffered != std::exchange(m_last_buffered, buffered)) m_write_progress_ms = now;
    else if (now - m_write_progress_ms >= options.write_timeout_ms)
      return abort(Error(ErrorKind::timeout, "the client takes no octets of the response"));
    return;
  }
  uint64_t age = now - m_since_ms;
  uint64_t quiet = now - std::max(m_since_ms, m_last_data_ms);
  switch (m_phase) {
    case Phase::idle:
      if (age >= (m_served ? options.idle_timeout_ms : options.head_timeout_ms)) begin_close();
      return;
    case Phase::head:
      if (age >= options.head_timeout_ms) reject({408, "the request's head did not arrive in time"});
      return;
    case Phase::exchange:
      if (!m_reader.message_complete() && m_body->is_awaited() && quiet >= options.body_timeout_ms)
        return reject({408, "the request's body did not arrive in time"});
      return check_abandoned();
    case Phase::discarding:
      if (quiet >= options.body_timeout_ms) begin_close();
      return;
    case Phase::lingering:
      if (age >= options.linger_timeout_ms) close_now();
      return;
    default:
      return;
  }
}

}  // namespace adit::net
