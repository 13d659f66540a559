// The key-value storage of one object: a table in its ledger. Keys are texts in the order of their UTF-8 octets, values are octets.
// Owner: the object's shard. Lifecycle: made over an open ledger, gone before the ledger's store; useless once the ledger is broken.
// Invariant: nothing is written to the ledger before the first put.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "ledger/ledger.h"

namespace adit::bindings::durable_object {

// Cloudflare's documented limits.
constexpr size_t max_key_bytes = 2048;
constexpr size_t max_value_bytes = 128 * 1024;         // of a class without SQL
constexpr size_t max_pair_bytes_with_sql = 2'000'000;  // key and value together, of a class with SQL

struct ListOptions {
  std::string start;  // inclusive, unless excludes_start
  bool excludes_start = false;
  std::optional<std::string> end;  // exclusive
  std::string prefix;
  bool reverse = false;
  std::optional<int64_t> limit;
};

// An object's alarm, kept under a key that no text can be. The generation tells alarms with the same time apart.
struct AlarmRecord {
  int64_t time_ms = 0;  // Unix time
  int64_t generation = 0;
};

class Storage {
 public:
  static Result<std::unique_ptr<Storage>> open(std::shared_ptr<ledger::Ledger> ledger, bool has_sql);

  ledger::Ledger& ledger() { return *m_ledger; }

  // Calls visit(BytesView value) and answers true, or answers false when there is no such key. The view lives as long as the visit.
  template <typename Visit>
  Result<bool> get(std::string_view key, Visit&& visit) {
    if (!m_has_table) return false;
    auto statement = TRY(m_ledger->database().prepare("SELECT value FROM _cf_KV WHERE key = ?"));
    statement.bind(1, bytes_of(key));
    if (!TRY(statement.step())) return false;
    TRY(visit(statement.blob(0)));
    return true;
  }
  Result<void> put(std::string_view key, BytesView value);
  // Whether it was there.
  Result<bool> remove(std::string_view key);
  Result<void> remove_all();
  // Calls visit(std::string_view key, BytesView value) for each in order.
  template <typename Visit>
  Result<void> list(const ListOptions& options, Visit&& visit) {
    if (!m_has_table) return {};
    auto range = range_of(options);
    auto statement = TRY(m_ledger->database().prepare(
        options.reverse ? "SELECT key, value FROM _cf_KV WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
                        : "SELECT key, value FROM _cf_KV WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"));
    statement.bind_all(bytes_of(range.from), bytes_of(range.to), options.limit.value_or(-1));
    while (TRY(statement.step())) TRY(visit(text_of(statement.blob(0)), statement.blob(1)));
    return {};
  }

  // The alarm, which neither list() nor remove_all() touch. Also of an object that is not in memory.
  static Result<std::optional<AlarmRecord>> alarm_in(ledger::Ledger& ledger);
  static Result<void> remove_alarm_in(ledger::Ledger& ledger);
  Result<std::optional<AlarmRecord>> alarm();
  Result<void> put_alarm(const AlarmRecord& alarm);
  Result<void> remove_alarm();

  // Of a value about to be put: a RangeError when key or value are too large.
  Result<void> check_size(std::string_view key, size_t value_bytes) const;
  static Result<void> check_key(std::string_view key);
  // After anything was rolled back: the table may be gone with it.
  Result<void> rolled_back();

 private:
  struct Range {
    std::string from;
    std::string to;
  };
  Storage(std::shared_ptr<ledger::Ledger> ledger, bool has_sql) : m_ledger(std::move(ledger)), m_has_sql(has_sql) {}
  static Range range_of(const ListOptions& options);
  Result<void> make_table();

  std::shared_ptr<ledger::Ledger> m_ledger;
  bool m_has_sql;
  bool m_has_table = false;
};

}  // namespace adit::bindings::durable_object
