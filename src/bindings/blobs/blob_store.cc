#include "bindings/blobs/blob_store.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <set>

namespace adit::bindings::blobs {

std::string BlobId::text() const {
  std::string out;
  out.reserve(32);
  for (auto octet : octets) {
    out.push_back("0123456789abcdef"[octet >> 4]);
    out.push_back("0123456789abcdef"[octet & 15]);
  }
  return out;
}

std::optional<BlobId> BlobId::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  BlobId id;
  for (size_t i = 0; i < text.size(); ++i) {
    int digit = text[i] >= '0' && text[i] <= '9'   ? text[i] - '0'
                : text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 10
                                                   : -1;
    if (digit < 0) return std::nullopt;
    id.octets[i / 2] = static_cast<uint8_t>(id.octets[i / 2] << 4 | digit);
  }
  return id;
}

std::optional<BlobId> BlobId::from(BytesView octets) {
  BlobId id;
  if (octets.size() != id.octets.size()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), id.octets.begin());
  return id;
}

Result<void> SharedSync::sync(ledger::Disk& disk, const std::string& folder) {
  std::unique_lock lock(m_mutex);
  auto mine = ++m_asked;
  while (m_synced < mine) {
    if (m_is_syncing) {
      m_ended.wait(lock);
      continue;
    }
    m_is_syncing = true;
    auto covered = m_asked;
    lock.unlock();
    auto synced = disk.sync_directory(folder);
    lock.lock();
    m_is_syncing = false;
    if (synced.is_ok()) m_synced = std::max(m_synced, covered);
    // Who waited tries for itself where it failed.
    m_ended.notify_all();
    if (synced.is_error()) return synced;
  }
  return {};
}

// ---- Writing

Result<void> BlobWriter::write(BytesView data) {
  VERIFY(m_file);
  TRY(m_file->write(m_size_bytes, data));
  m_size_bytes += data.size();
  return {};
}

Result<void> BlobWriter::finish() {
  VERIFY(m_file);
  TRY(m_file->sync());
  TRY(m_store->m_incoming_sync.sync(m_store->m_disk, m_store->incoming_folder()));
  m_file = nullptr;
  return {};
}

BlobWriter::~BlobWriter() {
  if (!m_file) return;
  m_file = nullptr;
  m_store->m_disk.remove(m_store->incoming_path(m_id)).ignore();
}

std::shared_ptr<BlobStore> BlobStore::create(ledger::Disk& disk, std::string folder, Random& random) {
  return std::shared_ptr<BlobStore>(new BlobStore(disk, std::move(folder), random));
}

BlobStore::BlobStore(ledger::Disk& disk, std::string folder, Random& random)
    : m_disk(disk), m_folder(std::move(folder)) {
  random.fill(m_process);
}

Result<void> BlobStore::make_folders() {
  {
    std::lock_guard lock(m_mutex);
    if (m_has_folders) return {};
  }
  TRY(m_disk.make_directories(incoming_folder()));
  // The names of the folders above, which may all be new.
  for (auto path = incoming_folder(); !path.empty(); path.resize(path.rfind('/'))) {
    TRY(m_disk.sync_directory(path));
    if (path.rfind('/') == std::string::npos) break;
  }
  std::lock_guard lock(m_mutex);
  m_has_folders = true;
  return {};
}

