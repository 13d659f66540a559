// HttpConnection: one HTTP/1.1 connection: feeds the parser, runs one exchange at a time, writes its response, decides what comes next.
// Owner: the HttpServer's list; entry points hold a reference for their own duration, because a handler may end the connection.
// Invariant: the handler, and the callbacks of a request, run from the stream's callbacks, the loop or respond()'s source, never
// while the parser runs; octets leave in the order of the requests.
// Lifecycle of a request: idle → head → exchange → (discarding) → idle, or → closing → lingering → closed.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "net/http/exchange.h"
#include "net/http/request_body.h"
#include "net/http/request_reader.h"
#include "net/http/response_head.h"
#include "net/http/server.h"

namespace adit::net {

class HttpConnection final : public Stream::Listener, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpServer::Impl& server, std::unique_ptr<Stream> stream);
  void start();

  void on_data(BytesView data) override;
  void on_end() override;
  void on_error(Error error) override;
  void on_drain() override;

  // The exchange's side.
  void respond(int status, std::string_view status_text, std::string_view header_lines, HttpBody body);
  Result<Upgraded> upgrade(std::string_view header_lines);
  // Asked of the system once: a connection's peer does not change.
  const PeerAddress& peer_address() {
    if (!m_peer) m_peer = m_stream->peer_address();
    return *m_peer;
  }

  // The request body's side.
  void on_body_awaited();
  void on_body_taken();

  // The server's side.
  void sweep(uint64_t now_ms);
  void drain();
  // Ends everything at once; the request in flight hears of it.
  void abort(Error reason);
  size_t index = 0;  // in the server's list

 private:
  enum class Phase : uint8_t {
    idle,        // no octet of the next request yet
    head,        // reading a head
    exchange,    // the handler has the request
    discarding,  // answered; the rest of the request's body is dropped
    closing,     // the last response waits for the socket
    lingering,  // half-closed: reading on, so that unread octets do not make the kernel reset what the client has not read yet
    closed,
  };

  void process(BytesView data);
  void process_pending();
  bool may_parse() const;
  void advance();
  void dispatch();
  void push_body();
  void discard_body();
  void update_reading();
  void reject(const RequestFailure& failure);
  void check_abandoned();

  bool decide_keep_alive(bool streams);
  void write_framing(const ResponseFraming& framing);
  void send_continue();
  void write_body(std::string_view text);
  void write_body(Bytes data);
  void pump();
  void on_chunk(Result<Bytes> chunk);
  void write_chunk(BytesView chunk);
  void truncate_response(const Error& reason);
  void complete_response();
  void next_message();

  std::string& output();
  void flush();
  void flush_unless_corked();
  void detach_exchange(Error reason, bool aborted);
  void begin_close();
  void finish_close();
  void close_now();
  uint64_t now_ms() const;

  HttpServer::Impl& m_server;
  std::optional<PeerAddress> m_peer;
  std::unique_ptr<Stream> m_stream;
  RequestReader m_reader;
  std::shared_ptr<HttpExchange> m_exchange;
  std::shared_ptr<RequestBody> m_body;     // of the request in flight
  std::shared_ptr<ByteSource> m_source;    // of the response in flight
  std::optional<uint64_t> m_source_bytes;  // still to come from it, when the length is known
  Bytes m_pending;                         // arrived, not parsed: pipelined requests
  size_t m_pending_start = 0;
  BytesView m_input;  // what process() has not consumed yet

  uint64_t m_since_ms = 0;  // start of the current phase
  uint64_t m_last_data_ms = 0;
  uint64_t m_write_progress_ms = 0;
  size_t m_last_buffered = 0;
  size_t m_discarded_bytes = 0;

  Phase m_phase = Phase::idle;
  bool m_reading = false;
  bool m_processing = false;
  bool m_pumping = false;
  bool m_source_outstanding = false;
  bool m_chunked = false;
  bool m_close_delimited = false;
  bool m_keep_alive = false;
  bool m_continue_due = false;
  bool m_ended = false;   // the client sent its last octet
  bool m_served = false;  // at least one request
};

}  // namespace adit::net
