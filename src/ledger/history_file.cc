#include "ledger/history_file.h"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_set>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace adit::ledger {
namespace {

constexpr uint32_t record_magic = 0x31484441;  // "ADH1"
constexpr uint32_t end_magic = 0x45484441;     // "ADHE"
constexpr uint32_t flag_bookmark = 1;
constexpr size_t checked_from = 16;
constexpr size_t trailer_bytes = 8;
constexpr int64_t hour_ms = 3'600'000;
constexpr int64_t old_interval_ms =
    60'000;  // between kept states that are older than an hour, once the file is rewritten

struct Header {
  uint32_t magic;
  uint32_t length;
  uint64_t checksum;
  uint64_t from;
  uint64_t to;
  int64_t time;
  uint32_t page_size;
  uint32_t page_count;
  uint32_t pages;
  uint32_t flags;
  uint32_t body;
  uint32_t zero;
};
static_assert(sizeof(Header) == 64);

uint64_t checksum_of(BytesView record) {
  return XXH3_64bits_withSeed(record.data() + checked_from, record.size() - checked_from, record.size());
}

// nullopt: there is no record. A disk that fails is another thing: nothing may be cut off because of it.
Result<std::optional<Header>> read_header(const DiskFile& file, uint64_t offset, uint64_t size) {
  Header header;
  auto got = TRY(file.read(offset, {reinterpret_cast<uint8_t*>(&header), sizeof header}));
  if (got != sizeof header || header.magic != record_magic || header.length < sizeof header + trailer_bytes ||
      header.length > size - offset || header.from >= header.to)
    return std::optional<Header>();
  return std::optional(header);
}

HistoryStep step_of(const Header& header, uint64_t offset) {
  return {header.from,
          header.to,
          header.time,
          header.page_size,
          header.page_count,
          header.pages,
          (header.flags & flag_bookmark) != 0,
          offset,
          header.length};
}

// nullopt: it is not whole, its checksum does not hold.
Result<std::optional<Bytes>> read_record(const DiskFile& file, uint64_t offset, uint32_t length) {
  Bytes record(length);
  if (TRY(file.read(offset, record)) != length) return std::optional<Bytes>();
  Header header;
  std::memcpy(&header, record.data(), sizeof header);
  if (checksum_of(record) != header.checksum) return std::optional<Bytes>();
  return std::optional(std::move(record));
}

Result<void> append_record(Bytes& out, const KeptState& state, Position to, uint32_t page_size) {
  std::unordered_set<uint32_t> seen;
  std::vector<const PageImage*> pages;
  for (auto& page : state.pages)
    if (seen.insert(page.number).second) pages.push_back(&page);
  auto raw_bytes = pages.size() * size_t{page_size};
  if (raw_bytes > (1u << 30)) return Error(ErrorKind::limit, "too much changed between two kept states");
  Bytes raw(raw_bytes);
  for (size_t i = 0; i < pages.size(); ++i) std::memcpy(raw.data() + i * page_size, pages[i]->bytes.get(), page_size);
  auto bound = static_cast<size_t>(LZ4_compressBound(static_cast<int>(raw_bytes)));
  size_t start = out.size();
  size_t body = start + sizeof(Header) + pages.size() * 4;
  out.resize(body + bound + 16);
  auto packed = static_cast<size_t>(LZ4_compress_default(reinterpret_cast<const char*>(raw.data()),
                                                         reinterpret_cast<char*>(out.data() + body),
                                                         static_cast<int>(raw_bytes), static_cast<int>(bound)));
  if (packed == 0 || packed >= raw_bytes) {
    packed = raw_bytes;
    std::copy(raw.begin(), raw.end(), out.begin() + static_cast<ptrdiff_t>(body));
  }
  auto length = (body - start + packed + 7) / 8 * 8 + trailer_bytes;
  std::fill(out.begin() + static_cast<ptrdiff_t>(body + packed), out.end(), uint8_t{0});
  out.resize(start + length);
  Header header{record_magic,
                static_cast<uint32_t>(length),
                0,
                state.position,
                to,
                state.time_ms,
                page_size,
                state.page_count,
                static_cast<uint32_t>(pages.size()),
                state.is_bookmark ? flag_bookmark : 0,
                static_cast<uint32_t>(packed),
                0};
  std::memcpy(out.data() + start, &header, sizeof header);
  for (size_t i = 0; i < pages.size(); ++i)
    std::memcpy(out.data() + start + sizeof header + i * 4, &pages[i]->number, 4);
  uint32_t trailer[2] = {header.length, end_magic};
  std::memcpy(out.data() + start + length - trailer_bytes, trailer, sizeof trailer);
  header.checksum = checksum_of({out.data() + start, length});
  std::memcpy(out.data() + start, &header, sizeof header);
  return {};
}

// Adds the record's pages that the state does not have yet.
Result<void> add_pages(BytesView record, KeptState& state, std::unordered_set<uint32_t>& seen) {
  Header header;
  std::memcpy(&header, record.data(), sizeof header);
  auto raw_bytes = size_t{header.pages} * header.page_size;
  auto body = sizeof header + size_t{header.pages} * 4;
  if (body + header.body + trailer_bytes > record.size()) return Error::io("a history record is damaged");
  std::shared_ptr<uint8_t[]> raw = std::make_shared_for_overwrite<uint8_t[]>(raw_bytes);
  if (header.body == raw_bytes) {
    std::memcpy(raw.get(), record.data() + body, raw_bytes);
  } else if (LZ4_decompress_safe(reinterpret_cast<const char*>(record.data() + body),
                                 reinterpret_cast<char*>(raw.get()), static_cast<int>(header.body),
                                 static_cast<int>(raw_bytes)) != static_cast<int>(raw_bytes)) {
    return Error::io("a history record is damaged");
  }
  for (uint32_t i = 0; i < header.pages; ++i) {
    uint32_t number = 0;
    std::memcpy(&number, record.data() + sizeof header + size_t{i} * 4, 4);
    if (seen.insert(number).second)
      state.pages.push_back({number, PageBytes(raw, raw.get() + size_t{i} * header.page_size)});
  }
  return {};
}

Result<std::unique_ptr<DiskFile>> open_if_there(Disk& disk, const std::string& path, OpenMode mode) {
  auto opened = disk.open(path, mode);
  if (opened.is_error() && opened.error().kind() == ErrorKind::not_found) return std::unique_ptr<DiskFile>();
  return opened;
}

}  // namespace

