// The pre-update hook is in SQLite's header for those who ask for it.
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "bindings/sql/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bindings/sql/sql_error.h"

namespace adit::bindings::sql {
namespace {

constexpr size_t max_cached = 48;
constexpr int steps_between_questions = 20'000;  // about a millisecond
constexpr std::string_view space = " \t\n\r\f\v";

Error transaction_refused() {
  return Error::failed(
      "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs "
      "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will "
      "automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic "
      "atomic write coalescing.");
}

bool is_write(sqlite3_stmt* statement, const Findings& findings) {
  // A PRAGMA may set something for the transaction that is open.
  return sqlite3_stmt_readonly(statement) == 0 || findings.has_pragma;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char letter : name) {
    if (letter == '"') out += '"';
    out += letter;
  }
  return out + '"';
}

}  // namespace

class Session::Guest {
 public:
  explicit Guest(Session& session) : m_session(session), m_was_guest(std::exchange(session.m_is_guest, true)) {}
  ~Guest() { m_session.m_is_guest = m_was_guest; }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

 private:
  Session& m_session;
  bool m_was_guest;
};

Cursor::~Cursor() { close(); }

void Cursor::close() {
  m_has_row = false;
  finish();
}

// Gives the statement back. What the counters said is kept.
void Cursor::finish() {
  if (!m_statement) return;
  m_rows_read = rows_read();
  m_session->m_cursors.erase(this);
  m_session->give_back(std::exchange(m_statement, nullptr));
}

uint64_t Cursor::rows_read() const {
  if (!m_statement) return m_rows_read;
  // Steps of full scans, then those of all other loops, which SQLite counts in the slot before its public counters; the first row of a loop
  // is reached without a step.
  auto steps =
      sqlite3_stmt_status(m_statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) + sqlite3_stmt_status(m_statement, 0, 0);
  return m_rows_read + static_cast<uint64_t>(steps) + (m_findings.reads_tables ? 1 : 0);
}

ValueView Cursor::value(size_t column) const {
  return m_reader ? m_row[column] : column_of(m_statement, static_cast<int>(column));
}

Result<void> Cursor::step() {
  if (m_reader) {
    take_row();
    return {};
  }
  if (!m_statement) {
    m_has_row = false;
    return m_error ? Result<void>(*m_error) : Result<void>();
  }
  auto stepped = step_statement();
  if (stepped.is_error() || !m_has_row) finish();
  return stepped;
}

void Cursor::take_row() {
  m_has_row = !m_reader->is_at_end();
  if (!m_has_row) return;
  m_row.resize(m_columns.size());
  for (auto& value : m_row) value = m_reader->next();
}

Result<void> Cursor::step_statement() {
  Session::Guest guest(*m_session);
  int code = sqlite3_step(m_statement);
  m_has_row = code == SQLITE_ROW;
  if (m_has_row || code == SQLITE_DONE) return {};
  m_error = last_error(m_session->m_database.handle());
  return *m_error;
}

Session::Session(ledger::Database& database, Hooks hooks) : m_database(database), m_hooks(std::move(hooks)) {
  apply_limits(m_database.handle());
  m_database.set_authorizer([this](int action, const char* first, const char* second, const char*, const char*) {
    return m_is_guest ? check_action(m_findings, action, first, second) : SQLITE_OK;
  });
  sqlite3_progress_handler(m_database.handle(), steps_between_questions, question_step, this);
}

Session::~Session() {
  cancel(Error::failed("The database was closed."));
  sqlite3_progress_handler(m_database.handle(), 0, nullptr, nullptr);
  for (auto& compiled : m_cache) {
    VERIFY(!compiled.in_use);
    sqlite3_finalize(compiled.statement);
  }
  m_database.set_authorizer(nullptr);
}

int Session::question_step(void* self) {
  auto& session = *static_cast<Session*>(self);
  return session.m_is_guest && session.m_hooks.must_stop && session.m_hooks.must_stop() ? 1 : 0;
}

void Session::cancel(const Error& reason) {
  auto cursors = std::exchange(m_cursors, {});
  for (auto* cursor : cursors) {
    cursor->m_error = reason;
    cursor->close();
  }
}

