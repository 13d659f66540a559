// The storage of one Durable Object: a table of keys and structured-cloned values in the object's ledger.
// Owner: the object's shard. Lifecycle: held by the object's JavaScript state; a broken ledger (a write that did not become durable)
// fails every further call, and the object must be made anew.
// Invariant: writes of one turn are one commit (ledger.h); what a caller is told waits for when_durable().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace adit::bindings::durable_object {

struct Range {
  std::optional<std::string> start;        // inclusive
  std::optional<std::string> start_after;  // exclusive
  std::optional<std::string> end;          // exclusive
  std::optional<std::string> prefix;
  bool reverse = false;
  std::optional<int64_t> limit;
};

struct Entry {
  std::string key;
  Bytes value;
};

class Storage {
 public:
  static Result<std::shared_ptr<Storage>> create(std::shared_ptr<ledger::Ledger> ledger);
  explicit Storage(std::shared_ptr<ledger::Ledger> ledger) : m_ledger(std::move(ledger)) {}

  Result<std::optional<Bytes>> get(const std::string& key);
  Result<void> put(const std::string& key, BytesView value);
  // True when it was there.
  Result<bool> remove(const std::string& key);
  Result<void> remove_all();
  Result<std::vector<Entry>> list(const Range& range);

  // An explicit transaction over turns; one at a time.
  Result<void> begin();
  Result<void> commit();
  Result<void> rollback();

  // Everything written so far is on disk: no need to wait.
  bool is_durable() const { return m_ledger->is_durable_now(); }
  void when_durable(Function<void(Result<void>)> callback) {
    m_ledger->when_durable(m_ledger->pending_position(), std::move(callback));
  }

 private:
  Result<void> ensure_table();
  Result<void> prepare_write();

  std::shared_ptr<ledger::Ledger> m_ledger;
  std::optional<ledger::Transaction> m_transaction;
  bool m_has_table = false;
};

}  // namespace adit::bindings::durable_object
