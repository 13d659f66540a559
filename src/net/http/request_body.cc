#include "net/http/request_body.h"

#include <algorithm>

#include "net/http/http_connection.h"

namespace adit::net {

void RequestBody::read(ReadCallback callback) {
  VERIFY(!m_reader);
  if (m_error) return callback(*m_error);
  if (!m_buffer.empty()) {
    auto chunk = std::exchange(m_buffer, {});
    if (m_remaining_bytes) *m_remaining_bytes -= chunk.size();
    if (m_connection) m_connection->on_body_taken();
    return callback(std::move(chunk));
  }
  if (m_complete) return callback(Bytes{});
  m_reader = std::move(callback);
  m_connection->on_body_awaited();
}

void RequestBody::cancel(Error reason) {
  if (m_cancelled || m_error) return;
  m_cancelled = true;
  m_buffer = {};
  m_error = Error(ErrorKind::aborted, reason.message());
  if (m_connection) m_connection->on_body_taken();
  if (auto reader = std::exchange(m_reader, nullptr)) reader(*m_error);
}

std::optional<uint64_t> RequestBody::remaining_bytes() const {
  if (m_complete) return m_buffer.size();
  return m_remaining_bytes;
}

void RequestBody::push(Bytes chunk, bool complete) {
  m_complete = complete;
  if (m_error) return;
  if (auto reader = chunk.empty() && !complete ? nullptr : std::exchange(m_reader, nullptr)) {
    if (m_remaining_bytes) *m_remaining_bytes -= chunk.size();
    return reader(std::move(chunk));
  }
  if (m_buffer.empty()) m_buffer = std::move(chunk);
  else m_buffer.insert(m_buffer.end(), chunk.begin(), chunk.end());
}

void RequestBody::detach(Error reason) {
  m_connection = nullptr;
  if (m_complete || m_error) return;
  m_buffer = {};
  m_error = std::move(reason);
  if (auto reader = std::exchange(m_reader, nullptr)) reader(*m_error);
}

}  // namespace adit::net
