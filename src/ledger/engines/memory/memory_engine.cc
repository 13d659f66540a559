#include "ledger/engines/memory/memory_engine.h"

#include <algorithm>

namespace adit::ledger::memory {

namespace {

bool changes_something(Operation operation) {
  return operation == Operation::append || operation == Operation::raise_epoch || operation == Operation::put_blob ||
         operation == Operation::delete_blob;
}

}  // namespace

// `arrived` runs when the request has arrived or never will: from then on this call changes nothing more.
template <typename T>
void MemoryEngine::call(Operation operation, uint64_t timeout_ms, Function<Result<T>(MemoryStorage&)> work,
                        Callback<T> callback, Function<void()> arrived) {
  struct Call {
    Function<Result<T>(MemoryStorage&)> work;
    Callback<T> callback;
    Function<void()> arrived;
  };
  auto fate = m_fates ? m_fates(operation) : Fate{};
  auto call = std::make_shared<Call>(Call{std::move(work), std::move(callback), std::move(arrived)});
  ++m_calls;
  auto alive = std::weak_ptr(m_alive);
  auto answer = [this, alive](Call& call, Result<T> result) {
    if (!alive.lock() || !call.callback) return;
    auto callback = std::exchange(call.callback, nullptr);
    --m_calls;
    callback(std::move(result));
    if (alive.lock() && m_calls == 0 && m_on_closed) std::exchange(m_on_closed, nullptr)({});
  };
  auto in = [this](uint64_t delay_ms, Task task) {
    if (delay_ms == 0) m_executor.post(std::move(task));
    else m_executor.after(delay_ms, std::move(task));
  };
  in(fate.request_delay_ms, [this, alive, storage = m_storage, call, fate, answer, in]() mutable {
    std::optional<Result<T>> result;
    // The message travels on by itself: it arrives even if its sender is gone.
    if (!fate.drops_request) result.emplace(fate.refusal ? Result<T>(*fate.refusal) : call->work(*storage));
    if (!alive.lock()) return;
    if (call->arrived) std::exchange(call->arrived, nullptr)();
    if (!result || fate.drops_reply) return;
    in(fate.reply_delay_ms,
       [call, answer, result = std::move(*result)]() mutable { answer(*call, std::move(result)); });
  });
  m_executor.after(timeout_ms, [call, answer, operation] {
    answer(*call, Error(changes_something(operation) ? ErrorKind::unknown_outcome : ErrorKind::io,
                        "the storage did not answer in time"));
  });
}

void MemoryEngine::read_head(const LedgerId& id, Head, uint64_t timeout_ms, Callback<Head> callback) {
  auto& outstanding = m_outstanding[id];
  outstanding.head_was_read = true;
  auto read = [this, id, timeout_ms, callback = std::move(callback)]() mutable {
    call<Head>(
        Operation::read_head, timeout_ms,
        [id](MemoryStorage& storage) -> Result<Head> {
          auto& log = storage.logs[id.text()];
          // A destroyed ledger of which nothing is left starts over: no file says at which position it was destroyed.
          if (log.is_destroyed && log.entries.empty()) log = {.head = {log.head.epoch, 0}};
          return log.head;
        },
        std::move(callback));
  };
  if (outstanding.travelling == 0) read();
  else outstanding.head_reads.emplace_back(std::move(read));
}

void MemoryEngine::append(const LedgerId& id, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) {
  auto& outstanding = m_outstanding[id];
  if (!outstanding.head_was_read || outstanding.in_flight) {
    auto error = Error(
        ErrorKind::invalid_state,
        "append to " + id.text() + (outstanding.in_flight ? " while one is outstanding" : " before its head was read"));
    m_executor.post(
        [callback = std::move(callback), error = std::move(error)]() mutable { callback(std::move(error)); });
    return;
  }
  outstanding.in_flight = true;
  ++outstanding.travelling;
  ++m_statistics.appends;
  ++m_statistics.batches;
  auto done = [this, id, callback = std::move(callback)](Result<void> result) mutable {
    m_outstanding[id].in_flight = false;
    callback(std::move(result));
  };
  auto arrived = [this, id] {
    auto& outstanding = m_outstanding[id];
    if (--outstanding.travelling > 0) return;
    for (auto& read : std::exchange(outstanding.head_reads, {})) read();
  };
  call<void>(
      Operation::append, timeout_ms,
      [this, alive = std::weak_ptr(m_alive), id, entry = std::move(entry)](MemoryStorage& storage) mutable {
        uint64_t bytes = (entry.pages.size() + entry.previous.size()) * entry.page_size_bytes;
        auto appended = append_to(storage, id, std::move(entry));
        if (appended.is_ok() && alive.lock()) m_statistics.log_bytes_written += bytes;
        return appended;
      },
      std::move(done), std::move(arrived));
}

Result<void> MemoryEngine::append_to(MemoryStorage& storage, const LedgerId& id, LogEntry entry) {
  auto& log = storage.logs[id.text()];
  if (entry.epoch != log.head.epoch)
    return Error(ErrorKind::conflict, "append to " + id.text() + " by a former owner: its epoch is not the ledger's");
  if (entry.expected != log.head.position || entry.position < entry.expected)
    return Error(ErrorKind::conflict, "append to " + id.text() + " at a position that is not its log's end");
  log.head.position = entry.position;
  log.is_destroyed = entry.kind == EntryKind::destroy;
  log.entries.push_back(std::move(entry));
  return {};
}

void MemoryEngine::read_log(const LedgerId& id, Position after, uint64_t timeout_ms,
                            Callback<std::vector<LogEntry>> callback) {
  call<std::vector<LogEntry>>(
      Operation::read_log, timeout_ms,
      [id, after](MemoryStorage& storage) -> Result<std::vector<LogEntry>> {
        std::vector<LogEntry> entries;
        for (auto& entry : storage.logs[id.text()].entries)
          if (entry.position > after) entries.push_back(entry);
        return entries;
      },
      std::move(callback));
}

void MemoryEngine::compact(const LedgerId& id, Position position) {
  auto& log = m_storage->logs[id.text()];
  log.compacted = std::max(log.compacted, position);
  if (!m_storage->keeps_compacted)
    std::erase_if(log.entries, [&](const LogEntry& entry) { return entry.position <= log.compacted; });
}

uint64_t MemoryEngine::log_bytes(const MemoryStorage::Log& log) {
  uint64_t bytes = 0;
  for (auto& entry : log.entries)
    if (entry.position > log.compacted) bytes += (entry.pages.size() + entry.previous.size()) * entry.page_size_bytes;
  return bytes;
}

std::vector<Engine::Lagging> MemoryEngine::lagging(size_t count) {
  uint64_t bytes = 0;
  std::vector<Lagging> found;
  for (auto& [name, log] : m_storage->logs) {
    bytes += log_bytes(log);
    auto id = LedgerId::parse(name);
    // Only what this owner has open: the rest is other owners' to compact.
    if (id.is_error() || !m_outstanding.contains(id.value()) || log.compacted >= log.head.position) continue;
    if (found.size() < count && log_bytes(log) > 0) found.push_back({std::move(id).value(), log.head.position});
  }
  if (bytes <= m_max_log_bytes) found.clear();
  return found;
}

void MemoryEngine::raise_epoch(const LedgerId& id, uint64_t timeout_ms, Callback<Head> callback) {
  call<Head>(
      Operation::raise_epoch, timeout_ms,
      [id](MemoryStorage& storage) -> Result<Head> {
        auto& head = storage.logs[id.text()].head;
        ++head.epoch;
        return head;
      },
      std::move(callback));
}

void MemoryEngine::put_blob(std::string key, Bytes data, uint64_t timeout_ms, Callback<void> callback) {
  call<void>(
      Operation::put_blob, timeout_ms,
      [key = std::move(key), data = std::move(data)](MemoryStorage& storage) -> Result<void> {
        storage.blobs[key] = data;
        return {};
      },
      std::move(callback));
}

void MemoryEngine::get_blob(std::string key, BlobRange range, uint64_t timeout_ms, Callback<Bytes> callback) {
  call<Bytes>(
      Operation::get_blob, timeout_ms,
      [key = std::move(key), range](MemoryStorage& storage) -> Result<Bytes> {
        auto found = storage.blobs.find(key);
        if (found == storage.blobs.end()) return Error(ErrorKind::not_found, "there is no blob " + key);
        auto& data = found->second;
        if (range.offset_bytes >= data.size()) return Bytes();
        auto begin = data.begin() + static_cast<ptrdiff_t>(range.offset_bytes);
        auto length = std::min<uint64_t>(range.length_bytes, data.size() - range.offset_bytes);
        return Bytes(begin, begin + static_cast<ptrdiff_t>(length));
      },
      std::move(callback));
}

void MemoryEngine::delete_blob(std::string key, uint64_t timeout_ms, Callback<void> callback) {
  call<void>(
      Operation::delete_blob, timeout_ms,
      [key = std::move(key)](MemoryStorage& storage) -> Result<void> {
        storage.blobs.erase(key);
        return {};
      },
      std::move(callback));
}

void MemoryEngine::list_blobs(std::string prefix, std::string after, size_t limit, uint64_t timeout_ms,
                              Callback<std::vector<BlobInfo>> callback) {
  call<std::vector<BlobInfo>>(
      Operation::list_blobs, timeout_ms,
      [prefix = std::move(prefix), after = std::move(after), limit](MemoryStorage& storage) {
        std::vector<BlobInfo> found;
        for (auto& [key, data] : storage.blobs)
          if (key.starts_with(prefix) && key > after && found.size() < limit) found.push_back({key, data.size()});
        return Result<std::vector<BlobInfo>>(std::move(found));
      },
      std::move(callback));
}

void MemoryEngine::close(Callback<void> callback) {
  if (m_calls > 0) {
    m_on_closed = std::move(callback);
    return;
  }
  m_executor.post([callback = std::move(callback)]() mutable { callback({}); });
}

}  // namespace adit::ledger::memory
