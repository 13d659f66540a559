#include "net/byte_source.h"

#include <algorithm>

namespace adit::net {

void Pipe::write(Bytes chunk, Function<void(Result<void>)> ready) {
  if (m_error) return ready(*m_error);
  VERIFY(!m_closed && !m_writer);
  if (chunk.empty()) return ready({});
  if (m_remaining_bytes) *m_remaining_bytes -= std::min<uint64_t>(*m_remaining_bytes, chunk.size());
  if (m_reader) {
    auto reader = std::exchange(m_reader, nullptr);
    reader(std::move(chunk));
    return ready({});
  }
  if (m_buffer.empty()) m_buffer = std::move(chunk);
  else m_buffer.insert(m_buffer.end(), chunk.begin(), chunk.end());
  if (m_buffer.size() < m_high_water_bytes) return ready({});
  m_writer = std::move(ready);
}

void Pipe::close() {
  if (m_error || m_closed) return;
  m_closed = true;
  if (auto reader = std::exchange(m_reader, nullptr)) reader(Bytes{});
}

void Pipe::abort(Error reason) {
  if (m_error || m_closed) return;
  m_error = std::move(reason);
  m_buffer.clear();
  if (auto reader = std::exchange(m_reader, nullptr)) reader(*m_error);
  if (auto writer = std::exchange(m_writer, nullptr)) writer(*m_error);
}

void Pipe::read(ReadCallback callback) {
  VERIFY(!m_reader);
  if (!m_buffer.empty()) {
    auto chunk = std::exchange(m_buffer, {});
    auto writer = std::exchange(m_writer, nullptr);
    callback(std::move(chunk));
    if (writer) writer({});
    return;
  }
  if (m_error) return callback(*m_error);
  if (m_closed) return callback(Bytes{});
  m_reader = std::move(callback);
}

void Pipe::cancel(Error reason) {
  if (m_cancelled) return;
  m_cancelled = true;
  m_buffer.clear();
  if (!m_error) m_error = std::move(reason);
  if (auto reader = std::exchange(m_reader, nullptr)) reader(Error(ErrorKind::aborted, m_error->message()));
  if (auto writer = std::exchange(m_writer, nullptr)) writer(*m_error);
}

}  // namespace adit::net
