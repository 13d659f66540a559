#include "bindings/blobs/upload.h"

#include "web/digest.h"

namespace adit::bindings::blobs {
namespace {

constexpr size_t chunk_bytes = 256 * 1024;
static_assert(chunk_bytes % sealed_chunk_bytes == 0);

// What the blocking pool works on: hashes and the file. One job at a time.
class Intake {
 public:
  Intake(std::shared_ptr<BlobStore> store, UploadOptions options, const SealingNonce& nonce)
      : m_store(std::move(store)), m_options(std::move(options)), m_nonce(nonce) {}

  Result<void> start() {
    for (auto& name : m_options.digests) m_digests.push_back(TRY(web::Digest::create(name)));
    return {};
  }

  // Of all but the last, the size is a multiple of the sealed chunk's.
  Result<void> write(BytesView data) {
    if (!m_writer) m_writer = TRY(m_store->begin());
    TRY(hash(data));
    if (!m_options.key) return m_writer->write(data);
    return m_writer->write(TRY(seal(data, false)));
  }

  Result<UploadedValue> finish(BytesView rest) {
    TRY(hash(rest));
    UploadedValue value;
    value.size_bytes = m_size_bytes;
    for (auto& digest : m_digests) value.digests.push_back(TRY(digest->finish()));
    value.nonce = m_nonce;
    auto sealed = m_options.key ? TRY(seal(rest, true)) : Bytes();
    auto stored = m_options.key ? BytesView(sealed) : rest;
    if (!m_writer && rest.size() <= m_options.small_bytes) {
      value.content = std::string(text_of(stored));
      return value;
    }
    if (!m_writer) m_writer = TRY(m_store->begin());
    TRY(m_writer->write(stored));
    TRY(m_writer->finish());
    value.content = Segment{m_writer->id(), m_size_bytes, m_nonce};
    m_writer = nullptr;
    return value;
  }
  // Deletes what was written.
  void abort() { m_writer = nullptr; }
  bool has_file() const { return m_writer != nullptr; }

 private:
  Result<void> hash(BytesView data) {
    for (auto& digest : m_digests) digest->update(data);
    m_size_bytes += data.size();
    return {};
  }
  Result<Bytes> seal(BytesView data, bool is_end) {
    Bytes out;
    while (!data.empty()) {
      auto part = data.first(std::min<size_t>(sealed_chunk_bytes, data.size()));
      data = data.subspan(part.size());
      auto sealed = TRY(seal_chunk(*m_options.key, m_nonce, m_chunks++, is_end && data.empty(), part));
      out.insert(out.end(), sealed.begin(), sealed.end());
    }
    return out;
  }

  std::shared_ptr<BlobStore> m_store;
  UploadOptions m_options;
  SealingNonce m_nonce;
  std::vector<std::unique_ptr<web::Digest>> m_digests;
  std::unique_ptr<BlobWriter> m_writer;
  uint64_t m_size_bytes = 0;
  uint32_t m_chunks = 0;
};

class Upload final : public std::enable_shared_from_this<Upload> {
 public:
  Upload(net::Loop& loop, std::shared_ptr<Intake> intake, size_t small_bytes, uint64_t max_bytes,
         Function<void(Result<UploadedValue>)> done)
      : m_loop(loop),
        m_intake(std::move(intake)),
        m_small_bytes(small_bytes),
        m_max_bytes(max_bytes),
        m_done(std::move(done)) {}

  void take_all(Bytes bytes) {
    m_buffer = std::move(bytes);
    m_total_bytes = m_buffer.size();
    m_is_complete = true;
    go_on();
  }
  void pull(std::shared_ptr<net::ByteSource> source) {
    m_source = std::move(source);
    go_on();
  }

 private:
  // A source may answer inside read(): the loop then goes on here, not deeper on the stack.
  void go_on() {
    if (m_is_running) return;
    m_is_running = true;
    while (m_done) {
      if (!m_is_working && !m_is_reading && m_is_complete) {
        finish();
        break;
      }
      if (!m_is_working && m_buffer.size() > chunk_bytes) write();
      if (m_is_complete || m_is_reading || m_buffer.size() > chunk_bytes) break;
      m_is_reading = true;
      m_source->read([self = shared_from_this()](Result<Bytes> chunk) {
        self->m_is_reading = false;
        self->take(std::move(chunk));
        self->go_on();
      });
    }
    m_is_running = false;
  }

