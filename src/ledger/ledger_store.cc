#include "ledger/ledger_store.h"

#include <algorithm>
#include <set>

#include "base/memory.h"
#include "ledger/engines/local/local_engine.h"

namespace adit::ledger {
namespace {

constexpr uint64_t read_timeout_ms = 30'000;
constexpr uint64_t compaction_retry_ms = 1'000;
constexpr size_t resting_at_once = 256;  // are written out: a busy shard hears of their end only once a turn
constexpr size_t closed_at_once = 64;    // in one turn
constexpr size_t unsynced_at_most = 64;  // closed ledgers that the log still has, when nothing else goes on
constexpr size_t sync_one_by_one = 32;   // above this many files one sync of everything is cheaper

Result<std::shared_ptr<DiskFile>> open_if_there(Disk& disk, const std::string& path) {
  auto opened = disk.open(path, OpenMode::read_write);
  if (opened.is_error() && opened.error().kind() == ErrorKind::not_found) return std::shared_ptr<DiskFile>();
  return std::shared_ptr<DiskFile>(TRY(std::move(opened)));
}

// Files and the folders that name them: PATH/ledgers/SPACE/XX/NAME.
Result<void> sync_databases(const StateDirectory& state, const std::vector<LedgerId>& ids) {
  auto& disk = state.disk();
  if (ids.size() > sync_one_by_one) return disk.sync_everything(state.path());
  std::set<std::string> folders;
  for (auto& id : ids) {
    auto path = state.database_path(id);
    for (auto& each : {path, history_path(path)})
      if (auto file = TRY(open_if_there(disk, each))) TRY(file->sync());
    for (auto end = path.rfind('/'); end > state.path().size(); end = path.rfind('/', end - 1))
      folders.insert(path.substr(0, end));
  }
  folders.insert(state.path());
  for (auto& folder : folders) {
    auto synced = disk.sync_directory(folder);
    if (synced.is_error() && synced.error().kind() != ErrorKind::not_found) return synced;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LedgerStore>> LedgerStore::create(StateDirectory& state, size_t shard, Executor& executor,
                                                         const Logger& logger, const Clock& clock,
                                                         StoreOptions options) {
  auto log = state.log_path(shard);
  TRY(state.disk().make_directories(log));
  TRY(state.disk().sync_directory(state.path() + "/log"));
  auto log_thread = TRY(start_background_thread(executor, "adit-log"));
  auto files = TRY(start_background_thread(executor, "adit-files"));
  SystemRandom random;
  local::LocalEngineOptions engine_options{
      .segment_bytes = options.log_segment_bytes, .max_log_bytes = options.log_max_bytes, .salt = random.next_u64()};
  return create_with(state, executor, logger, clock, options, std::move(files), [&](Background& files_thread) {
    return std::make_unique<local::LocalEngine>(state.disk(), log, state.blob_path(), shard, executor,
                                                std::move(log_thread), files_thread, clock, engine_options);
  });
}

Result<std::unique_ptr<LedgerStore>> LedgerStore::create_with(StateDirectory& state, Executor& executor,
                                                              const Logger& logger, const Clock& clock,
                                                              StoreOptions options, std::unique_ptr<Background> files,
                                                              EngineMaker make_engine) {
  std::unique_ptr<LedgerStore> store(new LedgerStore(state, executor, logger, clock, options));
  store->m_vfs = TRY(PageVfs::create());
  store->m_files = std::move(files);
  store->m_engine = make_engine(*store->m_files);
  store->m_services = std::make_unique<LedgerServices>(LedgerServices{
      .engine = *store->m_engine,
      .executor = executor,
      .files = *store->m_files,
      .state = state,
      .vfs = *store->m_vfs,
      .clock = clock,
      .logger = logger,
      .on_broken = [self = store.get()](Ledger& ledger) { self->ledger_broke(ledger); },
      .on_appended = [self = store.get()](Ledger&) { self->compact_lagging(); },
  });
  return store;
}

LedgerStore::~LedgerStore() {
  m_alive = nullptr;
  for (auto& [id, entry] : m_open) entry.ledger->abandon();
  m_open.clear();
  m_files = nullptr;  // waits for its work, which must not outlive the engine's and the state's
}

Task LedgerStore::guarded(Task task) {
  return [alive = std::weak_ptr(m_alive), task = std::move(task)]() mutable {
    if (alive.lock()) task();
  };
}

void LedgerStore::touch(Entry& entry) {
  entry.used_ms = m_clock.monotonic_ns() / 1'000'000;
  entry.is_resting = false;
  m_by_use.splice(m_by_use.end(), m_by_use, entry.place);
}

std::shared_ptr<Ledger> LedgerStore::find(const LedgerId& id) const {
  auto it = m_open.find(id);
  return it == m_open.end() ? nullptr : it->second.ledger;
}

void LedgerStore::open(const LedgerId& id, OpenCallback callback) {
  if (m_is_closed) return callback(Error(ErrorKind::invalid_state, "the store is closed"));
  if (auto it = m_open.find(id); it != m_open.end()) {
    touch(it->second);
    return callback(it->second.ledger);
  }
  if (auto it = m_opening.find(id); it != m_opening.end()) {
    it->second.push_back(std::move(callback));
    return;
  }
  load(id, std::move(callback));
}

bool LedgerStore::keeps_history(const LedgerId& id) const {
  return std::any_of(m_options.history_spaces.begin(), m_options.history_spaces.end(),
                     [&](auto& prefix) { return id.space().starts_with(prefix); });
}

void LedgerStore::load(const LedgerId& id, OpenCallback callback) {
  make_room();
  if (m_open.size() >= 2 * m_options.max_open_ledgers)
    return callback(
        Error(ErrorKind::limit, "too many ledgers are in use on this shard; " + id.text() + " cannot be opened"));
  auto read = [&]() -> Result<std::unique_ptr<PageFile>> {
    auto file = TRY(open_if_there(m_state.disk(), m_state.database_path(id)));
    return PageFile::open(std::move(file), m_options.ledger.page_size_bytes,
                          {.max_size_bytes = m_options.ledger.max_size_bytes});
  }();
  if (read.is_error()) return callback(std::move(read.error()).because("open ledger " + id.text()));
  auto pages = std::make_shared<std::unique_ptr<PageFile>>(std::move(read).value());
  if (keeps_history(id)) (*pages)->keep_history(&m_clock, m_options.history);
  auto stamp = (*pages)->stamp();
  m_opening[id].push_back(std::move(callback));
  m_engine->read_head(id, stamp, read_timeout_ms, [this, id, pages, alive = std::weak_ptr(m_alive)](Result<Head> head) {
    if (!alive.lock()) return;
    if (head.is_error()) return opened(id, std::move(head.error()));
    if (head.value().position > (*pages)->position()) return replay(id, head.value(), pages);
    opened(id, add(id, head.value(), std::move(*pages)));
  });
}

// After a ledger broke: the log has what the file does not.
void LedgerStore::replay(const LedgerId& id, Head head, std::shared_ptr<std::unique_ptr<PageFile>> pages) {
  m_engine->read_log(id, (*pages)->position(), read_timeout_ms,
                     [this, id, head, pages, alive = std::weak_ptr(m_alive)](Result<std::vector<LogEntry>> entries) {
                       if (!alive.lock()) return;
                       auto replayed = [&]() -> Result<std::shared_ptr<Ledger>> {
                         for (auto& entry : TRY(std::move(entries))) TRY((*pages)->replay(entry));
                         return add(id, head, std::move(*pages));
                       };
                       opened(id, replayed());
                     });
}

void LedgerStore::opened(const LedgerId& id, Result<std::shared_ptr<Ledger>> result) {
  auto openers = std::move(m_opening[id]);
  m_opening.erase(id);
  if (result.is_error()) {
    m_engine->release(id);
    result = std::move(result.error()).because("open ledger " + id.text());
  }
  for (auto& opener : openers) opener(result);
}

Result<std::shared_ptr<Ledger>> LedgerStore::add(const LedgerId& id, Head head, std::unique_ptr<PageFile> pages) {
  std::shared_ptr<Ledger> ledger(new Ledger(*m_services, id, m_options.ledger));
  TRY(ledger->start(head, std::move(pages)));
  auto place = m_by_use.insert(m_by_use.end(), id);
  m_open[id] = {ledger, m_clock.monotonic_ns() / 1'000'000, place};
  watch_idle();
  return ledger;
}

Result<bool> LedgerStore::exists(const LedgerId& id) const {
  if (auto ledger = find(id)) return ledger->has_data();
  auto opened = m_state.disk().open(m_state.database_path(id), OpenMode::read);
  if (opened.is_ok()) return true;
  if (opened.error().kind() == ErrorKind::not_found) return false;
  return std::move(opened.error());
}

// Called by a ledger as it breaks. What it still has on the files' thread ends before a new one reads the file.
void LedgerStore::ledger_broke(Ledger& ledger) {
  auto id = ledger.id();
  auto it = m_open.find(id);
  if (it == m_open.end() || it->second.ledger.get() != &ledger) return;
  bool is_deleted = ledger.m_is_deleted;
  if (!is_deleted && ledger.error().kind() != ErrorKind::aborted)
    m_logger.error("ledger {} stops: {}", id.text(), ledger.error().full_message());
  m_by_use.erase(it->second.place);
  m_open.erase(it);  // the breaking ledger keeps itself alive
  m_opening[id];
  if (!is_deleted) return m_files->run([] {}, guarded([this, id] { drained(id); }));
  auto removed = std::make_shared<Result<void>>();
  m_unsynced[id] = ledger.position() + 1;
  m_files->run([this, removed, path = m_state.database_path(id)] { *removed = remove_database(m_state.disk(), path); },
               guarded([this, removed, id] {
                 if (removed->is_error()) {
                   // The log still says that it is deleted, and recovery will do it; until then nobody may see the old data.
                   m_logger.error("ledger {} was deleted, but: {}", id.text(), removed->error().full_message());
                   m_unsynced.erase(id);
                 }
                 drained(id);
               }));
}

void LedgerStore::drained(const LedgerId& id) {
  auto openers = std::move(m_opening[id]);
  m_opening.erase(id);
  m_engine->release(id);
  for (auto& opener : openers) open(id, std::move(opener));
}

void LedgerStore::destroy(const LedgerId& id, Callback<void> callback) {
  open(id, [this, id, alive = std::weak_ptr(m_alive),
            callback = std::move(callback)](Result<std::shared_ptr<Ledger>> opened) mutable {
    if (!alive.lock()) return;
    if (opened.is_error()) return callback(std::move(opened.error()));
    opened.value()->destroy([this, id, alive, callback = std::move(callback)](Result<void> result) mutable {
      if (result.is_error() || !alive.lock()) return callback(std::move(result));
      m_files->run([] {}, [callback = std::move(callback)]() mutable { callback({}); });  // after the removal
    });
  });
}

void LedgerStore::restore(const LedgerId& id, std::string_view bookmark, Callback<std::string> callback) {
  open(id, [alive = std::weak_ptr(m_alive), bookmark = std::string(bookmark),
            callback = std::move(callback)](Result<std::shared_ptr<Ledger>> opened) mutable {
    if (!alive.lock()) return;
    if (opened.is_error()) return callback(std::move(opened.error()));
    auto ledger = std::move(opened).value();
    ledger->restore_at_next_open(
        bookmark, [alive, ledger, callback = std::move(callback)](Result<std::string> before) mutable {
          if (!alive.lock() || before.is_error()) return callback(std::move(before));
          auto then = [ledger, before = std::move(before).value(),
                       callback = std::move(callback)](Result<void> durable) mutable {
            if (durable.is_error()) return callback(std::move(durable.error()));
            ledger->break_with({ErrorKind::aborted, "ledger " + ledger->id().text() + " was restored to a bookmark"});
            callback(std::move(before));
          };
          ledger->when_durable(ledger->position(), std::move(then));
        });
  });
}

bool LedgerStore::try_close(const LedgerId& id) {
  auto it = m_open.find(id);
  if (it == m_open.end() || it->second.ledger.use_count() > 1) return false;
  auto& ledger = *it->second.ledger;
  if (!ledger.is_quiet()) return false;
  if (ledger.checkpointed_position() != ledger.position()) {
    ++m_checkpoints;
    ledger.checkpoint([](Result<void>) {});
    return false;
  }
  if (ledger.position() > ledger.m_synced) m_unsynced[id] = ledger.position();
  m_by_use.erase(it->second.place);
  m_open.erase(it);
  m_engine->release(id);
  ++m_closed_since_empty;
  return true;
}

// Looks at a few of the least recently used; those in use go to the other end.
void LedgerStore::make_room() {
  for (size_t looked = 0; m_open.size() >= m_options.max_open_ledgers && looked < 32 && !m_by_use.empty(); ++looked) {
    auto id = m_by_use.front();
    if (!try_close(id)) touch(m_open.at(id));
  }
}

void LedgerStore::watch_idle() {
  if (m_idle_watch) return;
  m_idle_watch = true;
  m_executor.after(std::max<uint64_t>(m_options.idle_close_ms / 2, 1), guarded([this] {
                     m_idle_watch = false;
                     close_idle();
                     if (m_unsynced.size() > unsynced_at_most) compact_closed();
                     if ((!m_open.empty() || m_unsynced.size() > unsynced_at_most) && !m_is_closed) watch_idle();
                   }));
}

void LedgerStore::close_idle() {
  if (m_is_closed) return;
  auto now_ms = m_clock.monotonic_ns() / 1'000'000;
  std::vector<LedgerId> idle;
  for (auto& [id, entry] : m_open) {
    if (entry.ledger.use_count() > 1) entry.used_ms = now_ms;
    if (now_ms - entry.used_ms >= static_cast<int64_t>(m_options.idle_close_ms)) idle.push_back(id);
  }
  for (auto& id : idle) rest(id);
}

void LedgerStore::rest(const LedgerId& id) {
  auto it = m_open.find(id);
  if (it == m_open.end() || m_is_closed || std::exchange(it->second.is_resting, true)) return;
  m_resting.push_back(id);
  rest_soon();
}

// After the turn, when what it used is let go of.
void LedgerStore::rest_soon() {
  if (std::exchange(m_rest_scheduled, true)) return;
  m_executor.post(guarded([this] {
    m_rest_scheduled = false;
    close_resting();
  }));
}

// A few at a time, so that who writes and opens meanwhile does not wait behind them.
void LedgerStore::close_resting() {
  size_t looked = 0;
  while (!m_resting.empty() && m_writing_out < resting_at_once && !m_is_closed) {
    if (++looked > closed_at_once) return rest_soon();
    auto id = std::move(m_resting.front());
    m_resting.pop_front();
    auto it = m_open.find(id);
    // Opened again, or in use: the idle watch will find it.
    if (it == m_open.end() || !std::exchange(it->second.is_resting, false) || it->second.ledger.use_count() > 1)
      continue;
    auto& ledger = *it->second.ledger;
    if (ledger.is_quiet() && ledger.checkpointed_position() == ledger.position()) {
      try_close(id);
      continue;
    }
    ++m_writing_out;
    ++m_checkpoints;
    ledger.checkpoint([this, id, alive = std::weak_ptr(m_alive)](Result<void>) {
      if (!alive.lock()) return;
      // Not here: the ledger is still at work.
      m_executor.post(guarded([this, id] {
        --m_writing_out;
        if (!m_is_closed) try_close(id);
        close_resting();
      }));
    });
  }
  if (m_resting.empty() && m_writing_out == 0) all_rest();
}

// Many closed at once are memory that the system may have back, and a log that nobody needs any more.
void LedgerStore::all_rest() {
  if (m_is_closed || m_closed_since_empty < closed_at_once) return;
  m_closed_since_empty = 0;
  compact_closed();
}

// Keeps the log below its bound: the ledgers that hold back its oldest segment get their files written and synced, a few at a time.
void LedgerStore::compact_lagging() {
  if (m_is_compacting || m_is_closed) return;
  auto lagging = m_engine->lagging(m_options.checkpoints_at_once);
  if (lagging.empty()) return;
  m_is_compacting = true;
  struct Round {
    std::vector<LedgerId> written;
    size_t left;
  };
  auto round = std::make_shared<Round>(Round{{}, lagging.size()});
  for (auto& item : lagging) {
    write_out(item, [this, round, id = item.id, alive = std::weak_ptr(m_alive)](Result<void> result) {
      if (!alive.lock()) return;
      if (result.is_ok()) round->written.push_back(id);
      if (--round->left > 0) return;
      // One sync of everything is as good for all that were closed, and without it the next rounds would sync them a few at a time.
      if (m_unsynced.size() > sync_one_by_one)
        for (auto& [closed, position] : m_unsynced) round->written.push_back(closed);
      sync_and_compact(std::move(round->written), [this](Result<void> synced) { compaction_done(std::move(synced)); });
    });
  }
}

// Syncs the files of closed ledgers, so that the log, and this, can forget them.
void LedgerStore::compact_closed() {
  if (m_is_compacting || m_is_closed || m_unsynced.empty()) return;
  m_is_compacting = true;
  std::vector<LedgerId> ids;
  ids.reserve(m_unsynced.size());
  for (auto& [id, position] : m_unsynced) ids.push_back(id);
  sync_and_compact(std::move(ids), [this](Result<void> synced) {
    // When the engine has forgotten them too.
    m_executor.after(compaction_retry_ms, guarded([] { release_unused_memory(); }));
    compaction_done(std::move(synced));
  });
}

void LedgerStore::compaction_done(Result<void> result) {
  if (result.is_error()) m_logger.warn("the log cannot be shortened yet: {}", result.error().full_message());
  m_executor.after(result.is_ok() ? 0 : compaction_retry_ms, guarded([this] {
                     m_is_compacting = false;
                     compact_lagging();
                   }));
}

// Gets the database file to hold the ledger up to the position, if it does not yet.
void LedgerStore::write_out(const Engine::Lagging& item, Callback<void> callback) {
  auto closed = m_unsynced.find(item.id);
  if (closed != m_unsynced.end() && closed->second >= item.position) return callback({});
  if (auto ledger = find(item.id); ledger && ledger->checkpointed_position() >= item.position) return callback({});
  ++m_checkpoints;
  // One that is not open broke, and nobody has opened it since.
  open(item.id, [callback = std::move(callback)](Result<std::shared_ptr<Ledger>> opened) mutable {
    if (opened.is_error()) return callback(std::move(opened.error()));
    opened.value()->checkpoint(std::move(callback));
  });
}

void LedgerStore::sync_and_compact(std::vector<LedgerId> ids, Callback<void> callback) {
  if (ids.empty()) return callback(Error::failed("no database file could be written"));
  // What the files have now; what they get while the sync runs is for the next time.
  struct Item {
    LedgerId id;
    Position position;
  };
  auto items = std::make_shared<std::vector<Item>>();
  for (auto& id : ids) {
    auto closed = m_unsynced.find(id);
    Position position = closed == m_unsynced.end() ? 0 : closed->second;
    if (auto ledger = find(id)) position = std::max(position, ledger->checkpointed_position());
    items->push_back({id, position});
  }
  auto outcome = std::make_shared<Result<void>>();
  m_files->run([this, outcome, ids = std::move(ids)] { *outcome = sync_databases(m_state, ids); },
               guarded([this, outcome, items, callback = std::move(callback)]() mutable {
                 if (outcome->is_error()) return callback(std::move(*outcome));
                 for (auto& [id, position] : *items) {
                   if (m_opening.contains(id)) continue;  // it is about to read the log; next time
                   m_engine->compact(id, position);
                   if (auto ledger = find(id)) ledger->m_synced = std::max(ledger->m_synced, position);
                   if (auto it = m_unsynced.find(id); it != m_unsynced.end() && it->second <= position)
                     m_unsynced.erase(it);
                 }
                 callback({});
               }));
}

void LedgerStore::close(Callback<void> callback) {
  VERIFY(!m_is_closed);
  m_is_closed = true;
  m_on_closed = std::move(callback);
  std::vector<std::shared_ptr<Ledger>> ledgers;
  for (auto& [id, entry] : m_open) ledgers.push_back(entry.ledger);
  m_closing = ledgers.size() + 1;
  auto done = [this](Result<void> result) {
    if (result.is_error()) m_close_error = std::move(result.error());
    if (--m_closing == 0) finish_close();
  };
  for (auto& ledger : ledgers) {
    if (auto committed = ledger->commit(); committed.is_error() && !ledger->is_broken())
      m_close_error = std::move(committed.error());
    ledger->checkpoint(done);
  }
  done({});
}

void LedgerStore::finish_close() {
  std::vector<LedgerId> ids;
  for (auto& [id, entry] : m_open) ids.push_back(id);
  for (auto& [id, position] : m_unsynced)
    if (!m_open.contains(id)) ids.push_back(id);
  auto finish = [this](Result<void> result) {
    if (result.is_error() && !m_close_error) m_close_error = std::move(result.error());
    m_engine->close([this](Result<void> closed) {
      if (closed.is_error() && !m_close_error) m_close_error = std::move(closed.error());
      auto callback = std::exchange(m_on_closed, nullptr);
      callback(m_close_error ? Result<void>(*m_close_error) : Result<void>());
    });
  };
  if (ids.empty()) return finish({});
  sync_and_compact(std::move(ids), std::move(finish));
}

Result<std::vector<LedgerId>> LedgerStore::list(std::string_view space, std::string_view after, size_t limit) const {
  std::set<std::string> names;
  constexpr std::string_view suffix = ".sqlite";
  auto consider = [&](std::string name) {
    if (name <= after) return;
    names.insert(std::move(name));
    if (names.size() > limit) names.erase(std::prev(names.end()));
  };
  auto path = m_state.space_path(space);
  for (auto& folder : TRY(m_state.disk().list(path)))
    for (auto& file : TRY(m_state.disk().list(path + "/" + folder)))
      if (auto name =
              decode_file_name(std::string_view(file).substr(0, file.size() - std::min(file.size(), suffix.size())));
          file.ends_with(suffix) && name.is_ok())
        consider(std::move(name).value());
  for (auto& [id, entry] : m_open)
    if (id.space() == space && entry.ledger->has_data()) consider(std::string(id.name()));
  std::vector<LedgerId> ids;
  for (auto& name : names) ids.push_back(TRY(LedgerId::create(space, name)));
  return ids;
}

StoreStatistics LedgerStore::statistics() const {
  StoreStatistics statistics;
  statistics.open_ledgers = m_open.size();
  for (auto& [id, entry] : m_open) statistics.memory_bytes += entry.ledger->dirty_bytes();
  statistics.checkpoints = m_checkpoints;
  statistics.engine = m_engine->statistics();
  return statistics;
}

}  // namespace adit::ledger