Result<std::unique_ptr<BlobWriter>> BlobStore::begin() {
  TRY(make_folders());
  BlobId id;
  {
    std::lock_guard lock(m_mutex);
    std::copy(m_process.begin(), m_process.end(), id.octets.begin());
    uint64_t number = ++m_count;
    for (size_t i = 0; i < 8; ++i) id.octets[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  }
  auto file = TRY(m_disk.open(incoming_path(id), ledger::OpenMode::create_new));
  return std::unique_ptr<BlobWriter>(new BlobWriter(shared_from_this(), id, std::move(file)));
}

// ---- Reading

std::string BlobStore::settled_folder(const BlobId& id) const {
  return fmt::format("{}/{:02x}", m_folder, id.octets[15]);
}

Result<std::shared_ptr<const ledger::DiskFile>> BlobStore::open(const BlobId& id) {
  {
    std::lock_guard lock(m_mutex);
    auto found = std::find_if(m_open.rbegin(), m_open.rend(), [&](auto& open) { return open.first == id; });
    if (found != m_open.rend()) return found->second;
  }
  // It may be settled between the two looks, and then is where the first look was.
  auto opened = m_disk.open(settled_path(id), ledger::OpenMode::read);
  for (int attempt = 0; attempt < 2 && opened.is_error() && opened.error().kind() == ErrorKind::not_found; ++attempt)
    opened = m_disk.open(attempt == 0 ? incoming_path(id) : settled_path(id), ledger::OpenMode::read);
  std::shared_ptr<const ledger::DiskFile> file = TRY(std::move(opened));
  std::lock_guard lock(m_mutex);
  if (m_open.size() >= open_files_kept) m_open.pop_front();
  m_open.emplace_back(id, file);
  return file;
}

std::shared_ptr<BlobPin> BlobStore::pin(std::vector<BlobId> ids) {
  {
    std::lock_guard lock(m_mutex);
    for (auto& id : ids) ++m_pins[id];
  }
  return std::make_shared<BlobPin>(shared_from_this(), std::move(ids));
}

BlobPin::~BlobPin() { m_store->unpin(m_ids); }

void BlobStore::unpin(const std::vector<BlobId>& ids) {
  std::unique_lock lock(m_mutex);
  std::vector<BlobId> last;
  for (auto& id : ids) {
    auto pin = m_pins.find(id);
    VERIFY(pin != m_pins.end());
    if (--pin->second > 0) continue;
    m_pins.erase(pin);
    if (m_doomed.erase(id) > 0) last.push_back(id);
  }
  remove_unpinned(lock, std::move(last));
}

// ---- Names

void BlobStore::settle(std::vector<BlobId> ids) {
  if (ids.empty()) return;
  std::unique_lock lock(m_mutex);
  in_background(lock, [this, ids = std::move(ids)] {
    for (auto& id : ids) settle_now(id);
  });
}

void BlobStore::settle_now(const BlobId& id) {
  // Where it fails the file stays, is found there, and the next process tries again.
  auto from = incoming_path(id);
  auto to = settled_path(id);
  auto renamed = m_disk.rename(from, to);
  if (renamed.is_ok() || renamed.error().kind() != ErrorKind::not_found) return;
  if (m_disk.make_directories(settled_folder(id)).is_error() || m_disk.sync_directory(m_folder).is_error()) return;
  m_disk.rename(from, to).ignore();
}

void BlobStore::remove(std::vector<BlobId> ids) {
  std::unique_lock lock(m_mutex);
  std::vector<BlobId> now;
  for (auto& id : ids) {
    std::erase_if(m_open, [&](auto& open) { return open.first == id; });
    if (m_pins.contains(id)) m_doomed.insert(id);
    else now.push_back(id);
  }
  remove_unpinned(lock, std::move(now));
}

void BlobStore::remove_unpinned(std::unique_lock<std::mutex>& lock, std::vector<BlobId> ids) {
  if (ids.empty()) return;
  for (auto& id : ids) std::erase_if(m_open, [&](auto& open) { return open.first == id; });
  // What is removed while the thread is busy goes together, with one sync of each folder.
  bool is_queued = !m_to_remove.empty();
  m_to_remove.insert(m_to_remove.end(), ids.begin(), ids.end());
  if (!is_queued) in_background(lock, [this] { remove_all_now(); });
}

void BlobStore::remove_all_now() {
  std::vector<BlobId> ids;
  {
    std::lock_guard lock(m_mutex);
    ids.swap(m_to_remove);
  }
  remove_now(ids);
}

void BlobStore::remove_now(const std::vector<BlobId>& ids) {
  std::vector<BlobId> gone;
  std::set<std::string> folders;
  for (auto& id : ids) {
    if (m_disk.remove(settled_path(id)).is_error() || m_disk.remove(incoming_path(id)).is_error()) continue;
    gone.push_back(id);
    folders.insert(settled_folder(id));
  }
  // They are told to be gone only when a power failure cannot bring them back; where they came from goes first.
  auto sync = [&](const std::string& folder) {
    auto synced = m_disk.sync_directory(folder);
    return synced.is_ok() || synced.error().kind() == ErrorKind::not_found;
  };
  if (!sync(incoming_folder()) || !std::all_of(folders.begin(), folders.end(), sync)) return;
  std::lock_guard lock(m_mutex);
  m_removed.insert(m_removed.end(), gone.begin(), gone.end());
}

std::vector<BlobId> BlobStore::take_removed() {
  std::lock_guard lock(m_mutex);
  return std::exchange(m_removed, {});
}

Result<std::vector<BlobId>> BlobStore::unfinished() {
  std::vector<BlobId> found;
  for (auto& name : TRY(m_disk.list(incoming_folder()))) {
    auto id = BlobId::parse(name);
    if (id && !std::equal(m_process.begin(), m_process.end(), id->octets.begin())) found.push_back(*id);
  }
  return found;
}

// ---- The thread

void BlobStore::in_background(std::unique_lock<std::mutex>& lock, Task task) {
  VERIFY(lock.owns_lock());
  m_tasks.push_back(std::move(task));
  if (!m_thread.joinable()) {
    m_thread = std::thread([this] {
      pthread_setname_np(pthread_self(), "adit-blobs");
      run_background();
    });
  }
  m_wake.notify_one();
}

void BlobStore::run_background() {
  std::unique_lock lock(m_mutex);
  for (;;) {
    m_wake.wait(lock, [this] { return m_is_stopping || !m_tasks.empty(); });
    if (m_tasks.empty()) return;
    auto task = std::move(m_tasks.front());
    m_tasks.pop_front();
    m_is_working = true;
    lock.unlock();
    task();
    lock.lock();
    m_is_working = false;
    if (m_tasks.empty()) m_idle.notify_all();
  }
}

void BlobStore::wait_until_idle() {
  std::unique_lock lock(m_mutex);
  m_idle.wait(lock, [this] { return m_tasks.empty() && !m_is_working; });
}

BlobStore::~BlobStore() {
  {
    std::lock_guard lock(m_mutex);
    m_is_stopping = true;
  }
  m_wake.notify_one();
  if (m_thread.joinable()) m_thread.join();
}

}  // namespace adit::bindings::blobs
