// The index of one shard's pending alarms, by time: a ledger of its own, so that a pending alarm costs a row and neither a timer nor an open
// object. What counts is the alarm in the object's own ledger (Storage::alarm); a row here only says when to look there.
// Owner: the shard. Invariant (alarms.cc keeps it): an object with an alarm has a row whose time is not later, or the time of its next retry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/durable_object/object_id.h"
#include "ledger/ledger.h"

namespace adit::bindings::durable_object {

struct AlarmRow {
  int64_t time_ms = 0;  // Unix time
  std::string space;
  ObjectId id;
  std::optional<std::string> name;  // of the object, when it has one
  int64_t retries = 0;              // how often it failed
};

// Where a walk over the rows in order of time has come to.
struct AlarmCursor {
  int64_t time_ms = INT64_MIN;
  int64_t space = 0;
  std::string id;
};

class AlarmIndex {
 public:
  static Result<std::unique_ptr<AlarmIndex>> open(std::shared_ptr<ledger::Ledger> ledger);

  ledger::Ledger& ledger() { return *m_ledger; }
  Result<std::optional<AlarmRow>> find(const std::string& space, const ObjectId& id);
  // Adds it or replaces the object's.
  Result<void> put(const AlarmRow& row);
  Result<void> remove(const std::string& space, const ObjectId& id);
  Result<void> remove_space(const std::string& space);
  // The rows after the cursor up to the time, at most `limit`; moves the cursor behind the last one.
  Result<std::vector<AlarmRow>> due(AlarmCursor& cursor, int64_t until_ms, int64_t limit);
  // The time of the first row after the cursor.
  Result<std::optional<int64_t>> next(const AlarmCursor& cursor);

 private:
  explicit AlarmIndex(std::shared_ptr<ledger::Ledger> ledger) : m_ledger(std::move(ledger)) {}
  Result<std::optional<int64_t>> number_of(const std::string& space);
  Result<void> make_tables();

  std::shared_ptr<ledger::Ledger> m_ledger;
  bool m_has_tables = false;
};

}  // namespace adit::bindings::durable_object
