#include "bindings/durable_object/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace adit::bindings::durable_object {
namespace {

constexpr std::string_view alarm_key =
    "\xff"
    "alarm";

}  // namespace

Result<std::unique_ptr<Storage>> Storage::open(std::shared_ptr<ledger::Ledger> ledger, bool has_sql) {
  std::unique_ptr<Storage> storage(new Storage(std::move(ledger), has_sql));
  if (storage->m_ledger->has_data()) TRY(storage->rolled_back());
  return storage;
}

Result<void> Storage::rolled_back() {
  auto statement =
      TRY(m_ledger->database().prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_cf_KV'"));
  m_has_table = TRY(statement.step());
  return {};
}

Result<void> Storage::make_table() {
  if (m_has_table) return {};
  // The name that Workers use, where SQL hides it. Keys are blobs, so that their order is that of octets.
  TRY(m_ledger->database().execute(
      "CREATE TABLE IF NOT EXISTS _cf_KV (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"));
  m_has_table = true;
  return {};
}

Result<void> Storage::check_key(std::string_view key) {
  if (key.size() <= max_key_bytes) return {};
  return Error::range_error(
      fmt::format("Keys cannot be larger than {} bytes. A key of size {} was provided.", max_key_bytes, key.size()));
}

Result<void> Storage::check_size(std::string_view key, size_t value_bytes) const {
  TRY(check_key(key));
  if (!m_has_sql && value_bytes > max_value_bytes)
    return Error::range_error(fmt::format("Values cannot be larger than {} bytes. A value of size {} was provided.",
                                          max_value_bytes, value_bytes));
  if (m_has_sql && key.size() + value_bytes > max_pair_bytes_with_sql)
    return Error::range_error(
        fmt::format("Key and value together cannot be larger than {} bytes. A key of size {} and a value of size {} "
                    "were provided.",
                    max_pair_bytes_with_sql, key.size(), value_bytes));
  return {};
}

Result<void> Storage::put(std::string_view key, BytesView value) {
  TRY(m_ledger->write());
  TRY(make_table());
  auto statement = TRY(m_ledger->database().prepare("REPLACE INTO _cf_KV (key, value) VALUES (?, ?)"));
  return statement.bind_all(bytes_of(key), value).run();
}

Result<bool> Storage::remove(std::string_view key) {
  if (!m_has_table) return false;
  TRY(m_ledger->write());
  auto statement = TRY(m_ledger->database().prepare("DELETE FROM _cf_KV WHERE key = ?"));
  TRY(statement.bind(1, bytes_of(key)).run());
  return m_ledger->database().changes() > 0;
}

Result<void> Storage::remove_all() {
  if (!m_has_table) return {};
  TRY(m_ledger->write());
  // Up to the alarm.
  auto statement = TRY(m_ledger->database().prepare("DELETE FROM _cf_KV WHERE key < x'ff'"));
  return statement.run();
}

Result<std::optional<AlarmRecord>> Storage::alarm_in(ledger::Ledger& ledger) {
  if (!ledger.has_data()) return std::optional<AlarmRecord>();
  return TRY(open(ledger.shared_from_this(), false))->alarm();
}

Result<void> Storage::remove_alarm_in(ledger::Ledger& ledger) {
  if (!ledger.has_data()) return {};
  return TRY(open(ledger.shared_from_this(), false))->remove_alarm();
}

Result<std::optional<AlarmRecord>> Storage::alarm() {
  std::optional<AlarmRecord> found;
  TRY(get(alarm_key, [&](BytesView octets) -> Result<void> {
    AlarmRecord record;
    if (octets.size() != sizeof(record)) return Error::failed("The Durable Object's alarm is damaged.");
    std::memcpy(&record, octets.data(), sizeof(record));
    found = record;
    return {};
  }));
  return found;
}

Result<void> Storage::put_alarm(const AlarmRecord& alarm) {
  static_assert(sizeof(alarm) == 16 && std::endian::native == std::endian::little, "as it is on disk");
  return put(alarm_key, {reinterpret_cast<const uint8_t*>(&alarm), sizeof(alarm)});
}

Result<void> Storage::remove_alarm() {
  TRY(remove(alarm_key));
  return {};
}

Storage::Range Storage::range_of(const ListOptions& options) {
  // The key that follows a key is the same with a zero octet behind it; 0xff is in no UTF-8 text.
  Range range{options.start, "\xff"};
  if (options.excludes_start) range.from.push_back('\0');
  if (options.end) range.to = *options.end;
  if (!options.prefix.empty()) {
    range.from = std::max(range.from, options.prefix);
    auto end = options.prefix;
    end.back() = static_cast<char>(end.back() + 1);  // never overflows: no octet of UTF-8 is 0xff
    range.to = std::min(range.to, end);
  }
  return range;
}

}  // namespace adit::bindings::durable_object