// Where the whole records end. Trailers lead from the last record back to one that is known to be synced; a torn one hides those before it,
// and the records are looked at from the start.
Result<HistoryFile::End> HistoryFile::find_end(DiskFile& file, Position synced) const {
  End end;
  auto size = TRY(file.size());
  if (auto first = TRY(read_header(file, 0, size))) end.oldest_ms = first->time;
  for (auto at = size;;) {
    uint32_t trailer[2] = {};
    if (at < sizeof(Header) + trailer_bytes) break;
    TRY(file.read(at - trailer_bytes, {reinterpret_cast<uint8_t*>(trailer), sizeof trailer}));
    if (trailer[1] != end_magic || trailer[0] > at) break;
    at -= trailer[0];
    auto header = TRY(read_header(file, at, size));
    if (!header || header->length != trailer[0] || !TRY(read_record(file, at, header->length))) break;
    if (end.to == 0) end.to = header->to;
    end.size_bytes = size;
    if (header->to <= synced || at == 0) return end;
  }
  end.size_bytes = end.to = 0;
  while (end.size_bytes < size) {
    auto header = TRY(read_header(file, end.size_bytes, size));
    if (!header || (end.to != 0 && header->from != end.to) || !TRY(read_record(file, end.size_bytes, header->length)))
      break;
    end.to = header->to;
    end.size_bytes += header->length;
  }
  return end;
}

Result<void> HistoryFile::append(const Added& added, const HistoryOptions& options) {
  auto& states = added.states;
  if (states.empty()) return {};
  auto file = TRY(open_if_there(m_disk, m_path, OpenMode::read_write));
  End end;
  if (file) end = TRY(find_end(*file, added.synced));
  Bytes out;
  auto to = end.to;
  for (size_t i = 0; i < states.size(); ++i) {
    auto next = i + 1 < states.size() ? states[i + 1].position : added.to;
    if (next <= to) continue;
    // That a new ledger was empty at first needs no file.
    if (to == 0 && states[i].position == 0 && states[i].pages.empty()) continue;
    if (to != 0 && states[i].position != to) {
      // A gap: nothing before it can be reached.
      end = {};
      out.clear();
    }
    TRY(append_record(out, states[i], next, added.page_size_bytes));
    to = next;
  }
  if (out.empty()) return {};
  if (!file) {
    TRY(m_disk.make_directories(m_path.substr(0, m_path.rfind('/'))));
    file = TRY(m_disk.open(m_path, OpenMode::create));
  }
  if (TRY(file->size()) > end.size_bytes) TRY(file->truncate(end.size_bytes));
  TRY(file->write(end.size_bytes, out));
  if (added.now_ms == 0) return {};
  auto size = end.size_bytes + out.size();
  auto max_bytes = std::max(options.max_bytes, added.database_bytes);
  auto keep_ms = static_cast<int64_t>(options.keep_ms);
  bool is_old = end.size_bytes > 0 && end.oldest_ms > 0 && added.now_ms - end.oldest_ms > keep_ms + keep_ms / 8;
  bool has_doubled = std::bit_width(size >> 20) != std::bit_width(end.size_bytes >> 20);
  if (is_old || has_doubled || size > max_bytes) TRY(forget(options, max_bytes, added.now_ms));
  return {};
}

