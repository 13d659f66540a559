#include "bindings/cache/service.h"

#include "bindings/state.h"

namespace adit::bindings::cache {

Result<std::shared_ptr<Store>> ProcessCache::store(bool make) {
  std::lock_guard lock(m_mutex);
  if (!m_store) {
    if (!make && !m_state.has_state()) return std::shared_ptr<Store>();
    auto* directory = TRY(m_state.directory());
    m_store = Store::create(m_disk, directory->path() + "/cache", {});
  }
  return m_store;
}

void Service::find(std::string key, Function<void(Result<std::optional<Entry>>)> done) {
  struct Work {
    std::string key;
    Result<std::optional<Entry>> result = std::optional<Entry>();
  };
  auto work = std::make_shared<Work>(Work{std::move(key)});
  m_loop.run_blocking(
      [work, &cache = m_cache, now_ms = m_clock.unix_ms()] {
        auto look = [&]() -> Result<std::optional<Entry>> {
          auto store = TRY(cache.store(false));
          if (!store) return std::optional<Entry>();
          return store->find(work->key, now_ms);
        };
        work->result = look();
      },
      [work, done = std::move(done)]() mutable { done(std::move(work->result)); });
}

void Service::remove(std::string key, Function<void(Result<bool>)> done) {
  auto result = std::make_shared<Result<bool>>(false);
  m_loop.run_blocking(
      [result, key = std::move(key), &cache = m_cache, now_ms = m_clock.unix_ms()] {
        auto remove = [&]() -> Result<bool> {
          auto store = TRY(cache.store(false));
          return store ? store->remove(key, now_ms) : Result<bool>(false);
        };
        *result = remove();
      },
      [result, done = std::move(done)]() mutable { done(std::move(*result)); });
}

namespace {

// One put: reads a chunk, writes it on the pool, reads the next.
class Put : public std::enable_shared_from_this<Put> {
 public:
  Put(net::Loop& loop, ProcessCache& cache, PutRequest request, Function<void(Result<void>)> done)
      : m_loop(loop), m_cache(cache), m_request(std::move(request)), m_done(std::move(done)) {}

  void next() {
    if (!m_request.body) return step(Bytes{});
    m_request.body->read([self = shared_from_this()](Result<Bytes> chunk) {
      if (chunk.is_error()) self->end(std::move(chunk.error()));
      else self->step(std::move(chunk).value());
    });
  }

 private:
  // On the pool. An empty chunk is the end.
  Result<void> write(const Bytes& chunk) {
    if (!m_writer) {
      auto store = TRY(m_cache.store(true));
      m_writer = TRY(store->write(m_request.key, m_request.head, m_request.lifetime));
    }
    return chunk.empty() ? m_writer->finish() : m_writer->append(chunk);
  }

  void step(Bytes data) {
    auto chunk = std::make_shared<const Bytes>(std::move(data));
    auto result = std::make_shared<Result<void>>();
    auto self = shared_from_this();
    m_loop.run_blocking([self, chunk, result] { *result = self->write(*chunk); },
                        [self, chunk, result] {
                          if (result->is_error() || chunk->empty()) self->end(std::move(*result));
                          else self->next();
                        });
  }

  void end(Result<void> result) {
    if (result.is_error() && m_request.body) m_request.body->cancel(result.error());
    // What was written of a response that did not end well is deleted, which blocks.
    std::shared_ptr<Writer> writer = std::move(m_writer);
    if (writer) m_loop.run_blocking([writer]() mutable { writer = nullptr; }, [] {});
    m_done(std::move(result));
  }

  net::Loop& m_loop;
  ProcessCache& m_cache;
  PutRequest m_request;
  Function<void(Result<void>)> m_done;
  std::unique_ptr<Writer> m_writer;
};

class FileSource final : public net::ByteSource, public std::enable_shared_from_this<FileSource> {
 public:
  FileSource(net::Loop& loop, std::shared_ptr<const ledger::DiskFile> file, uint64_t offset, uint64_t length_bytes)
      : m_loop(loop), m_file(std::move(file)), m_offset(offset), m_left(length_bytes) {}

  void read(net::ReadCallback callback) override {
    if (m_error) return callback(*m_error);
    if (m_left == 0) return callback(Bytes{});
    auto chunk = std::make_shared<Bytes>(std::min(m_left, chunk_bytes));
    // What the kernel has in memory costs no trip to the pool.
    if (auto cached = m_file->read_cached(m_offset, *chunk); cached && *cached > 0) {
      chunk->resize(*cached);
      return callback(take(std::move(*chunk)));
    }
    m_callback = std::move(callback);
    auto count = std::make_shared<Result<size_t>>(size_t{0});
    m_loop.run_blocking([file = m_file, offset = m_offset, chunk, count] { *count = file->read(offset, *chunk); },
                        [self = shared_from_this(), chunk, count] { self->arrived(std::move(*chunk), *count); });
  }

  void cancel(Error reason) override {
    if (!m_error) m_error = std::move(reason);
    if (auto callback = std::exchange(m_callback, nullptr)) callback(Error(ErrorKind::aborted, m_error->message()));
  }

  std::optional<uint64_t> remaining_bytes() const override { return m_left; }

 private:
  static constexpr uint64_t chunk_bytes = 64 * 1024;

  Bytes take(Bytes chunk) {
    m_offset += chunk.size();
    m_left -= chunk.size();
    return chunk;
  }

  void arrived(Bytes chunk, const Result<size_t>& count) {
    auto callback = std::exchange(m_callback, nullptr);
    if (!callback) return;  // cancelled meanwhile
    if (count.is_error()) m_error = count.error();
    else if (count.value() == 0) m_error = Error(ErrorKind::io, "a cached response is shorter than it was");
    if (m_error) return callback(*m_error);
    chunk.resize(count.value());
    callback(take(std::move(chunk)));
  }

  net::Loop& m_loop;
  std::shared_ptr<const ledger::DiskFile> m_file;
  uint64_t m_offset;
  uint64_t m_left;
  net::ReadCallback m_callback;
  std::optional<Error> m_error;
};

}  // namespace

void Service::put(PutRequest request, Function<void(Result<void>)> done) {
  std::make_shared<Put>(m_loop, m_cache, std::move(request), std::move(done))->next();
}

std::shared_ptr<net::ByteSource> read_body(net::Loop& loop, std::shared_ptr<const ledger::DiskFile> file,
                                           uint64_t offset, uint64_t length_bytes) {
  return std::make_shared<FileSource>(loop, std::move(file), offset, length_bytes);
}

}  // namespace adit::bindings::cache
