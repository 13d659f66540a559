#include "bindings/cache/store.h"

#include <fmt/format.h>

#include <cstring>

#include "web/digest.h"

namespace adit::bindings::cache {
namespace {

// The fixed part of a file. The machine's own byte order: a cache does not travel.
struct Preamble {
  char magic[8] = {'A', 'D', 'I', 'T', 'C', 'A', '0', '1'};
  uint32_t key_bytes = 0;
  uint32_t head_bytes = 0;
  int64_t stored_ms = 0;
  int64_t expires_ms = 0;
};
static_assert(sizeof(Preamble) == 32);

Result<std::string> name_of(const std::string& key) {
  std::string name;
  auto digest = TRY(web::digest("SHA-256", bytes_of(key)));
  for (size_t i = 0; i < 16; ++i) name += fmt::format("{:02x}", digest[i]);
  return name;
}

// NAME.SIZE
std::optional<std::pair<std::string, uint64_t>> parse_name(const std::string& file) {
  auto dot = file.find('.');
  if (dot != 32 || file.size() == 33) return std::nullopt;
  uint64_t size = 0;
  for (char digit : std::string_view(file).substr(33)) {
    auto value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos || size >> 60) return std::nullopt;
    size = size << 4 | value;
  }
  return std::pair(file.substr(0, 32), size);
}

// Nothing when the file is not one of ours, is not whole, or belongs to another key.
Result<std::optional<Entry>> read_entry(std::unique_ptr<ledger::DiskFile> file, const std::string& key,
                                        uint64_t size_bytes) {
  Preamble preamble;
  std::span<uint8_t> raw(reinterpret_cast<uint8_t*>(&preamble), sizeof preamble);
  if (TRY(file->size()) != size_bytes || TRY(file->read(0, raw)) != raw.size()) return std::nullopt;
  uint64_t body_offset = sizeof preamble + uint64_t{preamble.key_bytes} + preamble.head_bytes;
  if (std::memcmp(preamble.magic, Preamble().magic, sizeof preamble.magic) != 0 || body_offset > size_bytes ||
      preamble.key_bytes != key.size())
    return std::nullopt;
  Bytes names(preamble.key_bytes + preamble.head_bytes);
  if (TRY(file->read(sizeof preamble, names)) != names.size()) return std::nullopt;
  auto text = text_of(names);
  if (text.substr(0, preamble.key_bytes) != key) return std::nullopt;
  return Entry{std::move(file),
               std::string(text.substr(preamble.key_bytes)),
               {preamble.stored_ms, preamble.expires_ms},
               body_offset,
               size_bytes - body_offset};
}

}  // namespace

Writer::Writer(std::shared_ptr<Store> store, std::string path, std::string key, std::unique_ptr<ledger::DiskFile> file)
    : m_store(std::move(store)), m_path(std::move(path)), m_key(std::move(key)), m_file(std::move(file)) {}

Writer::~Writer() {
  if (!m_finished) (void)m_store->m_disk.remove(m_path);
}

Result<void> Writer::append(BytesView data) {
  if (m_size_bytes + data.size() > m_store->m_limits.entry_bytes)
    return Error(ErrorKind::limit, "the response is larger than the cache takes");
  TRY(m_file->write(m_size_bytes, data));
  m_size_bytes += data.size();
  return {};
}

Result<void> Writer::finish() {
  TRY(m_store->accept(*this));
  m_finished = true;
  return {};
}

Store::Store(ledger::Disk& disk, std::string folder, Limits limits)
    : m_disk(disk), m_folder(std::move(folder)), m_limits(limits) {}

std::shared_ptr<Store> Store::create(ledger::Disk& disk, std::string folder, Limits limits) {
  return std::shared_ptr<Store>(new Store(disk, std::move(folder), limits));
}

std::string Store::path_of(const std::string& name, uint64_t size_bytes) const {
  return fmt::format("{}/{}/{}.{:x}", m_folder, name.substr(0, 2), name, size_bytes);
}

Result<void> Store::start() {
  if (m_started) return {};
  auto incoming = m_folder + "/incoming";
  for (const auto& left : TRY(m_disk.list(incoming))) TRY(m_disk.remove(incoming + "/" + left));
  for (const auto& folder : TRY(m_disk.list(m_folder)))
    if (folder.size() == 2) TRY(load_folder(m_folder + "/" + folder));
  m_started = true;
  return {};
}

