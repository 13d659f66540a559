#include "bindings/durable_object/storage.h"

namespace adit::bindings::durable_object {
namespace {

// The least text above every text with this prefix, or nothing when there is none.
std::optional<std::string> after_prefix(std::string prefix) {
  while (!prefix.empty()) {
    auto last = static_cast<unsigned char>(prefix.back());
    if (last < 0xff) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<Storage>> Storage::create(std::shared_ptr<ledger::Ledger> ledger) {
  auto storage = std::make_shared<Storage>(std::move(ledger));
  storage->m_has_table = storage->m_ledger->has_data();
  return storage;
}

Result<void> Storage::ensure_table() {
  if (m_has_table) return {};
  // Keys are compared as octets of UTF-8, which is the order that Workers list in.
  TRY(m_ledger->database().execute(
      "CREATE TABLE IF NOT EXISTS storage (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"));
  m_has_table = true;
  return {};
}

Result<void> Storage::prepare_write() {
  if (!m_transaction) TRY(m_ledger->write());
  return ensure_table();
}

Result<std::optional<Bytes>> Storage::get(const std::string& key) {
  if (m_ledger->is_broken()) return m_ledger->error();
  if (!m_has_table) return std::optional<Bytes>();
  auto select = TRY(m_ledger->database().prepare("SELECT value FROM storage WHERE key = ?"));
  select.bind(1, bytes_of(key));
  if (!TRY(select.step())) return std::optional<Bytes>();
  return std::optional<Bytes>(copy_bytes(select.blob(0)));
}

Result<void> Storage::put(const std::string& key, BytesView value) {
  TRY(prepare_write());
  auto upsert = TRY(m_ledger->database().prepare(
      "INSERT INTO storage VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
  upsert.bind(1, bytes_of(key)).bind(2, value);
  return upsert.run();
}

Result<bool> Storage::remove(const std::string& key) {
  TRY(prepare_write());
  auto remove = TRY(m_ledger->database().prepare("DELETE FROM storage WHERE key = ?"));
  remove.bind(1, bytes_of(key));
  TRY(remove.run());
  return m_ledger->database().changes() > 0;
}

Result<void> Storage::remove_all() {
  TRY(prepare_write());
  return m_ledger->database().execute("DELETE FROM storage");
}

Result<std::vector<Entry>> Storage::list(const Range& range) {
  if (m_ledger->is_broken()) return m_ledger->error();
  std::vector<Entry> entries;
  if (!m_has_table) return entries;
  std::string sql =
      "SELECT key, value FROM storage WHERE key >= ? AND key > ? AND (? OR key < ?) AND (? OR key < ?) ORDER BY key";
  sql += range.reverse ? " DESC LIMIT ?" : " LIMIT ?";
  auto select = TRY(m_ledger->database().prepare(sql));
  auto low = range.start.value_or("");
  if (range.prefix && *range.prefix > low) low = *range.prefix;
  auto above = range.prefix ? after_prefix(*range.prefix) : std::nullopt;
  // Keys are never empty, so "greater than the empty key" holds for all.
  auto start_after = range.start_after.value_or("");
  auto end = range.end.value_or("");
  auto prefix_end = above.value_or("");
  select.bind(1, bytes_of(low)).bind(2, bytes_of(start_after)).bind(3, int64_t{!range.end}).bind(4, bytes_of(end));
  select.bind(5, int64_t{!above}).bind(6, bytes_of(prefix_end)).bind(7, range.limit.value_or(-1));
  while (TRY(select.step())) entries.push_back({std::string(text_of(select.blob(0))), copy_bytes(select.blob(1))});
  return entries;
}

Result<void> Storage::begin() {
  VERIFY(!m_transaction);
  auto transaction = TRY(m_ledger->begin());
  m_transaction.emplace(std::move(transaction));
  return {};
}

Result<void> Storage::commit() {
  VERIFY(m_transaction);
  auto committed = m_transaction->commit();
  m_transaction.reset();
  if (committed.is_error()) return std::move(committed.error());
  return {};
}

Result<void> Storage::rollback() {
  VERIFY(m_transaction);
  auto undone = m_transaction->rollback();
  m_transaction.reset();
  m_has_table = m_has_table && m_ledger->has_data();
  return undone;
}

}  // namespace adit::bindings::durable_object
