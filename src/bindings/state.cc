#include "bindings/state.h"

#include <fmt/format.h>

#include <charconv>

namespace adit::bindings {

Result<ledger::StateDirectory*> ProcessState::directory() {
  std::lock_guard lock(m_mutex);
  if (!m_directory) {
    auto opened = TRY(ledger::StateDirectory::open(m_disk, m_path.string()));
    TRY(settle_history_days(opened->path()));
    m_directory = std::move(opened);
    if (m_on_opened) m_on_opened();
    const auto& recovery = m_directory->recovery();
    if (recovery.entries > 0)
      m_logger.info("Recovered {} ledgers from {} log entries", recovery.ledgers, recovery.entries);
  }
  return m_directory.get();
}

// The file history_days of the state directory: a number and a line end.
Result<void> ProcessState::settle_history_days(const std::string& folder) {
  auto file = TRY(m_disk.open(folder + "/history_days", ledger::OpenMode::create));
  uint8_t buffer[16];
  auto text = text_of({buffer, TRY(file->read(0, buffer))});
  uint32_t known = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), known);
  m_history_days = code == std::errc() && known > 0 ? known : default_history_days;
  auto wanted = m_wanted_history_days.value_or(m_history_days);
  if (wanted == known) return {};
  m_history_days = wanted;
  auto line = fmt::format("{}\n", wanted);
  TRY(file->write(0, bytes_of(line)));
  return file->truncate(line.size());
}

ledger::StoreOptions ProcessState::store_options() {
  std::lock_guard lock(m_mutex);
  ledger::StoreOptions options;
  options.history.keep_ms = uint64_t{m_history_days} * 24 * 3600 * 1000;
  return options;
}

Result<std::shared_ptr<blobs::BlobStore>> ProcessState::blobs(const std::string& kind, const std::string& name) {
  auto folder = TRY(directory())->path() + "/blobs-" + kind + "/" + ledger::encode_file_name(name);
  std::lock_guard lock(m_mutex);
  auto& store = m_blobs[folder];
  if (!store) store = blobs::BlobStore::create(m_disk, folder, m_random);
  return store;
}

bool ProcessState::has_state() const {
  std::error_code code;
  return std::filesystem::exists(m_path, code);
}

Result<ledger::LedgerStore*> ShardState::store() {
  if (m_closed) return Error(ErrorKind::invalid_state, "the server is stopping");
  if (!m_store) {
    auto* directory = TRY(m_process.directory());
    auto options = m_process.store_options();
    options.history_spaces = {"do-", "d1"};  // what point-in-time recovery and time travel are for
    m_store = TRY(ledger::LedgerStore::create(*directory, m_shard, m_executor, m_logger, m_clock, options));
  }
  return m_store.get();
}

void ShardState::close(Function<void()> done) {
  m_closed = true;
  if (!m_store) return done();
  m_store->close([this, done = std::move(done)](Result<void> closed) mutable {
    if (closed.is_error()) m_logger.error("Closing the state: {}", closed.error().full_message());
    done();
  });
}

}  // namespace adit::bindings
