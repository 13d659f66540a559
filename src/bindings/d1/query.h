// What travels between a worker's shard and a database's thread: statements with their parameters, and their results.
// Owner: whoever holds them; nobody changes them on the way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bindings/sql/value.h"

namespace adit::bindings::d1 {

// One prepared statement, or several in one text, of which only the last may have parameters and gives the result.
struct Query {
  std::string sql;
  std::vector<sql::Value> parameters;
};

struct ResultSet {
  std::vector<std::string> columns;
  sql::RowBuffer values;  // row by row
  double duration_ms = 0;
  int64_t changes = 0;
  int64_t last_row_id = 0;
  bool changed_database = false;
  int64_t size_after_bytes = 0;
  int64_t rows_read = 0;
  int64_t rows_written = 0;
};

struct BatchResult {
  std::vector<ResultSet> results;
  std::string bookmark;  // of the state after it
};

}  // namespace adit::bindings::d1
