#include "ledger/engines/local/log_writer.h"

namespace adit::ledger::local {

BatchResult LogWriter::write(const std::vector<LogItem>& items) {
  BatchResult result;
  if (m_failure) {
    result.outcome = Error(ErrorKind::io, "the log takes no more writes until adit is restarted, because it failed: " +
                                              m_failure->full_message());
    return result;
  }
  if (!m_file || m_size_bytes >= m_segment_bytes) {
    if (auto rolled = roll(); rolled.is_error()) {
      result.outcome = std::move(rolled.error()).because("start a log segment");
      return result;
    }
    result.bytes_written += segment_header_bytes;
  }
  result.sequence = m_sequence;
  m_buffer.clear();
  for (auto& item : items) append_record(m_buffer, item.id, item.entry, m_salt ^ m_sequence, m_size_bytes);
  if (auto written = m_file->write(m_size_bytes, m_buffer); written.is_error()) {
    result.outcome = cut(std::move(written.error()));
    return result;
  }
  if (auto synced = m_file->sync(); synced.is_error()) {
    m_failure = synced.error();
    result.outcome = Error(ErrorKind::unknown_outcome, "the log could not be synced: " + synced.error().full_message());
    return result;
  }
  m_size_bytes += m_buffer.size();
  result.bytes_written += m_buffer.size();
  if (m_buffer.capacity() > (8u << 20)) Bytes().swap(m_buffer);  // one huge transaction must not pin its size
  return result;
}

// Makes sure that nothing of a failed write can come back, so that "not written" is the truth.
Result<void> LogWriter::cut(Error cause) {
  auto cut = m_file->truncate(m_size_bytes);
  if (cut.is_ok()) cut = m_file->sync();
  if (cut.is_error()) {
    m_failure = cause;
    return Error(ErrorKind::unknown_outcome,
                 "the log could not be written, nor its torn end cut off: " + cause.full_message());
  }
  if (cause.kind() != ErrorKind::limit) m_failure = cause;
  return std::move(cause).because("write the log");
}

Result<void> LogWriter::roll() {
  auto next = m_sequence + 1;
  auto path = m_log + "/" + segment_name(next);
  auto create = [&]() -> Result<std::unique_ptr<DiskFile>> {
    auto file = TRY(m_disk.open(path, OpenMode::create));
    TRY(file->truncate(0));
    TRY(file->write(0, format_segment_header({next, m_salt ^ next})));
    TRY(file->sync());
    TRY(m_disk.sync_directory(m_log));
    return file;
  };
  auto created = create();
  if (created.is_error()) {
    // The old segment stays the newest; a leftover has no whole header or no record, and the next try starts it over.
    m_disk.remove(path).ignore();
    if (created.error().kind() != ErrorKind::limit) m_failure = created.error();
    return std::move(created.error());
  }
  m_file = std::move(created).value();
  m_sequence = next;
  m_size_bytes = segment_header_bytes;
  return {};
}

Result<std::vector<LogEntry>> LogWriter::read(const LedgerId& id, Position after) const {
  if (m_failure) return Error(ErrorKind::io, "the log failed: " + m_failure->full_message());
  std::vector<LogEntry> entries;
  auto sequences = TRY(list_segments(m_disk, m_log));
  for (auto sequence : sequences) {
    if (sequence > m_sequence) break;
    bool is_newest = sequence == m_sequence;
    auto segment = TRY(read_segment(m_disk, m_log, sequence, is_newest));
    TRY(visit_records(segment, is_newest, m_log, [&](const RecordView& record) -> Result<void> {
      if (record.id != id.text() || record.position <= after) return {};
      auto entry = record.entry([&record](uint32_t index) {
        auto bytes = std::make_shared_for_overwrite<uint8_t[]>(record.page_size_bytes);
        std::memcpy(bytes.get(), record.page(index), record.page_size_bytes);
        return PageBytes(std::move(bytes));
      });
      entries.push_back(std::move(entry));
      return {};
    }));
  }
  return entries;
}

Result<void> LogWriter::delete_all() {
  if (m_failure) return Error(ErrorKind::io, "the log is kept because it failed: " + m_failure->full_message());
  m_file = nullptr;
  return delete_log(m_disk, m_log);
}

}  // namespace adit::ledger::local