Result<Session::Prepared> Session::compile(std::string_view text, std::string_view& rest) {
  Guest guest(*this);
  m_findings = {};
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  int code = sqlite3_prepare_v3(m_database.handle(), text.data(), static_cast<int>(text.size()),
                                SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  if (code != SQLITE_OK) {
    if (m_findings.is_transaction) return transaction_refused();
    return last_error(m_database.handle());
  }
  if (!statement) return Error::failed("SQL code did not contain a statement.");
  rest = text.substr(static_cast<size_t>(tail - text.data()));
  auto more = rest.find_first_not_of(space);
  rest = more == std::string_view::npos ? std::string_view() : rest.substr(more);
  return Prepared{statement, m_findings, rest.empty()};
}

Result<Session::Prepared> Session::prepare(std::string_view text, std::string_view& rest) {
  for (auto& compiled : m_cache) {
    if (compiled.in_use || compiled.text != text) continue;
    compiled.in_use = true;
    compiled.last_use = ++m_uses;
    rest = {};
    return Prepared{compiled.statement, compiled.findings, true};
  }
  auto prepared = TRY(compile(text, rest));
  if (prepared.is_last) remember(text, prepared);
  return prepared;
}

void Session::remember(std::string_view text, const Prepared& prepared) {
  if (m_cache.size() >= max_cached) {
    auto oldest = m_cache.end();
    for (auto it = m_cache.begin(); it != m_cache.end(); ++it)
      if (!it->in_use && (oldest == m_cache.end() || it->last_use < oldest->last_use)) oldest = it;
    if (oldest == m_cache.end()) return;  // all in use: this one is not kept
    sqlite3_finalize(oldest->statement);
    m_cache.erase(oldest);
  }
  m_cache.push_back({std::string(text), prepared.statement, prepared.findings, ++m_uses, true});
}

void Session::give_back(sqlite3_stmt* statement) {
  auto found = std::find_if(m_cache.begin(), m_cache.end(), [=](auto& each) { return each.statement == statement; });
  if (found == m_cache.end()) {
    sqlite3_finalize(statement);
    return;
  }
  VERIFY(found->in_use);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  found->in_use = false;
}

Result<void> Session::bind(Cursor& cursor) {
  auto count = sqlite3_bind_parameter_count(cursor.m_statement);
  if (static_cast<size_t>(count) != cursor.m_parameters.size())
    return Error::failed("Wrong number of parameter bindings for SQL query.");
  for (int i = 0; i < count; ++i)
    if (bind_value(cursor.m_statement, i + 1, cursor.m_parameters[static_cast<size_t>(i)]) != SQLITE_OK)
      return last_error(m_database.handle());
  return {};
}

Result<std::shared_ptr<Cursor>> Session::execute(std::string_view text, std::vector<Value> parameters) {
  std::shared_ptr<Cursor> cursor(new Cursor());
  cursor->m_session = this;
  for (;;) {
    std::string_view rest;
    auto prepared = TRY(prepare(text, rest));
    cursor->m_statement = prepared.statement;
    cursor->m_findings = prepared.findings;
    sqlite3_stmt_status(prepared.statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
    sqlite3_stmt_status(prepared.statement, 0, 1);
    if (prepared.is_last) {
      cursor->m_parameters = std::move(parameters);  // NOLINT(bugprone-use-after-move): this is the last round
      TRY(bind(*cursor));
    } else if (sqlite3_bind_parameter_count(prepared.statement) > 0) {
      return Error::failed(
          "When executing multiple SQL statements in a single call, only the last statement can have parameters.");
    }
    TRY(run(*cursor, prepared.is_last));
    if (prepared.is_last) break;
    text = rest;
  }
  if (cursor->m_statement) m_cursors.insert(cursor.get());
  return cursor;
}

// A statement that writes, or is not the last, runs to its end; of the last one the first row is reached.
Result<void> Session::run(Cursor& cursor, bool is_last) {
  auto* statement = cursor.m_statement;
  bool writes = is_write(statement, cursor.m_findings);
  auto column_count = sqlite3_column_count(statement);
  if (is_last)
    for (int i = 0; i < column_count; ++i) cursor.m_columns.emplace_back(sqlite3_column_name(statement, i));
  if (!writes && is_last) {
    auto stepped = cursor.step_statement();
    if (stepped.is_error() || !cursor.m_has_row) cursor.finish();
    return stepped;
  }
  if (writes) {
    cursor.m_has_written = true;
    if (m_hooks.before_write) TRY(m_hooks.before_write());
    m_rows_written = 0;
    m_inserted.clear();
    if (cursor.m_findings.changes_schema) m_index_counts.clear();
    sqlite3_preupdate_hook(m_database.handle(), row_changes, this);
  }
  auto changes_before = m_database.total_changes();
  auto stepped = cursor.step_statement();
  while (stepped.is_ok() && cursor.m_has_row) {
    if (is_last)
      for (int i = 0; i < column_count; ++i) cursor.m_buffer.append(column_of(statement, i));
    stepped = cursor.step_statement();
  }
  auto changes = m_database.total_changes() - changes_before;
  cursor.m_changes += changes;
  if (writes) {
    sqlite3_preupdate_hook(m_database.handle(), nullptr, nullptr);
    // A DELETE of all rows at once calls no hook.
    cursor.m_rows_written += std::max(m_rows_written, static_cast<uint64_t>(changes)) + index_rows_written();
  }
  cursor.finish();
  cursor.m_has_row = false;
  TRY(std::move(stepped));
  if (is_last && !cursor.m_buffer.is_empty()) {
    cursor.m_reader.emplace(cursor.m_buffer);
    cursor.take_row();
  }
  return {};
}

// Inside SQLite's work: the connection must not be asked for anything.
void Session::row_changes(void* self, sqlite3*, int operation, const char*, const char* table, sqlite3_int64,
                          sqlite3_int64) {
  auto& session = *static_cast<Session*>(self);
  ++session.m_rows_written;
  if (operation != SQLITE_INSERT) return;
  for (auto& [name, count] : session.m_inserted) {
    if (name != table) continue;
    ++count;
    return;
  }
  session.m_inserted.emplace_back(table, 1);
}

// An inserted row is also written to each index of its table.
uint64_t Session::index_rows_written() {
  uint64_t written = 0;
  for (auto& [table, count] : m_inserted) written += count * index_count(table);
  m_inserted.clear();
  return written;
}

uint64_t Session::index_count(const std::string& table) {
  for (auto& [name, count] : m_index_counts)
    if (name == table) return count;
  uint64_t count = 0;
  auto statement = m_database.prepare("SELECT count(*) FROM pragma_index_list(?) WHERE origin <> 'pk'");
  if (statement.is_error()) return 0;
  auto row = statement.value().bind(1, std::string_view(table)).step();
  if (row.is_ok() && row.value()) count = static_cast<uint64_t>(statement.value().integer(0));
  m_index_counts.emplace_back(table, count);
  return count;
}

Result<uint64_t> Session::size_bytes() {
  uint64_t numbers[3] = {};
  const char* const pragmas[] = {"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"};
  for (size_t i = 0; i < 3; ++i) {
    auto statement = TRY(m_database.prepare(pragmas[i]));
    if (TRY(statement.step())) numbers[i] = static_cast<uint64_t>(statement.integer(0));
  }
  return (numbers[0] - numbers[1]) * numbers[2];
}

Result<void> Session::drop_everything() {
  cancel(Error::failed("SQLite query was canceled because the database was deleted."));
  if (m_hooks.before_write) TRY(m_hooks.before_write());
  auto* database = m_database.handle();
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
  auto drop = [&]() -> Result<void> {
    for (;;) {
      std::string sql;
      {
        // Triggers and views first: a table's end ends its own. A virtual table's end ends its shadows, so they come before them.
        auto next = TRY(m_database.prepare(
            "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view', 'table') AND name NOT LIKE "
            "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY CASE type WHEN 'trigger' THEN "
            "0 "
            "WHEN 'view' THEN 1 ELSE 2 END, rootpage LIMIT 1"));
        if (!TRY(next.step())) return {};
        sql = fmt::format("DROP {} {}", next.text(0), quoted(next.text(1)));
      }
      TRY(m_database.execute(sql));
    }
  };
  auto dropped = drop();
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  TRY(std::move(dropped));
  auto statistics = TRY(m_database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"));
  if (TRY(statistics.step())) TRY(m_database.execute("DELETE FROM sqlite_sequence"));
  return {};
}

}  // namespace adit::bindings::sql
