#include "ledger/engines/local/log_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

static_assert(std::endian::native == std::endian::little, "the log's integers are copied as they are");

namespace adit::ledger::local {
namespace {

constexpr char segment_magic[8] = {'A', 'D', 'I', 'T', 'L', 'O', 'G', '\n'};
constexpr uint32_t format_version = 2;
constexpr uint32_t record_magic = 0x32524441;    // "ADR2"
constexpr uint32_t record_magic_1 = 0x43524441;  // "ADRC": of version 1, without RecordTail
constexpr size_t checked_from = 16;              // after magic, length and checksum

struct RecordHeader {
  uint32_t magic;
  uint32_t length;
  uint64_t checksum;
  uint64_t epoch;
  uint64_t expected;
  uint64_t position;
  uint64_t durable;
  uint32_t page_size;
  uint32_t page_count;
  uint32_t pages;
  uint16_t id_bytes;
  uint8_t kind;
  uint8_t kept_is_bookmark;
};
static_assert(sizeof(RecordHeader) == 64);

struct RecordTail {
  int64_t time;
  int64_t kept_time;
  uint32_t kept_page_count;
  uint32_t previous;
};
static_assert(sizeof(RecordTail) == 24);

size_t padded(size_t size) { return (size + 7) & ~size_t{7}; }

// The length is outside the checked bytes, so it joins the seed.
uint64_t checksum_of(BytesView record, uint64_t salt) {
  return XXH3_64bits_withSeed(record.data() + checked_from, record.size() - checked_from, salt ^ record.size());
}

template <typename T>
void put(Bytes& out, size_t offset, T value) {
  std::memcpy(out.data() + offset, &value, sizeof value);
}

template <typename T>
T get(BytesView bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// A record later in the segment that says that its segment was durable past `offset`.
bool is_damage(const Segment& segment, size_t offset) {
  BytesView bytes = segment.bytes;
  for (size_t at = offset + 8; at + sizeof(RecordHeader) <= bytes.size(); at += 8) {
    if (auto magic = get<uint32_t>(bytes, at); magic != record_magic && magic != record_magic_1) continue;
    auto record = parse_record(bytes.subspan(at), segment.header.salt);
    if (record && record->durable_bytes > offset) return true;
  }
  return false;
}

}  // namespace

Bytes format_segment_header(const SegmentHeader& header) {
  Bytes out(segment_header_bytes);
  std::memcpy(out.data(), segment_magic, sizeof segment_magic);
  put(out, 8, format_version);
  put(out, 12, static_cast<uint32_t>(segment_header_bytes));
  put(out, 16, header.sequence);
  put(out, 24, header.salt);
  put(out, 32, static_cast<uint64_t>(XXH3_64bits(out.data(), 32)));
  return out;
}

Result<std::optional<SegmentHeader>> parse_segment_header(BytesView bytes) {
  if (bytes.size() < segment_header_bytes || std::memcmp(bytes.data(), segment_magic, sizeof segment_magic) != 0)
    return std::optional<SegmentHeader>();
  if (auto version = get<uint32_t>(bytes, 8); version > format_version)
    return Error(ErrorKind::not_supported,
                 fmt::format("log format {} was written by a newer adit; this one knows {}", version, format_version));
  if (get<uint64_t>(bytes, 32) != XXH3_64bits(bytes.data(), 32)) return std::optional<SegmentHeader>();
  return std::optional(SegmentHeader{get<uint64_t>(bytes, 16), get<uint64_t>(bytes, 24)});
}

uint32_t RecordView::page_number(uint32_t index) const {
  uint32_t number = 0;
  std::memcpy(&number, numbers + size_t{index} * 4, 4);
  return number;
}

LogEntry RecordView::entry(Function<PageBytes(uint32_t index)> image) const {
  LogEntry entry;
  entry.kind = kind;
  entry.epoch = epoch;
  entry.expected = expected;
  entry.position = position;
  entry.page_size_bytes = page_size_bytes;
  entry.page_count = page_count;
  entry.time_ms = time_ms;
  entry.kept_time_ms = kept_time_ms;
  entry.kept_page_count = kept_page_count;
  entry.kept_is_bookmark = kept_is_bookmark;
  entry.pages.reserve(pages);
  for (uint32_t i = 0; i < pages; ++i) entry.pages.push_back({page_number(i), image(i)});
  for (uint32_t i = pages; i < pages + previous; ++i) entry.previous.push_back({page_number(i), image(i)});
  return entry;
}

size_t record_size(const LedgerId& id, const LogEntry& entry) {
  auto images = entry.pages.size() + entry.previous.size();
  return sizeof(RecordHeader) + sizeof(RecordTail) + padded(id.text().size()) + padded(images * 4) +
         images * entry.page_size_bytes;
}

void append_record(Bytes& out, const LedgerId& id, const LogEntry& entry, uint64_t salt, uint64_t durable_bytes) {
  size_t start = out.size();
  size_t length = record_size(id, entry);
  VERIFY(length <= UINT32_MAX);
  out.resize(start + length);
  uint8_t* at = out.data() + start;
  RecordHeader header{record_magic,
                      static_cast<uint32_t>(length),
                      0,
                      entry.epoch,
                      entry.expected,
                      entry.position,
                      durable_bytes,
                      entry.page_size_bytes,
                      entry.page_count,
                      static_cast<uint32_t>(entry.pages.size()),
                      static_cast<uint16_t>(id.text().size()),
                      static_cast<uint8_t>(entry.kind),
                      static_cast<uint8_t>(entry.kept_is_bookmark)};
  RecordTail tail{entry.time_ms, entry.kept_time_ms, entry.kept_page_count,
                  static_cast<uint32_t>(entry.previous.size())};
  std::memcpy(at, &header, sizeof header);
  at += sizeof header;
  std::memcpy(at, &tail, sizeof tail);
  at += sizeof tail;
  std::memcpy(at, id.text().data(), id.text().size());
  at += padded(id.text().size());
  auto* numbers = at;
  at += padded((entry.pages.size() + entry.previous.size()) * 4);
  for (auto* images : {&entry.pages, &entry.previous}) {
    for (auto& page : *images) {
      std::memcpy(numbers, &page.number, 4);
      numbers += 4;
      std::memcpy(at, page.bytes.get(), entry.page_size_bytes);
      at += entry.page_size_bytes;
    }
  }
  auto checksum = checksum_of({out.data() + start, length}, salt);
  std::memcpy(out.data() + start + offsetof(RecordHeader, checksum), &checksum, sizeof checksum);
}

std::optional<RecordView> parse_record(BytesView bytes, uint64_t salt) {
  if (bytes.size() < sizeof(RecordHeader)) return std::nullopt;
  auto header = get<RecordHeader>(bytes, 0);
  if (header.magic != record_magic && header.magic != record_magic_1) return std::nullopt;
  size_t header_bytes = sizeof header + (header.magic == record_magic ? sizeof(RecordTail) : 0);
  if (header.length < header_bytes || header.length > bytes.size()) return std::nullopt;
  if (checksum_of(bytes.first(header.length), salt) != header.checksum) return std::nullopt;
  auto tail = header.magic == record_magic ? get<RecordTail>(bytes, sizeof header) : RecordTail{};
  auto count = size_t{header.pages} + tail.previous;
  size_t numbers = header_bytes + padded(header.id_bytes);
  size_t images = numbers + padded(count * 4);
  if (images + count * header.page_size != header.length) return std::nullopt;
  return RecordView{
      .kind = static_cast<EntryKind>(header.kind),
      .epoch = header.epoch,
      .expected = header.expected,
      .position = header.position,
      .durable_bytes = header.durable,
      .page_size_bytes = header.page_size,
      .page_count = header.page_count,
      .pages = header.pages,
      .previous = tail.previous,
      .time_ms = tail.time,
      .kept_time_ms = tail.kept_time,
      .kept_page_count = tail.kept_page_count,
      .kept_is_bookmark = header.kept_is_bookmark != 0,
      .id = text_of(bytes.subspan(header_bytes, header.id_bytes)),
      .length_bytes = header.length,
      .numbers = bytes.data() + numbers,
      .images = bytes.data() + images,
  };
}

std::string segment_name(uint64_t sequence) { return fmt::format("{:016x}.log", sequence); }

Result<std::vector<uint64_t>> list_segments(Disk& disk, const std::string& log) {
  std::vector<uint64_t> sequences;
  for (auto& name : TRY(disk.list(log))) {
    uint64_t sequence = 0;
    auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), sequence, 16);
    if (code == std::errc() && name == segment_name(sequence)) sequences.push_back(sequence);
  }
  std::sort(sequences.begin(), sequences.end());
  size_t first = sequences.empty() ? 0 : sequences.size() - 1;
  while (first > 0 && sequences[first - 1] + 1 == sequences[first]) --first;
  sequences.erase(sequences.begin(), sequences.begin() + static_cast<ptrdiff_t>(first));
  return sequences;
}

