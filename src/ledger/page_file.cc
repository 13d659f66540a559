#include "ledger/page_file.h"

#include <sqlite3.h>

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

constexpr char stamp_magic[4] = {'A', 'd', 't', '1'};

uint32_t stamp_checksum(std::span<const uint8_t> bytes) { return XXH32(bytes.data(), bytes.size(), 0); }

bool is_page_size(uint32_t size) { return size >= 512 && size <= 65536 && (size & (size - 1)) == 0; }

Result<uint32_t> page_size_of(const DiskFile& file) {
  uint8_t bytes[2] = {};
  if (TRY(file.read(16, bytes)) != 2) return Error::io("database file is too short to be one");
  uint32_t size = (uint32_t{bytes[0]} << 8) | bytes[1];
  if (size == 1) size = 65536;
  if (!is_page_size(size)) return Error::io("database file has an impossible page size");
  return size;
}

}  // namespace

std::optional<Head> FileStamp::parse(std::span<const uint8_t, size_bytes> bytes) {
  if (std::memcmp(bytes.data(), stamp_magic, 4) != 0) return std::nullopt;
  uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + 16, 4);
  if (checksum != stamp_checksum(bytes.first(16))) return std::nullopt;
  Head head;
  uint32_t epoch = 0;
  std::memcpy(&head.position, bytes.data() + 4, 8);
  std::memcpy(&epoch, bytes.data() + 12, 4);
  head.epoch = epoch;
  return head;
}

std::array<uint8_t, FileStamp::size_bytes> FileStamp::format(Head head) {
  std::array<uint8_t, size_bytes> bytes{};
  auto epoch = static_cast<uint32_t>(head.epoch);
  std::memcpy(bytes.data(), stamp_magic, 4);
  std::memcpy(bytes.data() + 4, &head.position, 8);
  std::memcpy(bytes.data() + 12, &epoch, 4);
  uint32_t checksum = stamp_checksum(std::span(bytes).first(16));
  std::memcpy(bytes.data() + 16, &checksum, 4);
  return bytes;
}

Result<void> Checkpoint::write(Disk& disk, const std::string& path) {
  if (!m_file && m_page_count == 0) return {};  // deleted and not written to since
  if (!m_file) {
    auto slash = path.rfind('/');
    VERIFY(slash != std::string::npos);
    auto opened = disk.open(path, OpenMode::create);
    if (opened.is_error() && opened.error().kind() == ErrorKind::not_found) {
      TRY(disk.make_directories(path.substr(0, slash)));
      opened = disk.open(path, OpenMode::create);
    }
    m_file = TRY(std::move(opened));
  }
  std::sort(m_pages.begin(), m_pages.end(), [](auto& a, auto& b) { return a.number < b.number; });
  for (auto& page : m_pages)
    TRY(m_file->write(uint64_t{page.number - 1} * m_page_size_bytes, {page.bytes.get(), m_page_size_bytes}));
  if (m_disk_page_count > m_page_count) TRY(m_file->truncate(uint64_t{m_page_count} * m_page_size_bytes));
  // The stamp is only read when the log holds nothing of this ledger, hence after a sync: writing it last, apart, is safe.
  if (m_page_count > 0) TRY(m_file->write(FileStamp::offset_bytes, FileStamp::format(m_head)));
  return {};
}

Result<std::unique_ptr<PageFile>> PageFile::open(std::shared_ptr<DiskFile> file, uint32_t page_size_bytes,
                                                 Limits limits) {
  VERIFY(is_page_size(page_size_bytes));
  std::unique_ptr<PageFile> pages(new PageFile());
  pages->m_limits = limits;
  pages->m_page_size_bytes = page_size_bytes;
  if (!file) return pages;
  auto size_bytes = TRY(file->size());
  if (size_bytes > 0) pages->m_page_size_bytes = TRY(page_size_of(*file));
  TRY(pages->take_file(std::move(file), size_bytes));
  return pages;
}

