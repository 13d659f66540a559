// What an application's SQL may do in its own database: the rules of Workers, as an SQLite authorizer, and Workers' limits. The same for a
// Durable Object's storage.sql and for D1. Owner: the session (session.h). Invariant: nothing that these rules let through can end or begin
// a transaction, reach another database, or see or change tables that belong to the platform (`_cf_...`).
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string_view>

namespace adit::bindings::sql {

// https://developers.cloudflare.com/d1/platform/limits/, .../durable-objects/platform/limits/; where the documentation gives 2 MB for a row or
// value, Workers refuse above 2.2 million octets.
constexpr int max_value_bytes = 2'200'000;
constexpr int max_statement_bytes = 100'000;
constexpr int max_columns = 100;
constexpr int max_parameters = 100;
constexpr int max_pattern_bytes = 50;

// What compiling a statement has told about it.
struct Findings {
  bool is_transaction = false;  // and refused for that
  bool reads_tables = false;
  bool has_pragma = false;
  bool changes_schema = false;
};

// An sqlite3_set_authorizer callback's answer; notes what it sees.
int check_action(Findings& findings, int action, const char* first, const char* second);

// Workers' limits and settings: foreign keys are on, "text" may be a string.
void apply_limits(sqlite3* database);

}  // namespace adit::bindings::sql
