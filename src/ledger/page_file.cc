#include "ledger/page_file.h"

#include <sqlite3.h>

#include <algorithm>

#include "ledger/restore_request.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

// Version 1: magic[4] position u64 epoch u32 checksum u32; version 2: magic[1] position u48 epoch u32 time u40 checksum u32, the time in
// milliseconds since stamp_epoch_ms.
constexpr char stamp_magic_1[4] = {'A', 'd', 't', '1'};
constexpr uint8_t stamp_magic = 0xA2;
constexpr int64_t stamp_epoch_ms = 1'735'689'600'000;  // the start of 2025

constexpr int64_t history_lost = -1;  // LogEntry::kept_time_ms of an entry whose replaced pages could not be read

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

std::optional<FileStamp> FileStamp::parse(std::span<const uint8_t, size_bytes> bytes) {
  uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + 16, 4);
  if (checksum != stamp_checksum(bytes.first(16))) return std::nullopt;
  FileStamp stamp;
  uint32_t epoch = 0;
  if (std::memcmp(bytes.data(), stamp_magic_1, sizeof stamp_magic_1) == 0) {
    std::memcpy(&stamp.head.position, bytes.data() + 4, 8);
    std::memcpy(&epoch, bytes.data() + 12, 4);
  } else if (bytes[0] == stamp_magic) {
    std::memcpy(&stamp.head.position, bytes.data() + 1, 6);
    std::memcpy(&epoch, bytes.data() + 7, 4);
    std::memcpy(&stamp.time_ms, bytes.data() + 11, 5);
    if (stamp.time_ms > 0) stamp.time_ms += stamp_epoch_ms;
  } else {
    return std::nullopt;
  }
  stamp.head.epoch = epoch;
  return stamp;
}

std::array<uint8_t, FileStamp::size_bytes> FileStamp::format() const {
  std::array<uint8_t, size_bytes> bytes{};
  VERIFY(head.position < (1ull << 48));
  auto epoch = static_cast<uint32_t>(head.epoch);
  auto time = std::max<int64_t>(time_ms - stamp_epoch_ms, 0);
  bytes[0] = stamp_magic;
  std::memcpy(bytes.data() + 1, &head.position, 6);
  std::memcpy(bytes.data() + 7, &epoch, 4);
  std::memcpy(bytes.data() + 11, &time, 5);
  uint32_t checksum = stamp_checksum(std::span(bytes).first(16));
  std::memcpy(bytes.data() + 16, &checksum, 4);
  return bytes;
}

std::string history_path(const std::string& database_path) {
  constexpr std::string_view suffix = ".sqlite";
  VERIFY(database_path.ends_with(suffix));
  return database_path.substr(0, database_path.size() - suffix.size()) + ".history";
}

Result<void> remove_database(Disk& disk, const std::string& database_path) {
  TRY(disk.remove(history_path(database_path)));
  TRY(disk.remove(restore_request_path(database_path)));
  return disk.remove(database_path);
}

Result<void> Checkpoint::write(Disk& disk, const std::string& path) {
  // The stamp comes last: where the process dies, it does not say more than is there. Where the power goes, the log, which has all until
  // both files are synced, writes them again.
  TRY(write_history(disk, path));
  return write_pages(disk, path);
}

Result<void> Checkpoint::write_history(Disk& disk, const std::string& path) const {
  if (m_history.states.empty() || m_page_count == 0) return {};
  auto written = HistoryFile(disk, history_path(path)).append(m_history, m_history_options);
  if (written.is_error()) return std::move(written.error()).because("write the history of " + path);
  return {};
}

Result<void> Checkpoint::write_pages(Disk& disk, const std::string& path) {
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
  if (m_page_count > 0) TRY(m_file->write(FileStamp::offset_bytes, FileStamp{m_head, m_time_ms}.format()));
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
  auto parsed = FileStamp::parse(stamp).value_or(FileStamp{});
  m_head = m_stamp = parsed.head;
  m_time_ms = parsed.time_ms;
  m_taken = m_checkpointed = m_head.position;
  m_disk_page_count = static_cast<uint32_t>(size_bytes / m_page_size_bytes);
  m_page_count = m_committed_page_count = m_disk_page_count;
  m_file = std::move(file);
  return {};
}

void PageFile::keep_history(const Clock* clock, const HistoryOptions& options) {
  m_history = std::make_unique<History>(clock, options);
  m_checkpoint_begun = m_head.position;
}

void PageFile::keep_current() {
  if (m_history) m_history->keep(m_head.position, m_time_ms, m_committed_page_count, false);
}

