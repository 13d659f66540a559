// SQLite's errors in the words of Workers: "no such table: t: SQLITE_ERROR", "near \"x\": syntax error at offset 0: SQLITE_ERROR",
// "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)".
// Owner: none. Invariant: called before anything else is asked of the connection.
#pragma once

#include <sqlite3.h>

#include "base/result.h"

namespace adit::bindings::sql {

// The connection's last error. A full disk is a limit, a disk's error io; what is the application's is failed.
Error last_error(sqlite3* database);

}  // namespace adit::bindings::sql