// Rewrites the file without what is older than its time, with a state a minute of what is older than an hour (bookmarks excepted), and
// without its older half when it is too large.
Result<void> HistoryFile::forget(const HistoryOptions& options, uint64_t max_bytes, int64_t now_ms) const {
  auto all = TRY(steps());
  auto file = TRY(m_disk.open(m_path, OpenMode::read));
  auto size = TRY(file->size());
  size_t first = 0;
  // A state can be had back until the time at which the next one came.
  while (first + 1 < all.size() && all[first + 1].time_ms > 0 &&
         all[first + 1].time_ms < now_ms - static_cast<int64_t>(options.keep_ms))
    ++first;
  if (size > max_bytes)
    while (first + 1 < all.size() && size - all[first].offset_bytes > max_bytes / 2) ++first;
  auto temporary = m_path + ".new";
  auto out = TRY(m_disk.open(temporary, OpenMode::create));
  TRY(out->truncate(0));
  uint64_t written = 0;
  std::optional<KeptState> group;  // states that become one
  std::unordered_set<uint32_t> seen;
  for (size_t i = first; i < all.size(); ++i) {
    auto& step = all[i];
    auto record = TRY(read_record(*file, step.offset_bytes, step.length_bytes));
    if (!record) return Error::io("history file " + m_path + " is damaged");
    if (!group) group = KeptState{step.from, step.time_ms, step.page_count, step.is_bookmark, {}};
    TRY(add_pages(*record, *group, seen));
    bool joins = i + 1 < all.size() && !all[i + 1].is_bookmark && now_ms - all[i + 1].time_ms > hour_ms &&
                 all[i + 1].time_ms - group->time_ms < old_interval_ms &&
                 group->pages.size() * size_t{step.page_size_bytes} < (64u << 20);
    if (joins) continue;
    Bytes bytes;
    TRY(append_record(bytes, *group, step.to, step.page_size_bytes));
    TRY(out->write(written, bytes));
    written += bytes.size();
    group.reset();
    seen.clear();
  }
  TRY(out->sync());
  TRY(m_disk.rename(temporary, m_path));
  return m_disk.sync_directory(m_path.substr(0, m_path.rfind('/')));
}

Result<std::vector<HistoryStep>> HistoryFile::steps() const {
  std::vector<HistoryStep> steps;
  auto file = TRY(open_if_there(m_disk, m_path, OpenMode::read));
  if (!file) return steps;
  auto size = TRY(file->size());
  for (uint64_t offset = 0; offset < size;) {
    auto header = TRY(read_header(*file, offset, size));
    if (!header || (!steps.empty() && header->from != steps.back().to)) break;
    steps.push_back(step_of(*header, offset));
    offset += header->length;
  }
  return steps;
}

Result<KeptState> HistoryFile::read(Position from) const {
  auto all = TRY(steps());
  auto first = std::find_if(all.begin(), all.end(), [&](auto& step) { return step.from == from; });
  if (first == all.end()) return Error(ErrorKind::not_found, "this state is no longer kept");
  KeptState state{first->from, first->time_ms, first->page_count, first->is_bookmark, {}};
  std::unordered_set<uint32_t> seen;
  auto file = TRY(m_disk.open(m_path, OpenMode::read));
  for (auto step = first; step != all.end(); ++step) {
    auto record = TRY(read_record(*file, step->offset_bytes, step->length_bytes));
    if (!record) return Error::io(fmt::format("history file {} is damaged at byte {}", m_path, step->offset_bytes));
    TRY(add_pages(*record, state, seen));
  }
  return state;
}

Result<size_t> HistoryFile::verify() const {
  auto file = TRY(open_if_there(m_disk, m_path, OpenMode::read));
  if (!file) return size_t{0};
  auto size = TRY(file->size());
  auto all = TRY(steps());
  uint64_t end = all.empty() ? 0 : all.back().offset_bytes + all.back().length_bytes;
  for (auto& step : all)
    if (!TRY(read_record(*file, step.offset_bytes, step.length_bytes))) {
      end = step.offset_bytes;
      break;
    }
  if (end != size) return Error::io(fmt::format("history file {} is damaged at byte {}", m_path, end));
  return all.size();
}

}  // namespace adit::ledger