Result<void> PageFile::replay(const LogEntry& entry) {
  VERIFY(m_fresh.empty() && m_pending.empty());
  if (entry.kind == EntryKind::destroy) {
    m_pages.clear();
    m_dirty_pages = 0;
    m_page_count = m_committed_page_count = 0;
    if (m_history) m_history->clear();
  }
  if (entry.kind == EntryKind::pages) {
    if (m_committed_page_count == 0) m_page_size_bytes = entry.page_size_bytes;
    if (m_page_size_bytes != entry.page_size_bytes) return Error::io("the log's page size is not the database's");
    if (m_history) replay_history(entry);
    for (auto& image : entry.pages) {
      auto& page = m_pages[image.number];
      if (!page.committed) ++m_dirty_pages;
      page.committed = image.bytes;
      page.version = entry.position;
    }
    if (entry.page_count < m_committed_page_count)
      std::erase_if(m_pages, [&](auto& item) { return item.first > entry.page_count && (--m_dirty_pages, true); });
    m_page_count = m_committed_page_count = entry.page_count;
  }
  m_head = {entry.epoch, entry.position};
  m_taken = entry.position;
  m_time_ms = entry.time_ms;
  return {};
}

// What the file on disk holds is not to be trusted here, a checkpoint may have been cut off: replaced pages come from the log alone.
void PageFile::replay_history(const LogEntry& entry) {
  if (entry.kept_time_ms == history_lost) return m_history->clear();
  if (entry.kept_time_ms != 0)
    m_history->keep(entry.expected, entry.kept_time_ms, entry.kept_page_count, entry.kept_is_bookmark);
  auto keep = [&](uint32_t number, const PageBytes& bytes, Position version) {
    if (m_history->needs(number, version)) m_history->add_page({number, bytes}, m_page_size_bytes);
  };
  for (auto& image : entry.previous) keep(image.number, image.bytes, 0);
  for (auto& image : entry.pages)
    if (auto found = m_pages.find(image.number); found != m_pages.end())
      keep(image.number, found->second.committed, found->second.version);
  if (entry.page_count < m_committed_page_count)
    for (auto& [number, page] : m_pages)
      if (number > entry.page_count) keep(number, page.committed, page.version);
}

// An empty database as SQLite makes it (file format § 1.3): unlike an empty file it can say at which position it is.
static void write_empty_database(uint8_t* page, uint32_t page_size) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  auto high = static_cast<uint8_t>(page_size == 65536 ? 0 : page_size >> 8);
  std::memset(page, 0, page_size);
  std::memcpy(page, magic.data(), magic.size());
  page[16] = high;
  page[17] = page_size == 65536 ? 1 : 0;
  page[18] = page[19] = 1;
  page[21] = 64;
  page[22] = page[23] = 32;
  page[27] = 1;      // file change counter
  page[31] = 1;      // pages
  page[47] = 4;      // schema format
  page[59] = 1;      // UTF-8
  page[95] = 1;      // the change counter that the page count is valid for
  page[100] = 0x0d;  // an empty leaf of the schema's table
  page[105] = high;
}

void PageFile::restore(const KeptState& state) {
  VERIFY(m_fresh.empty());
  auto fresh_page = [&](uint32_t number) {
    auto& page = m_pages[number];
    page.fresh = std::make_shared_for_overwrite<uint8_t[]>(m_page_size_bytes);
    m_fresh.push_back(number);
    return page.fresh.get();
  };
  if (state.page_count == 0) write_empty_database(fresh_page(1), m_page_size_bytes);
  for (auto& image : state.pages)
    if (image.number <= state.page_count) std::memcpy(fresh_page(image.number), image.bytes.get(), m_page_size_bytes);
  m_page_count = std::max<uint32_t>(state.page_count, 1);
  commit();
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
  if (index >= m_disk_page_count) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return SQLITE_IOERR_SHORT_READ;
  }
  return read_disk(offset, out);
}

int PageFile::read_disk(uint64_t offset, std::span<uint8_t> out) const {
  auto result = m_file->read(offset, out);
  if (result.is_error()) return SQLITE_IOERR_READ;
  auto got = result.value();
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
  if (m_history) keep_page(number, page.committed, page.version);
  if (!page.committed) ++m_dirty_pages;
  page.committed = std::move(page.fresh);
  page.fresh = nullptr;
  page.version = m_head.position + 1;
  if (!page.pending) {
    page.pending = true;
    m_pending.push_back(number);
  }
}

