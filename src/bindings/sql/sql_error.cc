#include "bindings/sql/sql_error.h"

#include <fmt/format.h>

#include <string>

namespace adit::bindings::sql {
namespace {

const char* name_of(int code) {
  switch (code) {
#define NAME(code) \
  case code:       \
    return #code;
    NAME(SQLITE_ERROR)
    NAME(SQLITE_INTERNAL)
    NAME(SQLITE_PERM)
    NAME(SQLITE_ABORT)
    NAME(SQLITE_BUSY)
    NAME(SQLITE_LOCKED)
    NAME(SQLITE_NOMEM)
    NAME(SQLITE_READONLY)
    NAME(SQLITE_INTERRUPT)
    NAME(SQLITE_IOERR)
    NAME(SQLITE_CORRUPT)
    NAME(SQLITE_NOTFOUND)
    NAME(SQLITE_FULL)
    NAME(SQLITE_CANTOPEN)
    NAME(SQLITE_PROTOCOL)
    NAME(SQLITE_SCHEMA)
    NAME(SQLITE_TOOBIG)
    NAME(SQLITE_CONSTRAINT)
    NAME(SQLITE_MISMATCH)
    NAME(SQLITE_MISUSE)
    NAME(SQLITE_AUTH)
    NAME(SQLITE_RANGE)
    NAME(SQLITE_ABORT_ROLLBACK)
    NAME(SQLITE_CONSTRAINT_CHECK)
    NAME(SQLITE_CONSTRAINT_DATATYPE)
    NAME(SQLITE_CONSTRAINT_FOREIGNKEY)
    NAME(SQLITE_CONSTRAINT_FUNCTION)
    NAME(SQLITE_CONSTRAINT_NOTNULL)
    NAME(SQLITE_CONSTRAINT_PRIMARYKEY)
    NAME(SQLITE_CONSTRAINT_ROWID)
    NAME(SQLITE_CONSTRAINT_TRIGGER)
    NAME(SQLITE_CONSTRAINT_UNIQUE)
    NAME(SQLITE_CONSTRAINT_VTAB)
    NAME(SQLITE_CORRUPT_VTAB)
    NAME(SQLITE_LOCKED_VTAB)
#undef NAME
    default:
      return nullptr;
  }
}

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorKind::limit;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
      return ErrorKind::io;
    default:
      return ErrorKind::failed;
  }
}

}  // namespace

Error last_error(sqlite3* database) {
  int code = sqlite3_extended_errcode(database);
  int primary = code & 0xff;
  std::string text = sqlite3_errmsg(database);
  if (int offset = sqlite3_error_offset(database); offset >= 0) text += fmt::format(" at offset {}", offset);
  const char* name = name_of(primary);
  text += name ? fmt::format(": {}", name) : fmt::format(": SQLite error {}", primary);
  if (const char* extended = code == primary ? nullptr : name_of(code))
    text += fmt::format(" (extended: {})", extended);
  return {kind_of(code), std::move(text)};
}

}  // namespace adit::bindings::sql
