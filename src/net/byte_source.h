// ByteSource: a native pull stream of octets. Request bodies, outbound responses, JavaScript streams on their way out and values
// from a store all are one, so that a body flows from native source to native sink without entering the JavaScript heap.
// Owner: one shard's thread; shared_ptr because reader and producer let go at different times.
// Invariant: at most one read is outstanding; its callback is called exactly once, possibly before read() returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"

namespace adit::net {

// An empty chunk is the end. After the end or an error, every further read answers the same.
using ReadCallback = Function<void(Result<Bytes>)>;

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual void read(ReadCallback callback) = 0;
  // The reader wants no more; the producer frees what it holds. A read outstanding ends with ErrorKind::aborted.
  virtual void cancel(Error reason) = 0;
  // Octets still to come, where that is known (Content-Length).
  virtual std::optional<uint64_t> remaining_bytes() const { return std::nullopt; }
};

// A source over bytes in memory.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes data) : m_data(std::move(data)) {}
  void read(ReadCallback callback) override { callback(std::exchange(m_data, {})); }
  void cancel(Error) override { m_data.clear(); }
  std::optional<uint64_t> remaining_bytes() const override { return m_data.size(); }

 private:
  Bytes m_data;
};

// A bounded pipe on one shard: write on one end, ByteSource on the other.
class Pipe final : public ByteSource {
 public:
  explicit Pipe(std::optional<uint64_t> length_bytes = std::nullopt, size_t high_water_bytes = 64 * 1024)
      : m_remaining_bytes(length_bytes), m_high_water_bytes(high_water_bytes) {}

  // Takes the chunk. Calls ready(ok) once there is room for the next one, or ready(error) once the reader has cancelled.
  void write(Bytes chunk, Function<void(Result<void>)> ready);
  void close();
  void abort(Error reason);

  void read(ReadCallback callback) override;
  void cancel(Error reason) override;
  std::optional<uint64_t> remaining_bytes() const override { return m_remaining_bytes; }

 private:
  Bytes m_buffer;
  ReadCallback m_reader;
  Function<void(Result<void>)> m_writer;
  std::optional<Error> m_error;
  bool m_closed = false;
  bool m_cancelled = false;
  std::optional<uint64_t> m_remaining_bytes;
  size_t m_high_water_bytes;
};

}  // namespace adit::net