// The commit replaces the current state: if that is kept, what is pending ends with it.
void PageFile::begin_commit() {
  auto now_ms = m_history->now_ms();
  bool is_kept = !m_history->is_empty() && m_history->newest().position == m_head.position;
  if (is_kept || m_history->is_empty() || m_history->wants(m_head.position, m_time_ms, now_ms)) {
    m_history->keep(m_head.position, m_time_ms, m_committed_page_count, m_history->is_pinned(m_head.position));
    if (m_head.position > m_taken) m_sealed.push_back(make_entry());
    auto& kept = m_history->newest();
    m_kept_before = {kept.position, kept.time_ms, kept.page_count, kept.is_bookmark, {}};
  }
  m_time_ms = now_ms;
}

void PageFile::keep_page(uint32_t number, const PageBytes& committed, Position version) {
  if (!m_history->needs(number, committed ? version : 0)) return;
  auto bytes = committed;
  if (!bytes) {
    if (number > m_disk_page_count) return;
    auto read_bytes = std::make_shared_for_overwrite<uint8_t[]>(m_page_size_bytes);
    if (read_disk(uint64_t{number - 1} * m_page_size_bytes, {read_bytes.get(), m_page_size_bytes}) != SQLITE_OK) {
      // Cannot fail the commit: what was kept can no longer be had back.
      m_lost_history = true;
      return m_history->clear();
    }
    bytes = std::move(read_bytes);
  }
  if (!committed || version <= m_checkpoint_begun) m_previous.push_back({number, bytes});
  m_history->add_page({number, std::move(bytes)}, m_page_size_bytes);
}

void PageFile::commit() {
  if (m_fresh.empty() && m_page_count == m_committed_page_count) return;
  if (m_history) begin_commit();
  for (auto number : m_fresh) commit_page(number, m_pages.at(number));
  m_fresh.clear();
  if (m_page_count < m_committed_page_count) {
    if (m_history) {
      for (auto number = m_page_count + 1; number <= m_committed_page_count; ++number) {
        auto page = m_pages.find(number);
        page == m_pages.end() ? keep_page(number, nullptr, 0)
                              : keep_page(number, page->second.committed, page->second.version);
      }
    }
    // VACUUM: pages past the new end are gone. An append or checkpoint under way shares their bytes, so nothing is pulled from under it.
    std::erase_if(m_pages, [this](auto& item) { return item.first > m_page_count && (--m_dirty_pages, true); });
    std::erase_if(m_pending, [this](uint32_t number) { return number > m_page_count; });
  }
  m_committed_page_count = m_page_count;
  ++m_head.position;
  if (m_on_commit) m_on_commit();
}

LogEntry PageFile::make_entry() {
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
  if (!m_history) return entry;
  entry.time_ms = m_time_ms;
  if (m_kept_before) {
    // 1, not 0, when the time of the state is not known: 0 would say that it is not kept.
    entry.kept_time_ms = std::max<int64_t>(m_kept_before->time_ms, 1);
    entry.kept_page_count = m_kept_before->page_count;
    entry.kept_is_bookmark = m_kept_before->is_bookmark;
    m_kept_before.reset();
  }
  if (std::exchange(m_lost_history, false)) entry.kept_time_ms = history_lost;
  entry.previous = std::exchange(m_previous, {});
  return entry;
}

LogEntry PageFile::take_pending() {
  if (m_sealed.empty()) return make_entry();
  auto entry = std::move(m_sealed.front());
  m_sealed.pop_front();
  return entry;
}

std::unique_ptr<Checkpoint> PageFile::begin_checkpoint() {
  auto checkpoint = std::make_unique<Checkpoint>();
  checkpoint->m_head = m_head;
  checkpoint->m_time_ms = m_time_ms;
  checkpoint->m_page_size_bytes = m_page_size_bytes;
  checkpoint->m_page_count = m_committed_page_count;
  checkpoint->m_disk_page_count = m_disk_page_count;
  checkpoint->m_file = m_file;
  for (auto& [number, page] : m_pages)
    if (page.committed) checkpoint->m_pages.push_back({number, page.committed});
  m_checkpoint_begun = m_head.position;
  if (!m_history) return checkpoint;
  keep_current();
  checkpoint->m_history = {m_history->before(m_head.position),
                           m_head.position,
                           m_page_size_bytes,
                           uint64_t{m_committed_page_count} * m_page_size_bytes,
                           m_history->now_ms(),
                           m_history_synced};
  checkpoint->m_history_options = m_history->options();
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
  if (m_history) m_history->written(done.m_head.position, m_page_size_bytes);
}

}  // namespace adit::ledger
