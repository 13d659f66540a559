// Database and Statement: SQLite with Results and without manual cleanup. Prepared statements are cached by their text.
// Owner: the ledger's shard. Lifecycle: a Statement borrows the Database and must be gone before it; destroying a Statement resets it
// and gives it back to the cache. Invariant: a Statement that is alive is nobody else's, even if the same SQL is prepared again.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/function.h"
#include "base/result.h"

namespace adit::ledger {

class Database;

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1. Text and blobs are borrowed: they must stay alive until the statement is reset or destroyed.
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, BytesView blob);
  Statement& bind_null(int index);
  // The same, copied by SQLite.
  Statement& bind_copy(int index, std::string_view text);
  Statement& bind_copy(int index, BytesView blob);
  // Binds values to 1, 2, ...
  template <typename... Values>
  Statement& bind_all(Values&&... values) {
    int index = 0;
    (bind(++index, std::forward<Values>(values)), ...);
    return *this;
  }

  // True: there is a row. False: done. A failed bind is reported here.
  Result<bool> step();
  // Steps to the end.
  Result<void> run();
  // Ready to be bound and stepped again.
  void reset();

  // Columns count from 0; views are valid until the next step.
  int column_count() const;
  std::string_view column_name(int index) const;
  int column_type(int index) const;  // SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB, SQLITE_NULL
  bool is_null(int index) const { return column_type(index) == SQLITE_NULL; }
  int64_t integer(int index) const;
  double real(int index) const;
  std::string_view text(int index) const;
  BytesView blob(int index) const;

  sqlite3_stmt* handle() const { return m_statement; }

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement, bool cached)
      : m_database(&database), m_statement(statement), m_cached(cached) {}
  void note(int code);

  Database* m_database = nullptr;
  sqlite3_stmt* m_statement = nullptr;
  int m_bind_error = 0;
  bool m_cached = false;
};

// Asked when SQL is compiled; arguments as sqlite3_set_authorizer's. Answers SQLITE_OK, SQLITE_DENY or SQLITE_IGNORE.
using Authorizer =
    Function<int(int action, const char* first, const char* second, const char* database, const char* trigger)>;

class Database {
 public:
  struct Options {
    uint32_t page_size_bytes = 1024;
    uint32_t cache_bytes = 64 * 1024;
    size_t cached_statements = 24;
  };
  // `name` is opened through the VFS called `vfs_name`.
  static Result<std::unique_ptr<Database>> open(const std::string& name, const char* vfs_name, const Options& options);
  // Plain SQLite in memory, for tests of what is built on top.
  static Result<std::unique_ptr<Database>> open_in_memory();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One statement, cached. `sql` with text after the first statement is an error.
  Result<Statement> prepare(std::string_view sql);
  // One statement, not cached; `rest` gets what follows it. An empty statement (only space and comments) has no handle.
  Result<Statement> prepare_next(std::string_view sql, std::string_view& rest);
  // Runs every statement of the text, ignoring rows.
  Result<void> execute(std::string_view sql);

  bool in_transaction() const { return sqlite3_get_autocommit(m_handle) == 0; }
  // A write was made (or a write lock taken) in the open transaction.
  bool in_write_transaction() const { return sqlite3_txn_state(m_handle, "main") == SQLITE_TXN_WRITE; }
  int64_t changes() const { return sqlite3_changes64(m_handle); }
  int64_t total_changes() const { return sqlite3_total_changes64(m_handle); }
  int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(m_handle); }

  // Asked after the ledger's own rules (no ATTACH, no PRAGMA that changes journal, locking or page size). Drops cached statements.
  void set_authorizer(Authorizer authorizer);
  // Frees page cache and cached statements: an idle ledger stays cheap.
  void release_memory();

  sqlite3* handle() const { return m_handle; }
  // SQLite's last error as an Error: constraint and SQL mistakes are failed, a full disk limit, the disk io.
  Error last_error(std::string_view doing) const;

 private:
  friend class Statement;
  explicit Database(sqlite3* handle, size_t cached_statements) : m_handle(handle), m_cache_limit(cached_statements) {}
  Result<void> configure(const Options& options);
  Result<Statement> compile(std::string_view sql, std::string_view& rest, bool persistent);
  void remember(std::string_view sql, sqlite3_stmt* statement);
  void give_back(sqlite3_stmt* statement);
  void forget_idle_statements();
  static int authorize(void* self, int action, const char* first, const char* second, const char* database,
                       const char* trigger);

  struct Cached {
    std::string sql;
    sqlite3_stmt* statement = nullptr;
    uint64_t last_use = 0;
    bool in_use = false;
  };
  sqlite3* m_handle = nullptr;
  std::vector<Cached> m_cache;  // a few, so a scan beats a map
  size_t m_cache_limit;
  uint64_t m_uses = 0;
  Authorizer m_authorizer;
  bool m_guarded = false;
};

}  // namespace adit::ledger
