#include "bindings/d1/script.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

namespace adit::bindings::d1 {
namespace {

constexpr size_t rows_at_once = 1000;

// Past the end of the string, quoted name or comment that begins at `at`; `at` itself if none does.
size_t skip_opaque(std::string_view text, size_t at) {
  auto end_of = [&](std::string_view mark, size_t from) {
    auto found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  switch (text[at]) {
    case '\'':
    case '"':
    case '`':
      return end_of(text.substr(at, 1), at + 1);
    case '[':
      return end_of("]", at + 1);
    case '-':
      return text.substr(at).starts_with("--") ? end_of("\n", at + 2) : at;
    case '/':
      return text.substr(at).starts_with("/*") ? end_of("*/", at + 2) : at;
    default:
      return at;
  }
}

bool is_space(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r' || letter == '\f';
}

// Comments and space only.
bool says_nothing(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    bool is_comment = text[at] == '-' || text[at] == '/';
    auto past = is_comment ? skip_opaque(text, at) : at;
    if (past > at) at = past;
    else if (is_space(text[at]) || text[at] == ';') ++at;
    else return false;
  }
  return true;
}

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char letter : text) {
    if (letter == quote) out += quote;
    out += letter;
  }
  return out + quote;
}

std::string literal(const sql::ValueView& value) {
  switch (value.type) {
    case sql::ValueView::Type::null:
      return "NULL";
    case sql::ValueView::Type::integer:
      return fmt::format("{}", value.integer);
    case sql::ValueView::Type::real: {
      if (value.real > 1.7976931348623157e308) return "9e999";
      if (value.real < -1.7976931348623157e308) return "-9e999";
      auto digits = fmt::format("{}", value.real);  // the shortest that reads back the same
      return digits.find_first_of(".en") == std::string::npos ? digits + ".0" : digits;
    }
    case sql::ValueView::Type::text: {
      // SQL text ends at a zero.
      if (value.octets.find('\0') == std::string_view::npos) return quoted(value.octets, '\'');
      break;
    }
    case sql::ValueView::Type::blob:
      break;
  }
  std::string hexadecimal;
  for (unsigned char octet : value.octets) hexadecimal += fmt::format("{:02x}", octet);
  return value.type == sql::ValueView::Type::text ? fmt::format("CAST(x'{}' AS TEXT)", hexadecimal)
                                                  : fmt::format("x'{}'", hexadecimal);
}

Result<ResultSet> run_one(RunBatch& run, std::string sql, std::vector<sql::Value> parameters = {}) {
  std::vector<Query> batch;
  batch.push_back({std::move(sql), std::move(parameters)});
  auto result = TRY(run(std::move(batch)));
  VERIFY(result.results.size() == 1);
  return std::move(result.results[0]);
}

struct SchemaItem {
  std::string type;
  std::string name;
  std::string sql;
};

Result<std::vector<SchemaItem>> schema_of(RunBatch& run) {
  auto listed = TRY(run_one(run,
                            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE "
                            "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY rowid"));
  std::vector<SchemaItem> items;
  for (sql::RowBuffer::Reader reader(listed.values); !reader.is_at_end();) {
    auto text = [&] { return std::string(reader.next().octets); };
    auto& item = items.emplace_back();
    item.type = text();
    item.name = text();
    item.sql = text();
  }
  return items;
}

Result<void> export_rows(RunBatch& run, const std::string& table, Function<void(std::string_view)>& write) {
  auto name = quoted(table, '"');
  for (size_t from = 0;; from += rows_at_once) {
    auto rows = TRY(run_one(run, fmt::format("SELECT * FROM {} LIMIT {} OFFSET {}", name, rows_at_once, from)));
    std::string columns;
    for (const auto& column : rows.columns) columns += (columns.empty() ? "" : ",") + quoted(column, '"');
    size_t count = 0;
    for (sql::RowBuffer::Reader reader(rows.values); !reader.is_at_end(); ++count) {
      std::string values;
      for (size_t i = 0; i < rows.columns.size(); ++i) values += (i == 0 ? "" : ",") + literal(reader.next());
      write(fmt::format("INSERT INTO {} ({}) VALUES({});\n", name, columns, values));
    }
    if (count < rows_at_once) return {};
  }
}

}  // namespace

std::vector<std::string> split_statements(std::string_view script) {
  std::vector<std::string> statements;
  size_t start = 0;
  for (size_t at = 0; at < script.size();) {
    if (auto past = skip_opaque(script, at); past > at) {
      at = past;
      continue;
    }
    if (script[at++] != ';') continue;
    std::string candidate(script.substr(start, at - start));
    // Not yet complete: a trigger's body has semicolons of its own.
    if (sqlite3_complete(candidate.c_str()) == 0) continue;
    if (!says_nothing(candidate)) statements.push_back(std::move(candidate));
    start = at;
    while (start < script.size() && is_space(script[start])) ++start;
    at = start;
  }
  if (auto rest = script.substr(start); !says_nothing(rest)) statements.emplace_back(rest);
  return statements;
}

Result<void> export_sql(RunBatch& run, const ExportOptions& options, Function<void(std::string_view)>& write) {
  auto items = TRY(schema_of(run));
  auto is_wanted = [&](const std::string& table) {
    return options.tables.empty() ||
           std::find(options.tables.begin(), options.tables.end(), table) != options.tables.end();
  };
  for (const auto& item : items)
    if (item.sql.starts_with("CREATE VIRTUAL TABLE"))
      return Error::failed(fmt::format(
          "\"{}\" is a virtual table, and databases with virtual tables cannot be exported; drop it, export, "
          "and make it again",
          item.name));
  write("PRAGMA defer_foreign_keys=TRUE;\n");
  for (const auto& item : items) {
    if (item.type != "table" || !is_wanted(item.name)) continue;
    if (options.with_schema) write(item.sql + ";\n");
    if (options.with_data) TRY(export_rows(run, item.name, write));
  }
  if (!options.with_schema || !options.tables.empty()) return {};
  for (const auto& item : items)
    if (item.type != "table") write(item.sql + ";\n");
  return {};
}

}  // namespace adit::bindings::d1
