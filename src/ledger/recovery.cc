#include "ledger/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ledger/engines/local/log_format.h"
#include "ledger/page_file.h"

namespace adit::ledger {
namespace {

using local::RecordView;
using local::Segment;

// A record and the segment whose memory it is a view of.
struct Found {
  std::shared_ptr<const Segment> segment;
  RecordView record;
};

LogEntry entry_of(const Found& found) {
  return found.record.entry([&found](uint32_t index) { return PageBytes(found.segment, found.record.page(index)); });
}

Result<std::shared_ptr<DiskFile>> open_if_there(Disk& disk, const std::string& path) {
  auto opened = disk.open(path, OpenMode::read_write);
  if (opened.is_error() && opened.error().kind() == ErrorKind::not_found) return std::shared_ptr<DiskFile>();
  return std::shared_ptr<DiskFile>(TRY(std::move(opened)));
}

Result<void> redo(const StateDirectory& state, const LedgerId& id, const std::vector<Found>& records) {
  auto path = state.database_path(id);
  size_t first = 0;
  for (size_t i = 0; i < records.size(); ++i)
    if (records[i].record.kind == EntryKind::destroy) first = i + 1;
  if (first > 0) TRY(remove_database(state.disk(), path));
  size_t with_pages = first;
  while (with_pages < records.size() && records[with_pages].record.kind != EntryKind::pages) ++with_pages;
  if (with_pages == records.size()) return {};  // deleted, or only its epoch was raised: no file, nothing to fence
  auto file = first > 0 ? nullptr : TRY(open_if_there(state.disk(), path));
  auto pages = TRY(PageFile::open_for_redo(std::move(file), records[with_pages].record.page_size_bytes));
  auto is_kept = [](const Found& found) { return found.record.kept_time_ms != 0; };
  if (std::any_of(records.begin() + static_cast<ptrdiff_t>(first), records.end(), is_kept)) {
    pages->keep_history(nullptr, {});
    pages->set_history_synced(records[first].record.expected);
  }
  for (size_t i = first; i < records.size(); ++i) {
    if (i > first && records[i].record.expected != records[i - 1].record.position)
      return Error::io(fmt::format("the log of ledger {} jumps from position {} to {}", id.text(),
                                   records[i - 1].record.position, records[i].record.expected));
    TRY(pages->replay(entry_of(records[i])));
  }
  return pages->begin_checkpoint()->write(state.disk(), path);
}

std::string recovered_path(const StateDirectory& state) { return state.path() + "/recovered"; }

}  // namespace

Result<std::vector<LedgerId>> recovered_ledgers(const StateDirectory& state) {
  std::vector<LedgerId> ids;
  auto file = TRY(open_if_there(state.disk(), recovered_path(state)));
  if (!file) return ids;
  Bytes octets(TRY(file->size()));
  octets.resize(TRY(file->read(0, octets)));
  std::unordered_set<std::string_view> seen;
  for (std::string_view rest = text_of(octets); !rest.empty();) {
    auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    // A crash may have torn the end, and then the log is still there.
    if (auto id = LedgerId::parse(line); id.is_ok() && seen.insert(line).second) ids.push_back(std::move(id).value());
  }
  return ids;
}

Result<void> forget_recovered(const StateDirectory& state) {
  auto removed = state.disk().remove(recovered_path(state));
  if (removed.is_error() && removed.error().kind() != ErrorKind::not_found) return removed;
  return state.disk().sync_directory(state.path());
}

Result<void> recover_log(const StateDirectory& state, const std::string& log, RecoveryReport& report) {
  auto& disk = state.disk();
  auto sequences = TRY(local::list_segments(disk, log));
  std::unordered_map<std::string, std::vector<Found>> ledgers;
  for (auto sequence : sequences) {
    bool is_newest = sequence == sequences.back();
    auto segment = std::make_shared<const Segment>(TRY(local::read_segment(disk, log, sequence, is_newest)));
    ++report.segments;
    report.log_bytes += segment->bytes.size();
    report.torn_bytes +=
        TRY(local::visit_records(*segment, is_newest, log, [&](const RecordView& record) -> Result<void> {
          ledgers[std::string(record.id)].push_back({segment, record});
          ++report.entries;
          return {};
        }));
  }
  if (!ledgers.empty()) {
    // The end of the log may be in the kernel's memory only (the process died before its sync). No database file may get it before the log has
    // it for good: losing the power now would leave the file ahead of the log, with pages of half a commit.
    TRY(TRY(disk.open(log + "/" + local::segment_name(sequences.back()), OpenMode::read_write))->sync());
    TRY(disk.sync_directory(log));
  }
  std::string recovered;
  for (auto& [name, records] : ledgers) {
    auto id = LedgerId::parse(name);
    if (id.is_error()) return std::move(id.error()).because("log " + log + " names an impossible ledger");
    TRY(redo(state, id.value(), records));
    recovered += name + "\n";
  }
  report.ledgers += ledgers.size();
  if (!ledgers.empty()) {
    auto file = TRY(disk.open(recovered_path(state), OpenMode::create));
    TRY(file->write(TRY(file->size()), bytes_of(recovered)));
    TRY(disk.sync_everything(state.path()));
  }
  return local::delete_log(disk, log);
}

}  // namespace adit::ledger