Result<void> Store::load_folder(const std::string& folder) {
  for (const auto& file : TRY(m_disk.list(folder))) {
    auto parsed = parse_name(file);
    // Two files of one name: a crash came between a new response and the end of the one that it replaced.
    if (!parsed || m_known.contains(parsed->first)) {
      TRY(m_disk.remove(folder + "/" + file));
      continue;
    }
    m_size_bytes += parsed->second;
    m_known[parsed->first] = {parsed->second, m_ages.insert(m_ages.end(), parsed->first)};
  }
  return {};
}

std::string Store::forget(const std::string& name) {
  auto known = m_known.find(name);
  auto path = path_of(name, known->second.size_bytes);
  m_size_bytes -= known->second.size_bytes;
  m_ages.erase(known->second.age);
  m_known.erase(known);
  return path;
}

std::vector<std::string> Store::make_room() {
  std::vector<std::string> paths;
  while (m_size_bytes > m_limits.total_bytes && !m_ages.empty()) {
    auto oldest = m_ages.front();
    paths.push_back(forget(oldest));
  }
  return paths;
}

Result<std::optional<Entry>> Store::find(const std::string& key, int64_t now_ms) {
  auto name = TRY(name_of(key));
  std::unique_ptr<ledger::DiskFile> file;
  uint64_t size_bytes = 0;
  {
    std::lock_guard lock(m_mutex);
    TRY(start());
    auto known = m_known.find(name);
    if (known == m_known.end()) return std::nullopt;
    size_bytes = known->second.size_bytes;
    m_ages.splice(m_ages.end(), m_ages, known->second.age);
    // Under the lock, so that nobody deletes it before it is open.
    auto opened = m_disk.open(path_of(name, size_bytes), ledger::OpenMode::read);
    if (!opened.is_error()) file = std::move(opened).value();
  }
  std::optional<Entry> entry;
  if (file) entry = TRY(read_entry(std::move(file), key, size_bytes));
  if (entry && entry->lifetime.expires_ms > now_ms) return entry;
  std::lock_guard lock(m_mutex);
  auto known = m_known.find(name);
  if (known != m_known.end() && known->second.size_bytes == size_bytes) (void)m_disk.remove(forget(name));
  return std::nullopt;
}

Result<std::unique_ptr<Writer>> Store::write(const std::string& key, const std::string& head, Lifetime lifetime) {
  uint64_t number = 0;
  {
    std::lock_guard lock(m_mutex);
    TRY(start());
    number = m_incoming++;
  }
  auto incoming = m_folder + "/incoming";
  TRY(m_disk.make_directories(incoming));
  auto path = fmt::format("{}/{}", incoming, number);
  auto file = TRY(m_disk.open(path, ledger::OpenMode::create));
  std::unique_ptr<Writer> writer(new Writer(shared_from_this(), path, key, std::move(file)));
  Preamble preamble;
  preamble.key_bytes = static_cast<uint32_t>(key.size());
  preamble.head_bytes = static_cast<uint32_t>(head.size());
  preamble.stored_ms = lifetime.stored_ms;
  preamble.expires_ms = lifetime.expires_ms;
  std::string start(reinterpret_cast<const char*>(&preamble), sizeof preamble);
  TRY(writer->append(bytes_of(start + key + head)));
  return writer;
}

Result<void> Store::accept(Writer& writer) {
  auto name = TRY(name_of(writer.m_key));
  auto path = path_of(name, writer.m_size_bytes);
  TRY(m_disk.make_directories(path.substr(0, path.rfind('/'))));
  std::lock_guard lock(m_mutex);
  if (m_known.contains(name)) (void)m_disk.remove(forget(name));
  TRY(m_disk.rename(writer.m_path, path));
  m_size_bytes += writer.m_size_bytes;
  m_known[name] = {writer.m_size_bytes, m_ages.insert(m_ages.end(), name)};
  for (const auto& evicted : make_room()) (void)m_disk.remove(evicted);
  return {};
}

Result<bool> Store::remove(const std::string& key, int64_t now_ms) {
  if (!TRY(find(key, now_ms))) return false;
  auto name = TRY(name_of(key));
  std::lock_guard lock(m_mutex);
  if (!m_known.contains(name)) return false;
  (void)m_disk.remove(forget(name));
  return true;
}

uint64_t Store::size_bytes() const {
  std::lock_guard lock(m_mutex);
  return m_size_bytes;
}

}  // namespace adit::bindings::cache
