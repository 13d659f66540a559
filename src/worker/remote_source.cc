#include "worker/remote_source.h"

#include <deque>

#include "worker/shard.h"

namespace adit::worker {
namespace {

constexpr int64_t window_bytes = 256 * 1024;
constexpr int64_t grant_bytes = 64 * 1024;  // credit is given back in pieces of this size

class Producer final : public RemoteEnd, public std::enable_shared_from_this<Producer> {
 public:
  Producer(Shard& shard, std::shared_ptr<net::ByteSource> source) : m_shard(shard), m_source(std::move(source)) {}
  void set_number(uint64_t number) { m_number = number; }

  void grant(size_t reader_shard, uint64_t reader, int64_t bytes) {
    m_reader_shard = reader_shard;
    m_reader = reader;
    m_credit += bytes;
    pump();
  }
  void cancel(Error reason) {
    m_finished = true;
    m_source->cancel(std::move(reason));
    m_shard.remote_ends().remove(m_number);
  }

 private:
  // A loop, so that a source that answers at once does not deepen the stack.
  void pump() {
    if (m_pumping) return;
    m_pumping = true;
    while (m_credit > 0 && !m_reading && !m_finished) {
      m_reading = true;
      m_source->read([self = shared_from_this()](Result<Bytes> chunk) { self->arrived(std::move(chunk)); });
    }
    m_pumping = false;
  }
  void arrived(Result<Bytes> chunk);

  Shard& m_shard;
  std::shared_ptr<net::ByteSource> m_source;
  uint64_t m_number = 0;
  size_t m_reader_shard = 0;
  uint64_t m_reader = 0;
  int64_t m_credit = 0;
  bool m_reading = false;
  bool m_pumping = false;
  bool m_finished = false;
};

class Reader final : public net::ByteSource, public std::enable_shared_from_this<Reader> {
 public:
  Reader(Shard& shard, const RemoteSourceAddress& address)
      : m_shard(shard), m_address(address), m_remaining_bytes(address.length_bytes) {}
  ~Reader() override {
    if (m_number) m_shard.remote_ends().remove(m_number);
    if (!m_ended) tell_cancelled(Error(ErrorKind::aborted, "The body is not read any more."));
  }

  void read(net::ReadCallback callback) override {
    VERIFY(!m_waiting);
    if (!m_chunks.empty()) {
      auto chunk = std::move(m_chunks.front());
      m_chunks.pop_front();
      give_back(chunk.size());
      return callback(std::move(chunk));
    }
    if (m_error) return callback(*m_error);
    if (m_ended) return callback(Bytes{});
    m_waiting = std::move(callback);
    if (!m_number) start();
  }

  void cancel(Error reason) override {
    m_chunks.clear();
    if (!m_ended) tell_cancelled(reason);
    m_ended = true;
    if (!m_error) m_error = reason;
    if (auto waiting = std::exchange(m_waiting, nullptr)) waiting(Error(ErrorKind::aborted, reason.message()));
  }

  std::optional<uint64_t> remaining_bytes() const override { return m_remaining_bytes; }

  void arrived(Result<Bytes> chunk) {
    if (m_ended) return;
    if (chunk.is_error()) m_error = chunk.error();
    m_ended = chunk.is_error() || chunk.value().empty();
    if (auto waiting = std::exchange(m_waiting, nullptr)) {
      if (chunk.is_ok()) give_back(chunk.value().size());
      return waiting(std::move(chunk));
    }
    if (!m_ended) m_chunks.push_back(std::move(chunk).value());
  }

 private:
  // What the registry holds, so that only the readers of the body keep it alive.
  struct End final : RemoteEnd {
    explicit End(std::weak_ptr<Reader> source) : reader(std::move(source)) {}
    std::weak_ptr<Reader> reader;
  };
  friend class Producer;

  void start() {
    m_number = m_shard.remote_ends().add(std::make_shared<End>(weak_from_this()));
    grant(window_bytes);
  }
  void grant(int64_t bytes) {
    m_shard.post_to(m_address.shard,
                    [end = m_address.end, shard = m_shard.index(), number = m_number, bytes](Shard& home) {
                      if (auto producer = home.remote_ends().find<Producer>(end)) producer->grant(shard, number, bytes);
                    });
  }
  void give_back(size_t size) {
    if (m_remaining_bytes) *m_remaining_bytes -= std::min<uint64_t>(*m_remaining_bytes, size);
    m_consumed += static_cast<int64_t>(size);
    if (m_ended || m_consumed < grant_bytes) return;
    grant(std::exchange(m_consumed, 0));
  }
  void tell_cancelled(const Error& reason) {
    m_shard.post_to(m_address.shard, [end = m_address.end, reason](Shard& home) {
      if (auto producer = home.remote_ends().find<Producer>(end)) producer->cancel(reason);
    });
  }

  Shard& m_shard;
  RemoteSourceAddress m_address;
  std::optional<uint64_t> m_remaining_bytes;
  std::deque<Bytes> m_chunks;
  net::ReadCallback m_waiting;
  std::optional<Error> m_error;
  uint64_t m_number = 0;
  int64_t m_consumed = 0;
  bool m_ended = false;
};

void Producer::arrived(Result<Bytes> chunk) {
  m_reading = false;
  if (m_finished) return;
  m_finished = chunk.is_error() || chunk.value().empty();
  if (m_finished) m_shard.remote_ends().remove(m_number);
  else m_credit -= static_cast<int64_t>(chunk.value().size());
  m_shard.post_to(m_reader_shard, [number = m_reader, chunk = std::move(chunk)](Shard& shard) mutable {
    auto end = shard.remote_ends().find<Reader::End>(number);
    if (auto reader = end ? end->reader.lock() : nullptr) reader->arrived(std::move(chunk));
  });
  pump();
}

}  // namespace

RemoteSourceAddress export_source(Shard& home, std::shared_ptr<net::ByteSource> source) {
  RemoteSourceAddress address{home.index(), 0, source->remaining_bytes()};
  auto producer = std::make_shared<Producer>(home, std::move(source));
  address.end = home.remote_ends().add(producer);
  producer->set_number(address.end);
  return address;
}

std::shared_ptr<net::ByteSource> import_source(Shard& here, const RemoteSourceAddress& address) {
  return std::make_shared<Reader>(here, address);
}

RemoteBody export_body(Shard& home, BodyValue body) {
  if (auto* bytes = std::get_if<Bytes>(&body)) return std::move(*bytes);
  auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body);
  if (!source) return std::monostate{};
  return export_source(home, std::move(*source));
}

BodyValue import_body(Shard& here, RemoteBody body) {
  if (auto* bytes = std::get_if<Bytes>(&body)) return std::move(*bytes);
  auto* address = std::get_if<RemoteSourceAddress>(&body);
  if (!address) return std::monostate{};
  return import_source(here, *address);
}

}  // namespace adit::worker