Result<std::unique_ptr<PageFile>> PageFile::open_for_redo(std::shared_ptr<DiskFile> file, uint32_t page_size_bytes) {
  if (!is_page_size(page_size_bytes)) return Error::io("the log has an impossible page size");
  std::unique_ptr<PageFile> pages(new PageFile());
  pages->m_page_size_bytes = page_size_bytes;
  if (!file) return pages;
  auto size_bytes = TRY(file->size());
  TRY(pages->take_file(std::move(file), size_bytes));
  // A last page of which the crash left a part counts, so that a checkpoint that ends before it cuts it off.
  pages->m_disk_page_count = static_cast<uint32_t>((size_bytes + page_size_bytes - 1) / page_size_bytes);
  return pages;
}

Result<void> PageFile::take_file(std::shared_ptr<DiskFile> file, uint64_t size_bytes) {
  std::array<uint8_t, FileStamp::size_bytes> stamp{};
  TRY(file->read(FileStamp::offset_bytes, stamp));
  m_stamp = FileStamp::parse(stamp).value_or(Head{});
  m_head = m_stamp;
  m_taken = m_checkpointed = m_head.position;
  m_disk_page_count = static_cast<uint32_t>(size_bytes / m_page_size_bytes);
  m_page_count = m_committed_page_count = m_disk_page_count;
  m_file = std::move(file);
  return {};
}

Result<void> PageFile::replay(const LogEntry& entry) {
  VERIFY(m_fresh.empty() && m_pending.empty());
  if (entry.kind == EntryKind::destroy) {
    m_pages.clear();
    m_dirty_pages = 0;
    m_page_count = m_committed_page_count = 0;
  }
  if (entry.kind == EntryKind::pages) {
    if (m_committed_page_count == 0) m_page_size_bytes = entry.page_size_bytes;
    if (m_page_size_bytes != entry.page_size_bytes) return Error::io("the log's page size is not the database's");
    for (auto& image : entry.pages) {
      auto& page = m_pages[image.number];
      if (!page.committed) ++m_dirty_pages;
      page.committed = image.bytes;
    }
    m_page_count = m_committed_page_count = entry.page_count;
  }
  m_head = {entry.epoch, entry.position};
  m_taken = entry.position;
  return {};
}

int PageFile::read(uint64_t offset, std::span<uint8_t> out) {
  uint64_t index = offset / m_page_size_bytes;
  auto within = static_cast<size_t>(offset % m_page_size_bytes);
  if (within + out.size() > m_page_size_bytes) return SQLITE_IOERR_READ;  // SQLite reads within pages only
  if (index >= m_page_count) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return SQLITE_IOERR_SHORT_READ;
  }
  if (auto found = m_pages.find(static_cast<uint32_t>(index + 1)); found != m_pages.end()) {
    const uint8_t* bytes = found->second.fresh ? found->second.fresh.get() : found->second.committed.get();
    std::memcpy(out.data(), bytes + within, out.size());
    return SQLITE_OK;
  }
  size_t got = 0;
  if (index < m_disk_page_count) {
    auto result = m_file->read(offset, out);
    if (result.is_error()) return SQLITE_IOERR_READ;
    got = result.value();
  }
  std::fill(out.begin() + static_cast<ptrdiff_t>(got), out.end(), uint8_t{0});
  constexpr uint64_t stamp_end = FileStamp::offset_bytes + FileStamp::size_bytes;
  for (uint64_t at = std::max<uint64_t>(offset, FileStamp::offset_bytes); at < std::min(offset + got, stamp_end); ++at)
    out[static_cast<size_t>(at - offset)] = 0;
  return got == out.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int PageFile::write(uint64_t offset, std::span<const uint8_t> data) {
  if (m_refuses_writes) return SQLITE_IOERR_WRITE;
  if (data.size() != m_page_size_bytes && m_page_count == 0 && is_page_size(static_cast<uint32_t>(data.size())))
    m_page_size_bytes = static_cast<uint32_t>(data.size());
  if (data.size() != m_page_size_bytes || offset % m_page_size_bytes != 0) return SQLITE_IOERR_WRITE;
  if (offset + data.size() > m_limits.max_size_bytes) return SQLITE_FULL;
  if ((m_fresh.size() + 1) * uint64_t{m_page_size_bytes} > m_limits.max_transaction_bytes) return SQLITE_FULL;
  auto number = static_cast<uint32_t>(offset / m_page_size_bytes + 1);
  auto& page = m_pages[number];
  if (!page.fresh) {
    page.fresh = std::make_shared_for_overwrite<uint8_t[]>(m_page_size_bytes);
    m_fresh.push_back(number);
  }
  std::memcpy(page.fresh.get(), data.data(), data.size());
  m_page_count = std::max(m_page_count, number);
  return SQLITE_OK;
}

