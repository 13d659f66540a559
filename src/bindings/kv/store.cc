#include "bindings/kv/store.h"

#include <sqlite3.h>

#include <algorithm>

namespace adit::bindings::kv {
namespace {

constexpr int puts_between_sweeps = 64;
constexpr int64_t swept_at_once = 128;  // more than are put between sweeps, so that sweeping keeps up

// The first key after all that start with the prefix. 0xff is in no UTF-8 text.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return "\xff";
  end.back() = static_cast<char>(end.back() + 1);
  return end;
}

std::optional<int64_t> optional_integer(const ledger::Statement& statement, int column) {
  return statement.is_null(column) ? std::nullopt : std::optional(statement.integer(column));
}

std::string text_of_segment(const blobs::Segment& segment) {
  return segment.id.text() + " " + std::to_string(segment.size_bytes);
}

Result<blobs::Segment> segment_of_text(std::string_view text) {
  auto id = blobs::BlobId::parse(text.substr(0, 32));
  if (!id || text.size() < 34) return Error::io("a long value's row is damaged");
  return blobs::Segment{*id, std::strtoull(std::string(text.substr(33)).c_str(), nullptr, 10), {}};
}

}  // namespace

Store::Store(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock)
    : m_ledger(std::move(ledger)),
      m_clock(clock),
      m_has_table(m_ledger->has_data()),
      m_puts_until_sweep(puts_between_sweeps) {
  // Without it reads are only slower.
  m_ledger->database().execute("PRAGMA cache_size = -2048").ignore();
  if (!m_has_table) return;
  auto found = m_ledger->database().prepare("SELECT 1 FROM sqlite_schema WHERE name = 'long_values'");
  if (found.is_error()) return;
  auto row = found.value().step();
  m_has_long_values = row.is_ok() && row.value();
}

Result<void> Store::make_table() {
  if (m_has_table) return {};
  TRY(m_ledger->database().execute(
      "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, expiration INTEGER, metadata TEXT, value BLOB NOT "
      "NULL) WITHOUT ROWID;"
      "CREATE INDEX IF NOT EXISTS expiring_entries ON entries (expiration) WHERE expiration IS NOT NULL"));
  m_has_table = true;
  return {};
}

Result<bool> Store::step_to_entry(ledger::Statement& statement, std::string_view key, EntryView& entry) const {
  statement.bind(1, bytes_of(key));
  if (!TRY(statement.step())) return false;
  entry.expiration_s = optional_integer(statement, 2);
  if (is_expired(entry.expiration_s)) return false;
  if (statement.column_type(0) == SQLITE_TEXT) entry.long_value = TRY(segment_of_text(statement.text(0)));
  else entry.value = text_of(statement.blob(0));
  if (!statement.is_null(1)) entry.metadata = statement.text(1);
  return true;
}

Result<void> Store::put(const PutRequest& request) {
  VERIFY(request.value.size() <= max_value_bytes);
  TRY(m_ledger->write());
  TRY(make_table());
  if (--m_puts_until_sweep <= 0) TRY(sweep(swept_at_once));
  TRY(forget_long_value(request.key));
  if (request.long_value) TRY(name_long_value(*request.long_value));
  auto statement =
      TRY(m_ledger->database().prepare("REPLACE INTO entries (key, expiration, metadata, value) VALUES (?, ?, ?, ?)"));
  statement.bind(1, bytes_of(request.key));
  if (request.expiration_s) statement.bind(2, *request.expiration_s);
  else statement.bind_null(2);
  if (request.metadata) statement.bind(3, std::string_view(*request.metadata));
  else statement.bind_null(3);
  std::string long_value = request.long_value ? text_of_segment(*request.long_value) : "";
  if (request.long_value) statement.bind(4, std::string_view(long_value));
  else statement.bind(4, bytes_of(request.value));
  return statement.run();
}

Result<void> Store::remove(std::string_view key) {
  if (!m_has_table) return {};
  TRY(m_ledger->write());
  TRY(forget_long_value(key));
  auto statement = TRY(m_ledger->database().prepare("DELETE FROM entries WHERE key = ?"));
  return statement.bind(1, bytes_of(key)).run();
}