  void take(Result<Bytes> chunk) {
    if (!m_done) return;
    if (chunk.is_error()) return fail(std::move(chunk.error()));
    auto& bytes = chunk.value();
    if (bytes.empty()) {
      m_is_complete = true;
      return;
    }
    m_total_bytes += bytes.size();
    if (m_total_bytes > m_max_bytes) {
      m_source->cancel(Error(ErrorKind::limit, value_is_too_long));
      return fail(Error(ErrorKind::limit, value_is_too_long));
    }
    if (m_buffer.empty()) m_buffer = std::move(bytes);
    else m_buffer.insert(m_buffer.end(), bytes.begin(), bytes.end());
  }

  // Whole sealed chunks, and never the end: what is last is sealed as such.
  void write() {
    auto whole = (m_buffer.size() - 1) / sealed_chunk_bytes * sealed_chunk_bytes;
    Bytes rest(m_buffer.begin() + static_cast<ptrdiff_t>(whole), m_buffer.end());
    m_buffer.resize(whole);
    struct Job {
      Bytes data;
      Result<void> outcome;
    };
    auto job = std::make_shared<Job>(Job{std::exchange(m_buffer, std::move(rest)), {}});
    m_is_working = true;
    m_loop.run_blocking([intake = m_intake, job] { job->outcome = intake->write(job->data); },
                        [self = shared_from_this(), job] {
                          self->m_is_working = false;
                          if (!self->m_done) return self->abort();
                          if (job->outcome.is_error()) {
                            if (self->m_source) self->m_source->cancel(job->outcome.error());
                            return self->fail(std::move(job->outcome.error()));
                          }
                          self->go_on();
                        });
  }

  void finish() {
    if (!m_intake->has_file() && m_buffer.size() <= m_small_bytes)
      return std::exchange(m_done, nullptr)(m_intake->finish(m_buffer));
    struct Job {
      Bytes data;
      std::optional<Result<UploadedValue>> outcome;
    };
    auto job = std::make_shared<Job>(Job{std::move(m_buffer), {}});
    m_is_working = true;
    m_loop.run_blocking(
        [intake = m_intake, job] {
          job->outcome.emplace(intake->finish(job->data));
          intake->abort();
        },
        [self = shared_from_this(), job] { std::exchange(self->m_done, nullptr)(std::move(*job->outcome)); });
  }

  void fail(Error error) {
    auto done = std::exchange(m_done, nullptr);
    if (!m_is_working) abort();
    if (done) done(std::move(error));
  }
  void abort() {
    m_loop.run_blocking([intake = m_intake] { intake->abort(); }, [self = shared_from_this()] {});
  }

  net::Loop& m_loop;
  std::shared_ptr<Intake> m_intake;
  size_t m_small_bytes;
  uint64_t m_max_bytes;
  Function<void(Result<UploadedValue>)> m_done;
  std::shared_ptr<net::ByteSource> m_source;
  Bytes m_buffer;
  uint64_t m_total_bytes = 0;
  bool m_is_complete = false;
  bool m_is_reading = false;
  bool m_is_working = false;
  bool m_is_running = false;
};

}  // namespace

void upload(net::Loop& loop, std::shared_ptr<BlobStore> store, Random& random, UploadBody body, UploadOptions options,
            Function<void(Result<UploadedValue>)> done) {
  auto* bytes = std::get_if<Bytes>(&body);
  if (bytes && bytes->size() > options.max_bytes) return done(Error(ErrorKind::limit, value_is_too_long));
  SealingNonce nonce{};
  if (options.key) random.fill(nonce);
  auto small_bytes = options.small_bytes;
  auto max_bytes = options.max_bytes;
  auto intake = std::make_shared<Intake>(std::move(store), std::move(options), nonce);
  if (auto started = intake->start(); started.is_error()) return done(std::move(started.error()));
  auto upload = std::make_shared<Upload>(loop, std::move(intake), small_bytes, max_bytes, std::move(done));
  if (bytes) return upload->take_all(std::move(*bytes));
  upload->pull(std::move(std::get<std::shared_ptr<net::ByteSource>>(body)));
}

}  // namespace adit::bindings::blobs