int PageFile::truncate(uint64_t size_bytes) {
  if (m_refuses_writes) return SQLITE_IOERR_TRUNCATE;
  m_page_count = static_cast<uint32_t>((size_bytes + m_page_size_bytes - 1) / m_page_size_bytes);
  return SQLITE_OK;
}

int PageFile::prepare_commit() const { return m_refuses_writes ? SQLITE_IOERR_FSYNC : SQLITE_OK; }

void PageFile::commit_page(uint32_t number, Page& page) {
  if (!page.committed) ++m_dirty_pages;
  page.committed = std::move(page.fresh);
  page.fresh = nullptr;
  if (!page.pending) {
    page.pending = true;
    m_pending.push_back(number);
  }
}

void PageFile::commit() {
  if (m_fresh.empty() && m_page_count == m_committed_page_count) return;
  for (auto number : m_fresh) commit_page(number, m_pages.at(number));
  m_fresh.clear();
  if (m_page_count < m_committed_page_count) {
    // VACUUM: pages past the new end are gone. An append or checkpoint under way shares their bytes, so nothing is pulled from under it.
    std::erase_if(m_pages, [this](auto& item) { return item.first > m_page_count && (--m_dirty_pages, true); });
    std::erase_if(m_pending, [this](uint32_t number) { return number > m_page_count; });
  }
  m_committed_page_count = m_page_count;
  ++m_head.position;
  if (m_on_commit) m_on_commit();
}

LogEntry PageFile::take_pending() {
  LogEntry entry;
  entry.epoch = m_head.epoch;
  entry.expected = m_taken;
  entry.position = m_head.position;
  entry.page_size_bytes = m_page_size_bytes;
  entry.page_count = m_committed_page_count;
  entry.pages.reserve(m_pending.size());
  for (auto number : m_pending) {
    auto& page = m_pages.at(number);
    page.pending = false;
    entry.pages.push_back({number, page.committed});
  }
  m_pending.clear();
  m_taken = m_head.position;
  return entry;
}

std::unique_ptr<Checkpoint> PageFile::begin_checkpoint() const {
  auto checkpoint = std::make_unique<Checkpoint>();
  checkpoint->m_head = m_head;
  checkpoint->m_page_size_bytes = m_page_size_bytes;
  checkpoint->m_page_count = m_committed_page_count;
  checkpoint->m_disk_page_count = m_disk_page_count;
  checkpoint->m_file = m_file;
  for (auto& [number, page] : m_pages)
    if (page.committed) checkpoint->m_pages.push_back({number, page.committed});
  return checkpoint;
}

void PageFile::finish_checkpoint(const Checkpoint& done) {
  for (auto& written : done.m_pages) {
    auto found = m_pages.find(written.number);
    // A newer commit of the page keeps it in memory; so does one not yet taken for the log, whose bytes take_pending() will want.
    if (found == m_pages.end() || found->second.committed != written.bytes || found->second.pending) continue;
    --m_dirty_pages;
    if (found->second.fresh) found->second.committed = nullptr;
    else m_pages.erase(found);
  }
  m_file = done.m_file;
  m_disk_page_count = done.m_page_count;
  m_checkpointed = done.m_head.position;
}

}  // namespace adit::ledger