Result<ListPage> Store::list(const ListRequest& request) {
  ListPage page;
  page.is_complete = true;
  if (!m_has_table) return page;
  // The key that follows a key is the same with a zero octet behind it.
  auto from = request.after.empty() ? request.prefix : std::max(request.prefix, request.after + '\0');
  auto end = end_of_prefix(request.prefix);
  auto limit = std::min(request.limit, max_list_keys);
  auto statement =
      TRY(m_ledger->database().prepare("SELECT key, expiration, metadata FROM entries WHERE key >= ? AND key < ? AND "
                                       "(expiration IS NULL OR expiration > ?) ORDER BY key LIMIT ?"));
  statement.bind_all(bytes_of(from), bytes_of(end), now_s(), static_cast<int64_t>(limit + 1));
  while (TRY(statement.step())) {
    if (page.keys.size() == limit) {
      page.is_complete = false;
      break;
    }
    ListedKey key{std::string(text_of(statement.blob(0))), optional_integer(statement, 1), std::nullopt};
    if (!statement.is_null(2)) key.metadata = std::string(statement.text(2));
    page.keys.push_back(std::move(key));
  }
  return page;
}

Result<int64_t> Store::sweep(int64_t limit) {
  m_puts_until_sweep = puts_between_sweeps;
  if (!m_has_table) return 0;
  TRY(m_ledger->write());
  if (m_has_long_values) return sweep_one_by_one(limit);
  auto statement = TRY(m_ledger->database().prepare(
      "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expiration <= ? ORDER BY expiration LIMIT ?)"));
  TRY(statement.bind_all(now_s(), limit).run());
  return m_ledger->database().changes();
}

Result<int64_t> Store::sweep_one_by_one(int64_t limit) {
  std::vector<std::string> keys;
  auto expired =
      TRY(m_ledger->database().prepare("SELECT key FROM entries WHERE expiration <= ? ORDER BY expiration LIMIT ?"));
  expired.bind_all(now_s(), limit);
  while (TRY(expired.step())) keys.emplace_back(text_of(expired.blob(0)));
  for (auto& key : keys) TRY(remove(key));
  return static_cast<int64_t>(keys.size());
}

Result<bool> Store::has_expiring() {
  if (!m_has_table) return false;
  auto statement = TRY(m_ledger->database().prepare("SELECT 1 FROM entries WHERE expiration IS NOT NULL LIMIT 1"));
  return statement.step();
}

Result<void> Store::name_long_value(const blobs::Segment& segment) {
  if (!m_has_long_values) {
    TRY(m_ledger->database().execute(
        "CREATE TABLE IF NOT EXISTS long_values (id BLOB PRIMARY KEY, is_forgotten INTEGER NOT NULL) WITHOUT ROWID"));
    m_has_long_values = true;
  }
  auto insert = TRY(m_ledger->database().prepare("INSERT INTO long_values (id, is_forgotten) VALUES (?, 0)"));
  return insert.bind(1, segment.id.view()).run();
}

// The key's value is about to go: its blob, if it is one, is to be deleted.
Result<void> Store::forget_long_value(std::string_view key) {
  if (!m_has_long_values) return {};
  auto select = TRY(m_ledger->database().prepare("SELECT value FROM entries WHERE key = ?"));
  select.bind(1, bytes_of(key));
  if (!TRY(select.step()) || select.column_type(0) != SQLITE_TEXT) return {};
  auto segment = TRY(segment_of_text(select.text(0)));
  auto update = TRY(m_ledger->database().prepare("UPDATE long_values SET is_forgotten = 1 WHERE id = ?"));
  TRY(update.bind(1, segment.id.view()).run());
  m_forgotten.push_back(segment.id);
  return {};
}

bool Store::uses(const blobs::BlobId& id) {
  if (!m_has_long_values) return false;
  auto select = m_ledger->database().prepare("SELECT 1 FROM long_values WHERE id = ? AND is_forgotten = 0");
  if (select.is_error()) return true;  // nothing may be deleted because the database cannot be read
  auto row = select.value().bind(1, id.view()).step();
  return row.is_error() || row.value();
}

Result<std::vector<blobs::BlobId>> Store::to_delete() {
  std::vector<blobs::BlobId> ids;
  if (!m_has_long_values) return ids;
  auto select = TRY(m_ledger->database().prepare("SELECT id FROM long_values WHERE is_forgotten = 1"));
  while (TRY(select.step()))
    if (auto id = blobs::BlobId::from(select.blob(0))) ids.push_back(*id);
  return ids;
}

Result<void> Store::deleted(const std::vector<blobs::BlobId>& ids) {
  if (ids.empty() || !m_has_long_values) return {};
  TRY(m_ledger->write());
  auto row = TRY(m_ledger->database().prepare("DELETE FROM long_values WHERE id = ? AND is_forgotten = 1"));
  for (auto& id : ids) {
    TRY(row.bind(1, id.view()).run());
    row.reset();
  }
  return {};
}

}  // namespace adit::bindings::kv
