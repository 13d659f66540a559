#include "ledger/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace adit::ledger {
namespace {

// Settings that the ledger's durability rests on. Reading them is harmless.
bool is_guarded_pragma(std::string_view name) {
  static constexpr std::array guarded = {
      "journal_mode", "locking_mode", "page_size",          "synchronous",          "mmap_size",
      "temp_store",   "cache_spill",  "wal_autocheckpoint", "temp_store_directory", "data_store_directory"};
  return std::any_of(guarded.begin(), guarded.end(), [name](const char* each) {
    return sqlite3_strnicmp(each, name.data(), static_cast<int>(name.size())) == 0 &&
           std::string_view(each).size() == name.size();
  });
}

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return ErrorKind::limit;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
      return ErrorKind::io;
    case SQLITE_INTERRUPT:
      return ErrorKind::aborted;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return ErrorKind::invalid_state;
    default:
      return ErrorKind::failed;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : m_database(other.m_database),
      m_statement(std::exchange(other.m_statement, nullptr)),
      m_bind_error(other.m_bind_error),
      m_cached(other.m_cached) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(m_database, other.m_database);
  std::swap(m_statement, other.m_statement);
  std::swap(m_bind_error, other.m_bind_error);
  std::swap(m_cached, other.m_cached);
  return *this;
}

Statement::~Statement() {
  if (!m_statement) return;
  if (m_cached) m_database->give_back(m_statement);
  else sqlite3_finalize(m_statement);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && m_bind_error == SQLITE_OK) m_bind_error = code;
}