Result<Segment> read_segment(Disk& disk, const std::string& log, uint64_t sequence, bool is_newest) {
  auto path = log + "/" + segment_name(sequence);
  auto file = TRY(disk.open(path, OpenMode::read));
  Segment segment;
  segment.bytes.resize(TRY(file->size()));
  segment.bytes.resize(TRY(file->read(0, segment.bytes)));
  auto parsed = parse_segment_header(segment.bytes);
  if (parsed.is_error()) return std::move(parsed.error()).because("log segment " + path);
  if (parsed.value() && parsed.value()->sequence == sequence) {
    segment.header = *parsed.value();
    return segment;
  }
  // The header is synced before the first record is written.
  if (!is_newest || segment.bytes.size() > segment_header_bytes)
    return Error::io(fmt::format("log segment {} is damaged: its header is not whole", path));
  segment.is_empty = true;
  return segment;
}

Result<uint64_t> visit_records(const Segment& segment, bool is_newest, const std::string& log,
                               Function<Result<void>(const RecordView&)> visit) {
  if (segment.is_empty) return uint64_t{0};
  size_t at = segment_header_bytes;
  BytesView bytes = segment.bytes;
  while (at < bytes.size()) {
    auto record = parse_record(bytes.subspan(at), segment.header.salt);
    if (!record) {
      if (is_newest && !is_damage(segment, at)) return uint64_t{bytes.size() - at};
      return Error::io(fmt::format(
          "log segment {}/{} is damaged at byte {}; restore it from a backup, or move it away to lose what it holds",
          log, segment_name(segment.header.sequence), at));
    }
    TRY(visit(*record));
    at += record->length_bytes;
  }
  return uint64_t{0};
}

Result<void> delete_log(Disk& disk, const std::string& log) {
  auto sequences = TRY(list_segments(disk, log));
  if (sequences.empty()) return {};
  // A new empty segment, two past the newest: should the crash keep only some of the removals, the gap makes all that is left meaningless.
  auto marker = log + "/" + segment_name(sequences.back() + 2);
  TRY(disk.open(marker, OpenMode::create));
  TRY(disk.sync_directory(log));
  for (auto& name : TRY(disk.list(log)))
    if (log + "/" + name != marker) TRY(disk.remove(log + "/" + name));
  TRY(disk.sync_directory(log));
  return disk.remove(marker);
}

}  // namespace adit::ledger::local
