#include "bindings/sql/rules.h"

#include <algorithm>
#include <array>
#include <string>

namespace adit::bindings::sql {
namespace {

constexpr auto pragmas = std::to_array<std::string_view>({
    "case_sensitive_like",
    "data_version",  // FTS5 asks for it
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "ignore_check_constraints",
    "index_info",
    "index_list",
    "index_xinfo",
    "legacy_alter_table",
    "optimize",
    "quick_check",
    "recursive_triggers",
    "reverse_unordered_selects",
    "table_info",
    "table_list",
    "table_xinfo",
});

// Functions that depend on nothing but their arguments, the database and the time. Sorted.
// clang-format off
constexpr auto functions = std::to_array<std::string_view>({
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "bm25", "ceil",
    "ceiling", "changes", "char", "coalesce", "concat", "concat_ws", "cos", "cosh", "count",
    "cume_dist", "current_date", "current_time", "current_timestamp", "date", "datetime",
    "degrees", "dense_rank", "exp", "first_value", "floor", "format", "fts5", "fts5_get_locale",
    "fts5_insttoken", "fts5_locale", "glob", "group_concat", "hex", "highlight", "if", "ifnull",
    "iif", "instr", "json", "json_array", "json_array_insert", "json_array_length",
    "json_error_position", "json_extract", "json_group_array", "json_group_object",
    "json_insert", "json_object", "json_patch", "json_pretty", "json_quote", "json_remove",
    "json_replace", "json_set", "json_type", "json_valid", "jsonb", "jsonb_array",
    "jsonb_array_insert", "jsonb_extract", "jsonb_group_array", "jsonb_group_object",
    "jsonb_insert", "jsonb_object", "jsonb_patch", "jsonb_remove", "jsonb_replace",
    "jsonb_set", "julianday", "lag", "last_insert_rowid", "last_value", "lead", "length", "like",
    "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "match", "max", "min", "mod",
    "nth_value", "ntile", "nullif", "octet_length", "percent_rank", "pi", "pow", "power", "printf",
    "quote", "radians", "random", "randomblob", "rank", "replace", "round", "row_number", "rtrim",
    "sign", "sin", "sinh", "snippet", "sqrt", "stat_get", "stat_init", "stat_push", "strftime",
    "string_agg", "substr", "substring", "sum", "tan", "tanh", "time", "timediff", "total",
    "total_changes", "trim", "trunc", "typeof", "unhex", "unicode", "unistr", "unistr_quote",
    "unixepoch", "unlikely", "upper", "zeroblob",
});
// clang-format on

// Virtual tables that are there without having been created, and tell about the process or the file.
constexpr auto hidden_tables = std::to_array<std::string_view>(
    {"bytecode", "completion", "dbstat", "fts3tokenize", "sqlite_dbpage", "sqlite_stmt", "tables_used"});

std::string lower(const char* text) {
  std::string out(text);
  for (auto& letter : out)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
  return out;
}

template <size_t N>
bool has(const std::array<std::string_view, N>& sorted, const char* name) {
  if (!name) return false;
  auto wanted = lower(name);
  return std::binary_search(sorted.begin(), sorted.end(), std::string_view(wanted));
}

bool is_reserved(const char* name) { return name && sqlite3_strnicmp(name, "_cf_", 4) == 0; }

// ALTER TABLE compiles statements over functions that only it may use; SQLite itself keeps others from them.
bool is_function(const char* name) {
  std::string_view text(name ? name : "");
  for (std::string_view prefix : {"sqlite_rename_", "sqlite_drop_", "sqlite_add_", "sqlite_find_", "sqlite_fail"})
    if (text.starts_with(prefix)) return true;
  return has(functions, name);
}

int allow_if(bool allowed) { return allowed ? SQLITE_OK : SQLITE_DENY; }

static_assert(std::is_sorted(pragmas.begin(), pragmas.end()));
static_assert(std::is_sorted(functions.begin(), functions.end()));
static_assert(std::is_sorted(hidden_tables.begin(), hidden_tables.end()));

}  // namespace

int check_action(Findings& findings, int action, const char* first, const char* second) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_DELETE:
    case SQLITE_UPDATE:
      findings.reads_tables |= action == SQLITE_READ || action == SQLITE_UPDATE;
      return allow_if(!is_reserved(first) && !has(hidden_tables, first));
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_ALTER_TABLE:
    case SQLITE_REINDEX:
      findings.changes_schema = true;
      return allow_if(!is_reserved(first) && !is_reserved(second));
    case SQLITE_ANALYZE:  // of everything leaves out what is reserved
      return is_reserved(first) ? SQLITE_IGNORE : SQLITE_OK;
    case SQLITE_CREATE_VTABLE:
      return allow_if(!is_reserved(first) && second &&
                      (sqlite3_stricmp(second, "fts5") == 0 || sqlite3_stricmp(second, "fts5vocab") == 0));
    case SQLITE_FUNCTION:
      return allow_if(is_function(second));
    case SQLITE_PRAGMA:
      findings.has_pragma = true;
      return allow_if(has(pragmas, first));
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      findings.is_transaction = true;
      return SQLITE_DENY;
    default:  // ATTACH, DETACH, everything TEMP
      return SQLITE_DENY;
  }
}

void apply_limits(sqlite3* database) {
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, max_value_bytes);
  sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, max_statement_bytes);
  sqlite3_limit(database, SQLITE_LIMIT_COLUMN, max_columns);
  sqlite3_limit(database, SQLITE_LIMIT_EXPR_DEPTH, 100);
  sqlite3_limit(database, SQLITE_LIMIT_COMPOUND_SELECT, 5);
  sqlite3_limit(database, SQLITE_LIMIT_VDBE_OP, 25'000);
  sqlite3_limit(database, SQLITE_LIMIT_FUNCTION_ARG, 127);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(database, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, max_pattern_bytes);
  sqlite3_limit(database, SQLITE_LIMIT_VARIABLE_NUMBER, max_parameters);
  sqlite3_limit(database, SQLITE_LIMIT_TRIGGER_DEPTH, 10);
  sqlite3_limit(database, SQLITE_LIMIT_WORKER_THREADS, 0);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 1, nullptr);
}

}  // namespace adit::bindings::sql
