#include "bindings/kv/store.h"

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

}  // namespace

Store::Store(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock)
    : m_ledger(std::move(ledger)),
      m_clock(clock),
      m_has_table(m_ledger->has_data()),
      m_puts_until_sweep(puts_between_sweeps) {
  // Without it reads are only slower.
  m_ledger->database().execute("PRAGMA cache_size = -2048").ignore();
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
  entry.value = text_of(statement.blob(0));
  if (!statement.is_null(1)) entry.metadata = statement.text(1);
  return true;
}

Result<void> Store::put(const PutRequest& request) {
  VERIFY(request.value.size() <= max_value_bytes);
  TRY(m_ledger->write());
  TRY(make_table());
  if (--m_puts_until_sweep <= 0) TRY(sweep(swept_at_once));
  auto statement =
      TRY(m_ledger->database().prepare("REPLACE INTO entries (key, expiration, metadata, value) VALUES (?, ?, ?, ?)"));
  statement.bind(1, bytes_of(request.key));
  if (request.expiration_s) statement.bind(2, *request.expiration_s);
  else statement.bind_null(2);
  if (request.metadata) statement.bind(3, std::string_view(*request.metadata));
  else statement.bind_null(3);
  statement.bind(4, bytes_of(request.value));
  return statement.run();
}

Result<void> Store::remove(std::string_view key) {
  if (!m_has_table) return {};
  TRY(m_ledger->write());
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
  auto statement = TRY(m_ledger->database().prepare(
      "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expiration <= ? ORDER BY expiration LIMIT ?)"));
  TRY(statement.bind_all(now_s(), limit).run());
  return m_ledger->database().changes();
}

}  // namespace adit::bindings::kv