Statement& Statement::bind(int index, int64_t value) {
  note(sqlite3_bind_int64(m_statement, index, value));
  return *this;
}
Statement& Statement::bind(int index, double value) {
  note(sqlite3_bind_double(m_statement, index, value));
  return *this;
}
Statement& Statement::bind(int index, std::string_view text) {
  note(
      sqlite3_bind_text64(m_statement, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind(int index, BytesView blob) {
  note(blob.empty() ? sqlite3_bind_zeroblob(m_statement, index, 0)
                    : sqlite3_bind_blob64(m_statement, index, blob.data(), blob.size(), SQLITE_STATIC));
  return *this;
}
Statement& Statement::bind_null(int index) {
  note(sqlite3_bind_null(m_statement, index));
  return *this;
}
Statement& Statement::bind_copy(int index, std::string_view text) {
  note(sqlite3_bind_text64(m_statement, index, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
  return *this;
}
Statement& Statement::bind_copy(int index, BytesView blob) {
  note(blob.empty() ? sqlite3_bind_zeroblob(m_statement, index, 0)
                    : sqlite3_bind_blob64(m_statement, index, blob.data(), blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Result<bool> Statement::step() {
  if (m_bind_error != SQLITE_OK)
    return Error(kind_of(m_bind_error), fmt::format("bind: {}", sqlite3_errstr(m_bind_error)));
  if (!m_statement) return false;
  int code = sqlite3_step(m_statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = m_database->last_error("");
  sqlite3_reset(m_statement);
  return error;
}

Result<void> Statement::run() {
  while (TRY(step())) {}
  return {};
}

void Statement::reset() {
  sqlite3_reset(m_statement);
  sqlite3_clear_bindings(m_statement);
  m_bind_error = SQLITE_OK;
}

int Statement::column_count() const { return sqlite3_column_count(m_statement); }
std::string_view Statement::column_name(int index) const {
  const char* name = sqlite3_column_name(m_statement, index);
  return name ? name : "";
}
int Statement::column_type(int index) const { return sqlite3_column_type(m_statement, index); }
int64_t Statement::integer(int index) const { return sqlite3_column_int64(m_statement, index); }
double Statement::real(int index) const { return sqlite3_column_double(m_statement, index); }
std::string_view Statement::text(int index) const {
  auto* text = reinterpret_cast<const char*>(sqlite3_column_text(m_statement, index));
  return {text ? text : "", static_cast<size_t>(sqlite3_column_bytes(m_statement, index))};
}
BytesView Statement::blob(int index) const {
  auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(m_statement, index));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(m_statement, index))};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& name, const char* vfs_name,
                                                 const Options& options) {
  sqlite3* handle = nullptr;
  // No mutex: a connection stays on its shard's thread. Extended codes tell constraint kinds apart.
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(name.c_str(), &handle, flags, vfs_name);
  std::unique_ptr<Database> database(new Database(handle, options.cached_statements));
  if (code != SQLITE_OK) return Error(kind_of(code), fmt::format("open database {}: {}", name, sqlite3_errstr(code)));
  TRY(database->configure(options));
  return database;
}

Result<std::unique_ptr<Database>> Database::open_in_memory() { return open(":memory:", nullptr, {}); }

Result<void> Database::configure(const Options& options) {
  // A small lookaside: thousands of databases are open at once, and statements are compiled once.
  sqlite3_db_config(m_handle, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 256, 32);
  sqlite3_db_config(m_handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(m_handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  // Why these: page_file.h. secure_delete costs writes and log, and what it wipes is in the log anyway.
  TRY(execute(
      fmt::format("PRAGMA page_size={};PRAGMA locking_mode=EXCLUSIVE;PRAGMA journal_mode=MEMORY;PRAGMA synchronous=OFF;"
                  "PRAGMA temp_store=MEMORY;PRAGMA secure_delete=OFF;PRAGMA cache_size=-{};PRAGMA mmap_size=0",
                  options.page_size_bytes, std::max(options.cache_bytes / 1024, 8u))));
  m_guarded = true;
  sqlite3_set_authorizer(m_handle, authorize, this);
  return {};
}

Database::~Database() {
  for (auto& cached : m_cache) {
    VERIFY(!cached.in_use);
    sqlite3_finalize(cached.statement);
  }
  VERIFY(sqlite3_close(m_handle) == SQLITE_OK);
}

Result<Statement> Database::compile(std::string_view sql, std::string_view& rest, bool persistent) {
  if (sql.size() > 100'000'000) return Error(ErrorKind::limit, "SQL text is too long");
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  unsigned flags = persistent ? SQLITE_PREPARE_PERSISTENT : 0;
  int code = sqlite3_prepare_v3(m_handle, sql.data(), static_cast<int>(sql.size()), flags, &statement, &tail);
  if (code != SQLITE_OK) return last_error("");
  rest = sql.substr(static_cast<size_t>(tail - sql.data()));
  return Statement(*this, statement, false);
}

Result<Statement> Database::prepare(std::string_view sql) {
  for (auto& cached : m_cache) {
    if (cached.sql != sql || cached.in_use) continue;
    cached.in_use = true;
    cached.last_use = ++m_uses;
    return Statement(*this, cached.statement, true);
  }
  std::string_view rest;
  auto statement = TRY(compile(sql, rest, true));
  if (!statement.m_statement) return Error(ErrorKind::failed, "SQL text holds no statement");
  if (rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    std::string_view ignored;
    auto next = TRY(compile(rest, ignored, false));  // a comment is fine, a second statement is not
    if (next.m_statement) return Error(ErrorKind::failed, "SQL text holds more than one statement");
  }
  if (m_cache_limit > 0) {
    remember(sql, statement.m_statement);
    statement.m_cached = true;
  }
  return statement;
}

void Database::remember(std::string_view sql, sqlite3_stmt* statement) {
  m_cache.push_back({std::string(sql), statement, ++m_uses, true});
  if (m_cache.size() <= m_cache_limit) return;
  auto oldest = m_cache.end();
  for (auto it = m_cache.begin(); it != m_cache.end(); ++it)
    if (!it->in_use && (oldest == m_cache.end() || it->last_use < oldest->last_use)) oldest = it;
  if (oldest == m_cache.end()) return;  // all in use: trimmed when they come back
  sqlite3_finalize(oldest->statement);
  m_cache.erase(oldest);
}

void Database::give_back(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  auto found =
      std::find_if(m_cache.begin(), m_cache.end(), [=](auto& cached) { return cached.statement == statement; });
  VERIFY(found != m_cache.end() && found->in_use);
  found->in_use = false;
  if (m_cache.size() <= m_cache_limit) return;
  sqlite3_finalize(statement);
  m_cache.erase(found);
}

Result<Statement> Database::prepare_next(std::string_view sql, std::string_view& rest) {
  return compile(sql, rest, false);
}

Result<void> Database::execute(std::string_view sql) {
  while (!sql.empty()) {
    std::string_view rest;
    auto statement = TRY(compile(sql, rest, false));
    TRY(statement.run());
    sql = rest;
  }
  return {};
}

void Database::forget_idle_statements() {
  std::erase_if(m_cache, [](auto& cached) {
    if (!cached.in_use) sqlite3_finalize(cached.statement);
    return !cached.in_use;
  });
}

void Database::set_authorizer(Authorizer authorizer) {
  m_authorizer = std::move(authorizer);
  forget_idle_statements();
  sqlite3_set_authorizer(m_handle, authorize, this);  // expires statements compiled under the old rules
}

int Database::authorize(void* data, int action, const char* first, const char* second, const char* database,
                        const char* trigger) {
  auto& self = *static_cast<Database*>(data);
  if (!self.m_guarded) return SQLITE_OK;
  // VACUUM attaches a nameless temporary database.
  if (action == SQLITE_ATTACH && (!first || *first != '\0')) return SQLITE_DENY;
  if (action == SQLITE_PRAGMA && first && second && is_guarded_pragma(first)) return SQLITE_DENY;
  return self.m_authorizer ? self.m_authorizer(action, first, second, database, trigger) : SQLITE_OK;
}

void Database::release_memory() {
  forget_idle_statements();
  sqlite3_db_release_memory(m_handle);
}

Error Database::last_error(std::string_view doing) const {
  int code = sqlite3_extended_errcode(m_handle);
  return {kind_of(code), doing.empty() ? std::string(sqlite3_errmsg(m_handle))
                                       : fmt::format("{}: {}", doing, sqlite3_errmsg(m_handle))};
}

}  // namespace adit::ledger
