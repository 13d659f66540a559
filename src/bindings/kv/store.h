// The entries of one KV namespace in its ledger: read, put, remove, list, and the sweeping of expired ones.
// Owner: the namespace's shard. Lifecycle: made over an open ledger, gone before the ledger's store; useless once the ledger is broken.
// Invariant: an expired entry is never seen, whether it has been swept yet or not. Nothing is written before the first put.
//
// A value above max_inline_bytes is a blob (bindings/blobs); its row then has the blob's segment as text where others have octets, and
// long_values has every blob that the namespace uses, or no longer does and has still to delete.
//
// Keys are blobs, so that their order is that of UTF-8 octets. Expiration and metadata come before the value in a row: a list reads them
// without touching the pages that a long value overflows to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bindings/blobs/segment.h"
#include "ledger/ledger.h"

namespace adit::bindings::kv {

constexpr size_t max_value_bytes = 25 * 1024 * 1024;
constexpr size_t max_list_keys = 1000;
constexpr size_t max_inline_bytes = 256 * 1024;

// Borrowed from SQLite: valid while it is being visited.
struct EntryView {
  std::string_view value;
  std::optional<blobs::Segment> long_value;  // instead of value
  std::optional<std::string_view> metadata;  // JSON
  std::optional<int64_t> expiration_s;       // Unix time
};

struct PutRequest {
  std::string key;
  std::string value;
  std::optional<std::string> metadata;
  std::optional<int64_t> expiration_s;
  std::optional<blobs::Segment> long_value;  // instead of value
};

struct ListRequest {
  std::string prefix;
  std::string after;  // the last key of the page before; empty: from the start
  size_t limit = max_list_keys;
};

struct ListedKey {
  std::string name;
  std::optional<int64_t> expiration_s;
  std::optional<std::string> metadata;
};

struct ListPage {
  std::vector<ListedKey> keys;
  bool is_complete = false;
};

class Store {
 public:
  Store(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock);

  // Calls visit(const EntryView&) and answers true, or answers false when there is no such entry.
  template <typename Visit>
  Result<bool> read(std::string_view key, Visit&& visit) {
    if (!m_has_table) return false;
    auto statement = TRY(m_ledger->database().prepare(select_entry));
    EntryView entry;
    if (!TRY(step_to_entry(statement, key, entry))) return false;
    visit(static_cast<const EntryView&>(entry));
    return true;
  }
  // Durable when the ledger says so. A put sweeps some expired entries now and then.
  Result<void> put(const PutRequest& request);
  Result<void> remove(std::string_view key);
  Result<ListPage> list(const ListRequest& request);
  // Deletes at most `limit` expired entries; says how many.
  Result<int64_t> sweep(int64_t limit);

  // Something expires, now or later.
  Result<bool> has_expiring();

  // False: this namespace has never had a long value.
  bool has_long_values() const { return m_has_long_values; }
  bool uses(const blobs::BlobId& id);
  // Blobs to be deleted once what was written so far is durable; each is told once.
  std::vector<blobs::BlobId> take_forgotten() { return std::exchange(m_forgotten, {}); }
  // Blobs that an earlier process had still to delete.
  Result<std::vector<blobs::BlobId>> to_delete();
  // Their files are gone.
  Result<void> deleted(const std::vector<blobs::BlobId>& ids);

  bool is_expired(std::optional<int64_t> expiration_s) const { return expiration_s && *expiration_s <= now_s(); }
  ledger::Ledger& ledger() { return *m_ledger; }

 private:
  static constexpr std::string_view select_entry = "SELECT value, metadata, expiration FROM entries WHERE key = ?";
  Result<bool> step_to_entry(ledger::Statement& statement, std::string_view key, EntryView& entry) const;
  Result<void> make_table();
  Result<void> name_long_value(const blobs::Segment& segment);
  Result<void> forget_long_value(std::string_view key);
  Result<int64_t> sweep_one_by_one(int64_t limit);
  int64_t now_s() const { return m_clock.unix_ms() / 1000; }

  std::shared_ptr<ledger::Ledger> m_ledger;
  const Clock& m_clock;
  bool m_has_table;
  bool m_has_long_values = false;
  int m_puts_until_sweep;
  std::vector<blobs::BlobId> m_forgotten;
};

}  // namespace adit::bindings::kv
