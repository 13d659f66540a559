// RequestBody: the ByteSource over a request's body, fed by its HttpConnection.
// Owner: the connection's thread. Either side may let go first: the connection detaches itself, the reader drops or cancels it.
// Invariant: holds at most HttpServerOptions::body_buffer_bytes plus one read; the connection stops reading the socket beyond that.
#pragma once

#include <memory>
#include <optional>

#include "net/byte_source.h"

namespace adit::net {

class HttpConnection;

class RequestBody final : public ByteSource {
 public:
  RequestBody(HttpConnection* connection, std::optional<uint64_t> length)
      : m_connection(connection), m_remaining_bytes(length) {}

  void read(ReadCallback callback) override;
  void cancel(Error reason) override;
  std::optional<uint64_t> remaining_bytes() const override;

  // The connection's side. complete: this was the last of the body.
  void push(Bytes chunk, bool complete);
  // No more will come: the reader gets what is buffered if the body is complete, else the error.
  void detach(Error reason);
  // Of a known length, what the client has not sent yet.
  uint64_t unreceived_bytes() const { return m_remaining_bytes ? *m_remaining_bytes - m_buffer.size() : 0; }
  size_t buffered_bytes() const { return m_buffer.size(); }
  bool is_cancelled() const { return m_cancelled; }
  bool is_awaited() const { return static_cast<bool>(m_reader); }

 private:
  HttpConnection* m_connection;
  Bytes m_buffer;
  ReadCallback m_reader;
  std::optional<Error> m_error;
  std::optional<uint64_t> m_remaining_bytes;
  bool m_complete = false;
  bool m_cancelled = false;
};

}  // namespace adit::net
