#include "bindings/state.h"

namespace adit::bindings {

Result<ledger::StateDirectory*> ProcessState::directory() {
  std::lock_guard lock(m_mutex);
  if (!m_directory) {
    m_directory = TRY(ledger::StateDirectory::open(m_disk, m_path.string()));
    const auto& recovery = m_directory->recovery();
    if (recovery.entries > 0)
      m_logger.info("Recovered {} ledgers from {} log entries", recovery.ledgers, recovery.entries);
  }
  return m_directory.get();
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
    ledger::StoreOptions options;
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
