// One D1 database: runs batches of statements on its ledger, each batch a transaction.
// Owner: its thread (database_threads.h). Lifecycle: made over an open ledger, gone before the ledger's store; useless once the ledger is broken.
// Invariant: a batch is in the log as a whole before its result is told, or has left nothing.
// Limits: https://developers.cloudflare.com/d1/platform/limits/
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "bindings/d1/query.h"
#include "bindings/sql/session.h"
#include "ledger/ledger.h"

namespace adit::bindings::d1 {

constexpr int64_t query_limit_ms = 30'000;

class Database {
 public:
  // `interrupt` may become true on any thread: what runs then ends with an error.
  static Result<std::unique_ptr<Database>> create(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock,
                                                  const std::atomic<bool>& interrupt);

  bool is_broken() const { return m_ledger->is_broken(); }
  const std::shared_ptr<ledger::Ledger>& ledger() const { return m_ledger; }
  // Calls back with the results once they are durable. An error undoes the whole batch.
  void run(const std::vector<Query>& batch, ledger::Callback<BatchResult> done);

 private:
  Database(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock, const std::atomic<bool>& interrupt)
      : m_ledger(std::move(ledger)), m_clock(clock), m_interrupt(interrupt) {}
  Result<BatchResult> run_now(const std::vector<Query>& batch);
  Result<ResultSet> run_query(const Query& query);

  std::shared_ptr<ledger::Ledger> m_ledger;
  const Clock& m_clock;
  const std::atomic<bool>& m_interrupt;
  std::unique_ptr<sql::Session> m_session;
  int64_t m_deadline_ns = 0;
};

}  // namespace adit::bindings::d1
