// SQL files: cutting one into its statements, and writing a database as one.
// Owner: the command line's thread. Invariant: split_statements loses no octet but the space between statements; what export_sql writes,
// run as a file, makes the same tables, rows, indexes, views and triggers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/function.h"
#include "base/result.h"
#include "bindings/d1/query.h"

namespace adit::bindings::d1 {

// Comments go with the statement they stand before. What follows the last semicolon, if it is more than comments, is a statement too.
std::vector<std::string> split_statements(std::string_view script);

struct ExportOptions {
  bool with_schema = true;
  bool with_data = true;
  std::vector<std::string> tables;  // empty: all
};

// Runs one batch on the database and waits for its result.
using RunBatch = Function<Result<BatchResult>(std::vector<Query>)>;
// Fails for a database with virtual tables, as Cloudflare's export does.
Result<void> export_sql(RunBatch& run, const ExportOptions& options, Function<void(std::string_view)>& write);

}  // namespace adit::bindings::d1
