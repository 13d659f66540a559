#include "bindings/d1/database.h"

#include "ledger/bookmark.h"

namespace adit::bindings::d1 {

Result<std::unique_ptr<Database>> Database::create(std::shared_ptr<ledger::Ledger> ledger, const Clock& clock,
                                                   const std::atomic<bool>& interrupt) {
  std::unique_ptr<Database> self(new Database(std::move(ledger), clock, interrupt));
  auto must_stop = [&database = *self] {
    return database.m_interrupt || database.m_clock.monotonic_ns() > database.m_deadline_ns;
  };
  self->m_session =
      std::make_unique<sql::Session>(self->m_ledger->database(), sql::Session::Hooks{nullptr, std::move(must_stop)});
  return self;
}

void Database::run(const std::vector<Query>& batch, ledger::Callback<BatchResult> done) {
  auto result = run_now(batch);
  if (result.is_error()) {
    // A rollback that fails hides the statement's own error: the batch may then not be undone, which is worse news.
    if (auto undone = m_ledger->rollback(); undone.is_error() && !is_broken()) return done(std::move(undone.error()));
    return done(std::move(result.error()));
  }
  auto position = m_ledger->commit();
  if (position.is_error()) return done(std::move(position.error()));
  result.value().bookmark = ledger::format_bookmark(m_ledger->id(), position.value());
  if (m_ledger->is_durable_now()) return done(std::move(result));
  m_ledger->when_durable(position.value(),
                         [result = std::move(result), done = std::move(done)](Result<void> durable) mutable {
                           if (durable.is_error()) done(std::move(durable.error()));
                           else done(std::move(result));
                         });
}

Result<BatchResult> Database::run_now(const std::vector<Query>& batch) {
  m_deadline_ns = m_clock.monotonic_ns() + query_limit_ms * 1'000'000;
  TRY(m_ledger->write());
  BatchResult result;
  for (const auto& query : batch) {
    auto one = run_query(query);
    if (one.is_ok()) {
      result.results.push_back(std::move(one).value());
      continue;
    }
    if (m_interrupt) return Error(ErrorKind::aborted, "the server is stopping");
    if (m_clock.monotonic_ns() > m_deadline_ns)
      return Error::failed("D1 DB storage operation exceeded timeout which caused object to be reset.");
    return std::move(one.error());
  }
  return result;
}

Result<ResultSet> Database::run_query(const Query& query) {
  if (query.sql.empty()) return Error::failed("No SQL statements detected.");
  ResultSet result;
  auto began_ns = m_clock.monotonic_ns();
  auto cursor = TRY(m_session->execute(query.sql, query.parameters));
  result.columns = cursor->columns();
  for (; cursor->has_row(); TRY(cursor->step()))
    for (size_t i = 0; i < result.columns.size(); ++i) result.values.append(cursor->value(i));
  cursor->close();
  auto hundredths = (m_clock.monotonic_ns() - began_ns) / 10'000;
  result.duration_ms = static_cast<double>(hundredths) / 100.0;
  result.changes = cursor->changes();
  result.last_row_id = m_session->last_insert_rowid();
  result.changed_database = cursor->rows_written() > 0 || cursor->changes() > 0;
  result.size_after_bytes = static_cast<int64_t>(TRY(m_session->size_bytes()));
  result.rows_read = static_cast<int64_t>(cursor->rows_read());
  result.rows_written = static_cast<int64_t>(cursor->rows_written());
  return result;
}

}  // namespace adit::bindings::d1
