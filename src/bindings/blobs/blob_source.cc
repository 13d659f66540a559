#include "bindings/blobs/blob_source.h"

namespace adit::bindings::blobs {
namespace {

constexpr uint64_t chunk_bytes = 256 * 1024;
constexpr uint64_t bytes_before_yield = 1024 * 1024;

class BlobSource final : public net::ByteSource, public std::enable_shared_from_this<BlobSource> {
 public:
  BlobSource(net::Loop& loop, std::shared_ptr<BlobStore> store, std::vector<Segment> segments,
             std::shared_ptr<BlobPin> pin, BlobRange range, std::optional<SealingKey> key)
      : m_loop(loop),
        m_store(std::move(store)),
        m_segments(std::move(segments)),
        m_pin(std::move(pin)),
        m_offset(range.offset_bytes),
        m_left(range.length_bytes),
        m_key(key) {}

  void read(net::ReadCallback callback) override {
    VERIFY(!m_callback);
    if (m_error) return callback(*m_error);
    if (m_left == 0) {
      let_go();
      return callback(Bytes{});
    }
    if (auto found = find_segment(); found.is_error()) return callback(fail(std::move(found.error())));
    auto job = next_job();
    if (m_read_at_once < bytes_before_yield && read_cached(job)) {
      m_read_at_once += job.data.size();
      auto chunk = take(std::move(job));
      if (chunk.is_error()) return callback(fail(std::move(chunk.error())));
      return callback(std::move(chunk));
    }
    m_read_at_once = 0;
    m_callback = std::move(callback);
    read_blocking(std::move(job));
  }

  void cancel(Error reason) override {
    if (!m_error) m_error = std::move(reason);
    let_go();
    if (auto callback = std::exchange(m_callback, nullptr)) callback(Error(ErrorKind::aborted, m_error->message()));
  }

  std::optional<uint64_t> remaining_bytes() const override { return m_left; }

 private:
  // What to read of the current segment's file: for a sealed one whole chunks.
  struct Job {
    std::shared_ptr<const ledger::DiskFile> file;
    uint64_t position = 0;
    Bytes data;
  };

  // The segment that m_offset is in, its file open.
  Result<void> find_segment() {
    while (m_offset >= m_segments[m_index].size_bytes) {
      m_offset -= m_segments[m_index++].size_bytes;
      m_file = nullptr;
      VERIFY(m_index < m_segments.size());
    }
    if (!m_file) m_file = TRY(m_store->open(m_segments[m_index].id));
    return {};
  }

  uint64_t chunk_number() const { return m_offset / sealed_chunk_bytes; }

  Job next_job() const {
    auto size = m_segments[m_index].size_bytes;
    if (!m_key) return {m_file, m_offset, Bytes(std::min({chunk_bytes, m_left, size - m_offset}))};
    auto plain = std::min(sealed_chunk_bytes, size - chunk_number() * sealed_chunk_bytes);
    return {m_file, chunk_number() * (sealed_chunk_bytes + seal_bytes), Bytes(plain + seal_bytes)};
  }

  bool read_cached(Job& job) const {
    auto count = job.file->read_cached(job.position, job.data);
    if (!count || (m_key && *count < job.data.size())) return false;
    job.data.resize(*count);
    return true;
  }

  void read_blocking(Job job) {
    struct Work {
      Job job;
      Result<void> outcome;
    };
    auto work = std::make_shared<Work>(Work{std::move(job), {}});
    m_loop.run_blocking(
        [work] {
          auto count = work->job.file->read(work->job.position, work->job.data);
          if (count.is_error()) work->outcome = std::move(count.error());
          else if (count.value() < work->job.data.size()) work->outcome = Error::io("a blob of the store is cut short");
        },
        [self = shared_from_this(), work] {
          auto callback = std::exchange(self->m_callback, nullptr);
          if (!callback) return;
          if (work->outcome.is_error()) return callback(self->fail(std::move(work->outcome.error())));
          auto chunk = self->take(std::move(work->job));
          if (chunk.is_error()) return callback(self->fail(std::move(chunk.error())));
          callback(std::move(chunk));
        });
  }

  Result<Bytes> take(Job job) {
    if (m_key) job.data = TRY(unseal(std::move(job.data)));
    m_offset += job.data.size();
    m_left -= job.data.size();
    if (m_left == 0) let_go();
    return std::move(job.data);
  }

  Result<Bytes> unseal(Bytes sealed) const {
    auto& segment = m_segments[m_index];
    auto number = chunk_number();
    bool last = (number + 1) * sealed_chunk_bytes >= segment.size_bytes;
    auto plain = TRY(unseal_chunk(*m_key, segment.nonce, static_cast<uint32_t>(number), last, sealed));
    plain.erase(plain.begin(), plain.begin() + static_cast<ptrdiff_t>(m_offset - number * sealed_chunk_bytes));
    if (plain.size() > m_left) plain.resize(m_left);
    return plain;
  }

  Error fail(Error error) {
    let_go();
    m_error = std::move(error);
    return *m_error;
  }
  void let_go() {
    m_file = nullptr;
    m_pin = nullptr;
  }

  net::Loop& m_loop;
  std::shared_ptr<BlobStore> m_store;
  std::vector<Segment> m_segments;
  std::shared_ptr<BlobPin> m_pin;
  uint64_t m_offset;  // in the segment m_index, or beyond it
  uint64_t m_left;
  std::optional<SealingKey> m_key;
  size_t m_index = 0;
  uint64_t m_read_at_once = 0;
  std::shared_ptr<const ledger::DiskFile> m_file;
  net::ReadCallback m_callback;
  std::optional<Error> m_error;
};

}  // namespace

std::shared_ptr<net::ByteSource> read_segments(net::Loop& loop, std::shared_ptr<BlobStore> store,
                                               std::vector<Segment> segments, std::shared_ptr<BlobPin> pin,
                                               BlobRange range, std::optional<SealingKey> key) {
  return std::make_shared<BlobSource>(loop, std::move(store), std::move(segments), std::move(pin), range, key);
}

}  // namespace adit::bindings::blobs
