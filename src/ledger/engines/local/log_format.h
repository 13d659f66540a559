// The log on disk. A log is a folder of segments, NNNNNNNNNNNNNNNN.log, numbered without gaps; the oldest are deleted first, so that what lies
// before a gap is meant to be gone. A segment is a header and records; integers are little-endian, records 8-byte aligned.
// Owner: value types. Invariant: a record that parses is whole: its checksum, seeded with its segment's salt, covers all of it.
//
//   header  magic[8] version u32 header_bytes u32 sequence u64 salt u64 checksum u64                       (40 bytes)
//   record  magic u32 length u32 checksum u64 epoch u64 expected u64 position u64 durable u64
//           page_size u32 page_count u32 pages u32 id_bytes u16 kind u8 kept_is_bookmark u8                (64 bytes)
//           time u64 kept_time u64 kept_page_count u32 previous u32                                        (24 bytes, from version 2)
//           id, padded to 8; page numbers u32 of pages and previous, padded to 8; images of pages and previous
//
// durable: how much of the segment was known durable when the record was written. A bad record before that offset is damage, not a torn
// end, and must not be taken for one: it would silently drop acknowledged commits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/disk.h"
#include "ledger/engine.h"

namespace adit::ledger::local {

constexpr size_t segment_header_bytes = 40;

struct SegmentHeader {
  uint64_t sequence = 0;
  uint64_t salt = 0;
};

Bytes format_segment_header(const SegmentHeader& header);
// nullopt: not whole. An error: a newer format.
Result<std::optional<SegmentHeader>> parse_segment_header(BytesView bytes);

// What a record says; views into the segment's bytes.
struct RecordView {
  EntryKind kind;
  Epoch epoch;
  Position expected;
  Position position;
  uint64_t durable_bytes;
  uint32_t page_size_bytes;
  uint32_t page_count;
  uint32_t pages;
  uint32_t previous;  // page images that follow the pages
  int64_t time_ms;
  int64_t kept_time_ms;
  uint32_t kept_page_count;
  bool kept_is_bookmark;
  std::string_view id;
  size_t length_bytes;
  const uint8_t* numbers;
  const uint8_t* images;

  uint32_t page_number(uint32_t index) const;
  const uint8_t* page(uint32_t index) const { return images + size_t{index} * page_size_bytes; }
  // image(index) makes the bytes of a page, pages first, then previous.
  LogEntry entry(Function<PageBytes(uint32_t index)> image) const;
};

size_t record_size(const LedgerId& id, const LogEntry& entry);
void append_record(Bytes& out, const LedgerId& id, const LogEntry& entry, uint64_t salt, uint64_t durable_bytes);
// nullopt: no whole record at the start of bytes.
std::optional<RecordView> parse_record(BytesView bytes, uint64_t salt);

std::string segment_name(uint64_t sequence);
// Sequences of a log, ascending: the longest run without a gap that ends with the newest.
Result<std::vector<uint64_t>> list_segments(Disk& disk, const std::string& log);

struct Segment {
  SegmentHeader header;
  Bytes bytes;
  bool is_empty = false;  // its header never became whole, so that nothing in it was acknowledged
};
Result<Segment> read_segment(Disk& disk, const std::string& log, uint64_t sequence, bool is_newest);

// Visits records in order, answers how many bytes at the end are torn. Damage (see above) is an error that names the place.
Result<uint64_t> visit_records(const Segment& segment, bool is_newest, const std::string& log,
                               Function<Result<void>(const RecordView&)> visit);

// Deletes a log all of whose ledgers are synced elsewhere; a crash in the midst leaves it whole or meaningless, never shortened at its end.
Result<void> delete_log(Disk& disk, const std::string& log);

}  // namespace adit::ledger::local
