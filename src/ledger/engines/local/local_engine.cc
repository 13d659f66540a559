#include "ledger/engines/local/local_engine.h"

#include <algorithm>

namespace adit::ledger::local {

// A call on a background thread whose callback is used once: by its end or by its deadline.
template <typename T>
struct LocalEngine::Call {
  Function<Result<T>()> work;
  Callback<T> callback;
  std::optional<Result<T>> result;
};

LocalEngine::LocalEngine(Disk& disk, std::string log, std::string blobs, size_t shard, Executor& executor,
                         std::unique_ptr<Background> log_thread, Background& files, const Clock& clock,
                         const LocalEngineOptions& options)
    : m_disk(disk),
      m_log(log),
      m_executor(executor),
      m_files(files),
      m_clock(clock),
      m_options(options),
      m_writer(std::make_shared<LogWriter>(disk, std::move(log), options.segment_bytes, options.salt)),
      m_blobs(std::make_shared<Blobs>(disk, std::move(blobs), shard)),
      m_alive(std::make_shared<LocalEngine*>(this)),
      m_log_thread(std::move(log_thread)) {}

LocalEngine::~LocalEngine() = default;

void LocalEngine::read_head(const LedgerId& id, Head local, uint64_t timeout_ms, Callback<Head> callback) {
  auto [it, is_new] = m_ledgers.try_emplace(id);
  if (is_new) {
    it->second.head = local;
    it->second.compacted = local.position;
  }
  it->second.is_open = true;
  if (it->second.queued == 0) return callback(head_of(*it));
  m_head_reads.push_back(
      {&*it, m_clock.monotonic_ns() + static_cast<int64_t>(timeout_ms) * 1'000'000, std::move(callback)});
}

void LocalEngine::answer_head_reads() {
  if (m_head_reads.empty()) return;
  auto reads = std::exchange(m_head_reads, {});
  auto alive = std::weak_ptr(m_alive);
  for (auto& read : reads) {
    if (!alive.lock()) return;
    if (read.ledger->second.queued > 0) m_head_reads.push_back(std::move(read));
    else read.callback(head_of(*read.ledger));
  }
}

Result<Head> LocalEngine::head_of(const States::value_type& ledger) {
  if (ledger.second.is_unknown)
    return Error::io("the log failed during a write to " + ledger.first.text() +
                     "; whether it happened is known after a restart of adit");
  return ledger.second.head;
}

void LocalEngine::append(const LedgerId& id, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) {
  auto fail = [&](Error error) {
    m_executor.post(
        [callback = std::move(callback), error = std::move(error)]() mutable { callback(std::move(error)); });
  };
  auto it = m_ledgers.find(id);
  if (it == m_ledgers.end())
    return fail({ErrorKind::invalid_state, "append to " + id.text() + " before its head was read"});
  auto& state = it->second;
  if (state.in_flight) return fail({ErrorKind::invalid_state, "append to " + id.text() + " while one is outstanding"});
  if (entry.epoch != state.head.epoch)
    return fail({ErrorKind::conflict, "append to " + id.text() + " by a former owner: its epoch is not the ledger's"});
  if (entry.expected != state.head.position || entry.position < entry.expected)
    return fail({ErrorKind::conflict, "append to " + id.text() + " at a position that is not its log's end"});
  state.in_flight = true;
  enqueue(*it, std::move(entry), timeout_ms, std::move(callback));
}

void LocalEngine::enqueue(States::value_type& ledger, LogEntry entry, uint64_t timeout_ms, Callback<void> callback) {
  auto deadline_ns = m_clock.monotonic_ns() + static_cast<int64_t>(timeout_ms) * 1'000'000;
  ++ledger.second.queued;
  m_queue.push_back({&ledger, std::move(entry), deadline_ns, std::move(callback)});
  schedule_submit();
  watch_deadlines();
}

void LocalEngine::schedule_submit() {
  if (m_batch || m_submit_scheduled) return;
  m_submit_scheduled = true;
  m_executor.defer([this, alive = std::weak_ptr(m_alive)] {
    if (!alive.lock()) return;
    m_submit_scheduled = false;
    submit();
  });
}

void LocalEngine::submit() {
  if (m_batch || m_queue.empty()) return;
  auto batch = std::make_shared<Batch>();
  size_t bytes = 0;
  if (is_too_long()) {
    // trim(), the next lagging() or a deadline goes on with the rest.
    std::deque<Pending> rest;
    for (auto& next : m_queue) {
      auto& urged = next.ledger->second.urged;
      if (urged > 0 && take(*batch, next, bytes)) --urged;
      else rest.push_back(std::move(next));
    }
    m_queue = std::move(rest);
    if (batch->items.empty()) return;
  } else {
    while (!m_queue.empty() && take(*batch, m_queue.front(), bytes)) m_queue.pop_front();
  }
  m_batch = batch;
  m_log_thread->run([batch, writer = m_writer] { batch->result = writer->write(batch->items); },
                    [this, batch, alive = std::weak_ptr(m_alive)] {
                      if (alive.lock()) batch_done(*batch);
                    });
}

bool LocalEngine::take(Batch& batch, Pending& next, size_t& bytes) {
  bytes += record_size(next.ledger->first, next.entry);
  if (bytes > m_options.max_batch_bytes && !batch.items.empty()) return false;
  batch.items.push_back({next.ledger->first, std::move(next.entry)});
  batch.pending.push_back(std::move(next));
  return true;
}

void LocalEngine::batch_done(Batch& batch) {
  auto& result = batch.result;
  m_batch = nullptr;
  ++m_statistics.batches;
  m_statistics.appends += batch.items.size();
  if (result.sequence > 0 && (m_segments.empty() || m_segments.back().sequence != result.sequence))
    m_segments.push_back({result.sequence, 0, {}});
  if (!m_segments.empty()) m_segments.back().bytes += result.bytes_written;
  m_statistics.log_bytes_written += result.bytes_written;
  m_statistics.log_bytes_kept += result.bytes_written;
  bool durable = result.outcome.is_ok();
  for (size_t i = 0; i < batch.items.size(); ++i) {
    auto& [id, entry] = batch.items[i];
    auto& ledger = *batch.pending[i].ledger;
    --ledger.second.queued;
    if (entry.kind != EntryKind::epoch) ledger.second.in_flight = false;
    if (!durable && result.outcome.error().kind() == ErrorKind::unknown_outcome) ledger.second.is_unknown = true;
    if (!durable) continue;
    ledger.second.head.position = std::max(ledger.second.head.position, entry.position);
    note_written(ledger, entry.position, m_segments.back());
  }
  // The next batch is under way before callbacks run: they may take long.
  submit();
  auto alive = std::weak_ptr(m_alive);
  for (auto& pending : batch.pending) {
    if (!pending.callback) continue;
    auto callback = std::move(pending.callback);
    callback(durable ? Result<void>() : Result<void>(result.outcome.error()));
    if (!alive.lock()) return;
  }
  answer_head_reads();
  if (!alive.lock()) return;
  if (m_on_closed && !m_batch && m_queue.empty()) finish_close();
}

void LocalEngine::note_written(States::value_type& ledger, Position position, SegmentState& segment) {
  auto& state = ledger.second;
  if (state.last_segment == segment.sequence) {
    segment.ledgers[state.slot].second = position;
    return;
  }
  state.last_segment = segment.sequence;
  state.slot = segment.ledgers.size();
  ++state.segments;
  segment.ledgers.emplace_back(&ledger, position);
}

void LocalEngine::read_log(const LedgerId& id, Position after, uint64_t timeout_ms,
                           Callback<std::vector<LogEntry>> callback) {
  in_background<std::vector<LogEntry>>(
      *m_log_thread, timeout_ms, [writer = m_writer, id, after] { return writer->read(id, after); },
      std::move(callback));
}

void LocalEngine::compact(const LedgerId& id, Position position) {
  auto it = m_ledgers.find(id);
  if (it == m_ledgers.end()) return;
  it->second.compacted = std::max(it->second.compacted, position);
  if (m_trim_scheduled) return;
  m_trim_scheduled = true;
  m_executor.defer([this, alive = std::weak_ptr(m_alive)] {
    if (!alive.lock()) return;
    m_trim_scheduled = false;
    trim();
  });
}

void LocalEngine::trim() {
  while (m_segments.size() > 1) {
    auto& oldest = m_segments.front();
    auto is_compacted = [](auto& item) { return item.first->second.compacted >= item.second; };
    if (!std::all_of(oldest.ledgers.begin(), oldest.ledgers.end(), is_compacted)) break;
    for (auto& [ledger, position] : oldest.ledgers) {
      --ledger->second.segments;
      forget_if_unused(m_ledgers.find(ledger->first));
    }
    m_statistics.log_bytes_kept -= oldest.bytes;
    auto path = m_log + "/" + segment_name(oldest.sequence);
    // Should the removal be lost with the power, recovery replays the segment once more, which changes nothing.
    m_log_thread->run([disk = &m_disk, path] { disk->remove(path).ignore(); }, [] {});
    m_segments.pop_front();
  }
  forget_newest();
  submit();
}

// When all that the newest segment has is in the files as well, its ledgers need not be remembered: a few thousand of them would hold on to
// memory for as long as nobody writes. The segment goes when the next one has begun.
void LocalEngine::forget_newest() {
  constexpr size_t worth_it = 64;
  if (m_segments.size() != 1 || m_segments.front().ledgers.size() < worth_it) return;
  auto& ledgers = m_segments.front().ledgers;
  auto is_compacted = [](auto& item) { return item.first->second.compacted >= item.second; };
  if (!std::all_of(ledgers.begin(), ledgers.end(), is_compacted)) return;
  for (auto& [ledger, position] : std::exchange(ledgers, {})) {
    --ledger->second.segments;
    ledger->second.last_segment = 0;
    forget_if_unused(m_ledgers.find(ledger->first));
  }
}

void LocalEngine::forget_if_unused(States::iterator it) {
  auto& state = it->second;
  if (!state.is_open && state.queued == 0 && state.segments == 0 && !state.is_unknown) m_ledgers.erase(it);
}

void LocalEngine::release(const LedgerId& id) {
  auto it = m_ledgers.find(id);
  if (it == m_ledgers.end()) return;
  it->second.is_open = false;
  forget_if_unused(it);
}

std::vector<Engine::Lagging> LocalEngine::lagging(size_t count) {
  std::vector<Lagging> found;
  if (m_statistics.log_bytes_kept > m_options.max_log_bytes) trim();  // the newest segment may have ended since
  if (m_statistics.log_bytes_kept <= m_options.max_log_bytes || m_segments.size() < 2) return found;
  for (auto& [ledger, position] : m_segments.front().ledgers) {
    if (ledger->second.compacted >= position) continue;
    // Its checkpoint waits for what is committed now: the append under way and the next.
    ledger->second.urged = 2;
    found.push_back({ledger->first, position});
    if (found.size() == count) break;
  }
  submit();
  return found;
}

void LocalEngine::raise_epoch(const LedgerId& id, uint64_t timeout_ms, Callback<Head> callback) {
  auto found = m_ledgers.find(id);
  if (found == m_ledgers.end())
    return m_executor.post([id, callback = std::move(callback)]() mutable {
      callback(Error(ErrorKind::invalid_state, "raise the epoch of " + id.text() + " before its head was read"));
    });
  auto& ledger = *found;
  auto& head = ledger.second.head;
  // From now on, not from the record's arrival on: an append of the former owner that comes in between must lose.
  ++head.epoch;
  LogEntry entry;
  entry.kind = EntryKind::epoch;
  entry.epoch = head.epoch;
  entry.expected = entry.position = head.position;
  enqueue(ledger, std::move(entry), timeout_ms, [&ledger, callback = std::move(callback)](Result<void> result) mutable {
    if (result.is_error()) return callback(std::move(result.error()));
    callback(ledger.second.head);
  });
}

template <typename T>
void LocalEngine::in_background(Background& thread, uint64_t timeout_ms, Function<Result<T>()> work,
                                Callback<T> callback) {
  auto call = std::make_shared<Call<T>>();
  call->work = std::move(work);
  call->callback = std::move(callback);
  thread.run([call] { call->result.emplace(call->work()); },
             [call, alive = std::weak_ptr(m_alive)] {
               if (!alive.lock() || !call->callback) return;
               auto callback = std::move(call->callback);
               callback(std::move(*call->result));
             });
  m_executor.after(timeout_ms, [call = std::weak_ptr(call), alive = std::weak_ptr(m_alive)] {
    auto late = call.lock();
    if (!alive.lock() || !late || !late->callback) return;
    auto callback = std::move(late->callback);
    callback(Error(ErrorKind::unknown_outcome, "the disk did not answer in time"));
  });
}

void LocalEngine::put_blob(std::string key, Bytes data, uint64_t timeout_ms, Callback<void> callback) {
  in_background<void>(
      m_files, timeout_ms,
      [blobs = m_blobs, key = std::move(key), data = std::move(data)] { return blobs->put(key, data); },
      std::move(callback));
}

void LocalEngine::get_blob(std::string key, BlobRange range, uint64_t timeout_ms, Callback<Bytes> callback) {
  in_background<Bytes>(
      m_files, timeout_ms, [blobs = m_blobs, key = std::move(key), range] { return blobs->get(key, range); },
      std::move(callback));
}

void LocalEngine::delete_blob(std::string key, uint64_t timeout_ms, Callback<void> callback) {
  in_background<void>(
      m_files, timeout_ms, [blobs = m_blobs, key = std::move(key)] { return blobs->remove(key); }, std::move(callback));
}

void LocalEngine::list_blobs(std::string prefix, std::string after, size_t limit, uint64_t timeout_ms,
                             Callback<std::vector<BlobInfo>> callback) {
  in_background<std::vector<BlobInfo>>(
      m_files, timeout_ms,
      [blobs = m_blobs, prefix = std::move(prefix), after = std::move(after), limit] {
        return blobs->list(prefix, after, limit);
      },
      std::move(callback));
}

// One coarse timer for all appends, and none while nothing is outstanding.
void LocalEngine::watch_deadlines() {
  if (m_deadline_watch) return;
  m_deadline_watch = true;
  m_executor.after(1000, [this, alive = std::weak_ptr(m_alive)] {
    if (!alive.lock()) return;
    m_deadline_watch = false;
    if (!m_batch && m_queue.empty()) return;
    watch_deadlines();
    expire(m_clock.monotonic_ns());
  });
}

void LocalEngine::expire(int64_t now_ns) {
  std::vector<std::pair<Callback<void>, Error>> expired;
  if (m_batch) {
    for (auto& pending : m_batch->pending)
      if (pending.callback && pending.deadline_ns <= now_ns)
        expired.emplace_back(std::exchange(pending.callback, nullptr),
                             Error(ErrorKind::unknown_outcome, "the log's disk did not answer in time"));
  }
  for (auto it = m_queue.begin(); it != m_queue.end();) {
    if (it->deadline_ns > now_ns) {
      ++it;
      continue;
    }
    --it->ledger->second.queued;
    if (it->entry.kind != EntryKind::epoch) it->ledger->second.in_flight = false;
    expired.emplace_back(std::move(it->callback),
                         Error(ErrorKind::io, "the log's disk is too slow: nothing was written in time"));
    it = m_queue.erase(it);
  }
  std::vector<Callback<Head>> late_heads;
  std::erase_if(m_head_reads, [&](HeadRead& read) {
    if (read.deadline_ns > now_ns) return false;
    late_heads.push_back(std::move(read.callback));
    return true;
  });
  for (auto& [callback, error] : expired) callback(std::move(error));
  for (auto& callback : late_heads) callback(Error::io("the log's disk did not answer in time"));
  answer_head_reads();
}

void LocalEngine::close(Callback<void> callback) {
  m_on_closed = std::move(callback);
  if (!m_batch && m_queue.empty()) finish_close();
}

void LocalEngine::finish_close() {
  bool is_compacted = true;
  for (auto& segment : m_segments)
    for (auto& [ledger, position] : segment.ledgers)
      is_compacted = is_compacted && ledger->second.compacted >= position;
  auto callback = std::exchange(m_on_closed, nullptr);
  if (!is_compacted || m_segments.empty())
    return m_executor.post([callback = std::move(callback)]() mutable { callback({}); });
  m_segments.clear();
  m_statistics.log_bytes_kept = 0;
  in_background<void>(
      *m_log_thread, 60'000, [writer = m_writer] { return writer->delete_all(); }, std::move(callback));
}

}  // namespace adit::ledger::local
