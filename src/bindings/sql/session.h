// An application's SQL on one database: compiles it under the rules (rules.h), keeps compiled statements, runs them through cursors, counts rows.
// Owner: whoever has the database now: an object's shard, or the pool thread that D1 lent the ledger to. Lifecycle: made over an open database,
// gone before it; then its cursors are ended. Invariant: the rules hold while, and only while, an application's statement is compiled or
// run; the platform's own statements on the same connection are not subject to them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/function.h"
#include "base/result.h"
#include "bindings/sql/rules.h"
#include "bindings/sql/value.h"
#include "ledger/database.h"

namespace adit::bindings::sql {

class Session;

// One statement's run and its result. A read steps as it is asked, so it sees what is written meanwhile, as on Workers; a statement that writes
// has run to its end before execute() gives the cursor (SQLite could not commit while it is half done), and what it returns waits in memory.
class Cursor {
 public:
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  const std::vector<std::string>& columns() const { return m_columns; }
  bool has_row() const { return m_has_row; }
  // Of the current row.
  ValueView value(size_t column) const;
  // To the next row, if there is one. After an error there is none.
  Result<void> step();
  // What ended it before its last row.
  const std::optional<Error>& error() const { return m_error; }
  // Nothing more is wanted.
  void close();

  // An estimate from SQLite's own counters: rows stepped over in tables and indexes, one for a seek.
  uint64_t rows_read() const;
  // Rows that were written, and index entries of inserted ones.
  uint64_t rows_written() const { return m_rows_written; }
  // Rows that INSERT, UPDATE and DELETE changed in this execute() and what it ran before.
  int64_t changes() const { return m_changes; }
  // Some statement of this execute() was not only a read.
  bool has_written() const { return m_has_written; }

 private:
  friend class Session;
  Cursor() = default;
  Result<void> step_statement();
  void take_row();
  void finish();

  Session* m_session = nullptr;  // while the statement is held
  sqlite3_stmt* m_statement = nullptr;
  Findings m_findings;
  std::vector<Value> m_parameters;  // SQLite borrows them
  std::vector<std::string> m_columns;
  bool m_has_row = false;
  RowBuffer m_buffer;  // of a statement that writes
  std::optional<RowBuffer::Reader> m_reader;
  std::vector<ValueView> m_row;  // from the buffer
  uint64_t m_rows_read = 0;
  uint64_t m_rows_written = 0;
  int64_t m_changes = 0;
  bool m_has_written = false;
  std::optional<Error> m_error;
};

class Session {
 public:
  struct Hooks {
    // Before a statement that writes runs: opens the transaction it runs in.
    Function<Result<void>()> before_write;
    // Asked now and then while a statement runs: true stops it with an error.
    Function<bool()> must_stop;
  };
  // Sets limits, rules and hooks on the database.
  Session(ledger::Database& database, Hooks hooks);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs every statement of the text; the parameters are the last one's, whose result the cursor is.
  Result<std::shared_ptr<Cursor>> execute(std::string_view text, std::vector<Value> parameters);
  // Ends every open cursor.
  void cancel(const Error& reason);
  // Drops every table, view, index and trigger of the application. Within the transaction that before_write opens.
  Result<void> drop_everything();
  // Pages in use. Grows and shrinks with what is not committed yet.
  Result<uint64_t> size_bytes();
  int64_t last_insert_rowid() const { return m_database.last_insert_rowid(); }

 private:
  friend class Cursor;
  // Sets the rules for as long as it lives.
  class Guest;
  struct Compiled {
    std::string text;
    sqlite3_stmt* statement = nullptr;
    Findings findings;
    uint64_t last_use = 0;
    bool in_use = false;
  };
  struct Prepared {
    sqlite3_stmt* statement = nullptr;
    Findings findings;
    bool is_last = false;
  };
  Result<Prepared> prepare(std::string_view text, std::string_view& rest);
  Result<Prepared> compile(std::string_view text, std::string_view& rest);
  void remember(std::string_view text, const Prepared& prepared);
  void give_back(sqlite3_stmt* statement);
  Result<void> run(Cursor& cursor, bool is_last);
  Result<void> bind(Cursor& cursor);
  uint64_t index_rows_written();
  uint64_t index_count(const std::string& table);
  static int question_step(void* self);
  static void row_changes(void* self, sqlite3* database, int operation, const char* schema, const char* table,
                          sqlite3_int64 old_key, sqlite3_int64 new_key);

  ledger::Database& m_database;
  Hooks m_hooks;
  bool m_is_guest = false;
  Findings m_findings;
  std::vector<Compiled> m_cache;  // a few, so a scan beats a map
  uint64_t m_uses = 0;
  std::unordered_set<Cursor*> m_cursors;                         // that hold a statement
  uint64_t m_rows_written = 0;                                   // by the statement that runs
  std::vector<std::pair<std::string, uint64_t>> m_inserted;      // rows, by table
  std::vector<std::pair<std::string, uint64_t>> m_index_counts;  // by table; empty after the schema has changed
};

}  // namespace adit::bindings::sql
