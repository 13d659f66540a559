#include "cli/d1.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bindings/d1/script.h"
#include "bindings/d1/threads.h"
#include "bindings/state.h"
#include "cli/config_request.h"
#include "cli/control_d1.h"
#include "worker/config/diagnostic.h"

namespace adit::cli {
namespace {

namespace fs = std::filesystem;
using bindings::d1::BatchResult;
using bindings::d1::Query;
using bindings::d1::ResultSet;
using bindings::sql::RowBuffer;
using bindings::sql::ValueView;
using Json = nlohmann::ordered_json;

Result<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error::io(fmt::format("cannot read {}", path.string()));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Json json_of(const ValueView& value) {
  switch (value.type) {
    case ValueView::Type::null:
      return nullptr;
    case ValueView::Type::integer:
      return value.integer;
    case ValueView::Type::real:
      return value.real;
    case ValueView::Type::text:
      return std::string(value.octets);
    case ValueView::Type::blob:
      return Json(std::vector<uint8_t>(value.octets.begin(), value.octets.end()));
  }
  VERIFY_NOT_REACHED();
}

Json rows_of(const ResultSet& result) {
  auto rows = Json::array();
  for (RowBuffer::Reader reader(result.values); !reader.is_at_end();) {
    auto row = Json::object();
    for (const auto& column : result.columns) row[column] = json_of(reader.next());
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string dumped(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

// Columns as wide as their widest value.
std::string table_of(const ResultSet& result) {
  std::vector<std::vector<std::string>> lines{result.columns};
  for (RowBuffer::Reader reader(result.values); !reader.is_at_end();) {
    auto& line = lines.emplace_back();
    for (size_t i = 0; i < result.columns.size(); ++i) {
      auto value = json_of(reader.next());
      line.push_back(value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }
  std::vector<size_t> widths(result.columns.size());
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string out;
  for (size_t number = 0; number < lines.size(); ++number) {
    std::string text;
    for (size_t i = 0; i < widths.size(); ++i) text += fmt::format("{:<{}}  ", lines[number][i], widths[i]);
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    if (number > 0) continue;
    for (size_t i = 0; i < widths.size(); ++i)
      out += std::string(widths[i], '-') + (i + 1 < widths.size() ? "  " : "\n");
  }
  return out;
}

class D1Command {
 public:
  D1Command(const D1Options& options, const Clock& clock, const std::function<void(std::string_view)>& out)
      : m_options(options), m_clock(clock), m_out(out) {}

  Result<int> run() {
    TRY(find_database());
    bindings::ProcessState state(m_state_path, m_logger);
    auto opened = state.directory();
    // A server that uses it does for us what only it may.
    if (opened.is_error() && opened.error().kind() == ErrorKind::conflict) {
      auto remote = remote_d1(m_state_path.string());
      if (remote.is_error()) return std::move(opened.error());
      m_access = std::move(remote).value();
      return act();
    }
    TRY(std::move(opened));
    bindings::d1::Threads threads(state, m_logger, m_clock);
    m_access = local_d1(threads);
    auto result = act();
    threads.close();
    return result;
  }

 private:
  Result<int> act() {
    switch (m_options.action) {
      case D1Options::Action::execute:
        return execute();
      case D1Options::Action::export_sql:
        return export_database();
      case D1Options::Action::list_migrations:
        return list_migrations();
      case D1Options::Action::apply_migrations:
        return apply_migrations();
      case D1Options::Action::time_travel_info:
        return time_travel_info();
      case D1Options::Action::time_travel_restore:
        return time_travel_restore();
    }
    VERIFY_NOT_REACHED();
  }

  // By its name or its binding.
  Result<void> find_database() {
    auto request = TRY(make_config_request(m_options));
    auto loaded = worker::load_config(request, worker::DiskConfigFiles(), m_clock);
    if (!loaded.config) return Error::failed(worker::format_diagnostics(loaded.diagnostics));
    m_directory = loaded.config->directory;
    m_state_path = m_options.persist_to ? fs::absolute(*m_options.persist_to) : m_directory / ".adit" / "state";
    std::string known;
    for (const auto& database : loaded.config->d1_databases) {
      if (database.name == m_options.database || database.binding == m_options.database) {
        m_database = database;
        return {};
      }
      known += (known.empty() ? "" : ", ") + database.name;
    }
    return Error::failed(fmt::format("{}: d1_databases has no database \"{}\"{}", loaded.config->file.string(),
                                     m_options.database, known.empty() ? "" : "; it has " + known));
  }

  Result<BatchResult> batch(std::vector<Query> queries) { return m_access->batch(m_database.id, std::move(queries)); }

  static std::vector<Query> queries_of(std::string_view script) {
    std::vector<Query> queries;
    for (auto& statement : bindings::d1::split_statements(script)) queries.push_back({std::move(statement), {}});
    return queries;
  }

  Result<int> execute() {
    auto script = m_options.file ? TRY(read_file(*m_options.file)) : m_options.command.value_or("");
    auto queries = queries_of(script);
    if (queries.empty()) return Error::failed("there is no SQL statement in it");
    auto done = TRY(batch(std::move(queries)));
    if (m_options.json) {
      auto all = Json::array();
      for (const auto& result : done.results)
        all.push_back({{"results", rows_of(result)},
                       {"success", true},
                       {"meta", {{"changes", result.changes}, {"last_row_id", result.last_row_id}}}});
      m_out(dumped(all));
      return 0;
    }
    for (const auto& result : done.results)
      if (!result.columns.empty()) m_out(table_of(result));
    m_out(fmt::format("{} {}\n", done.results.size(), done.results.size() == 1 ? "statement" : "statements"));
    return 0;
  }

  Result<int> export_database() {
    std::ofstream file(m_options.output, std::ios::binary | std::ios::trunc);
    if (!file) return Error::io(fmt::format("cannot write {}", m_options.output));
    bindings::d1::RunBatch run = [this](std::vector<Query> queries) { return batch(std::move(queries)); };
    Function<void(std::string_view)> write = [&file](std::string_view text) {
      file.write(text.data(), static_cast<std::streamsize>(text.size()));
    };
    bindings::d1::ExportOptions wanted{!m_options.no_schema, !m_options.no_data, m_options.tables};
    TRY(bindings::d1::export_sql(run, wanted, write));
    file.close();
    if (!file) return Error::io(fmt::format("cannot write {}", m_options.output));
    m_out(fmt::format("Exported {} to {}\n", m_database.name, m_options.output));
    return 0;
  }

  std::string migrations_table() const {
    std::string quoted;
    for (char letter : m_database.migrations_table) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    return "\"" + quoted + "\"";
  }

  // Names of files that are not applied, in order. Wrangler's own table, so that both can be used on a database.
  Result<std::vector<std::string>> unapplied() {
    auto made =
        TRY(batch(queries_of(fmt::format("CREATE TABLE IF NOT EXISTS {0}(\n\t\tid         INTEGER PRIMARY KEY "
                                         "AUTOINCREMENT,\n\t\tname       TEXT UNIQUE,\n\t\tapplied_at "
                                         "TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n);"
                                         "SELECT name FROM {0} ORDER BY id;",
                                         migrations_table()))));
    std::vector<std::string> applied;
    for (RowBuffer::Reader reader(made.results[1].values); !reader.is_at_end();)
      applied.emplace_back(reader.next().octets);
    auto folder = m_directory / m_database.migrations_dir;
    std::error_code code;
    if (!fs::is_directory(folder, code))
      return Error::failed(fmt::format("there is no folder of migrations at {}", folder.string()));
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder, code)) {
      auto name = entry.path().filename().string();
      if (entry.path().extension() == ".sql" && std::find(applied.begin(), applied.end(), name) == applied.end())
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<int> list_migrations() {
    auto names = TRY(unapplied());
    if (names.empty()) m_out("No migrations to apply\n");
    else m_out("Migrations to be applied:\n");
    for (const auto& name : names) m_out(fmt::format("  {}\n", name));
    return 0;
  }

  Result<int> apply_migrations() {
    auto names = TRY(unapplied());
    if (names.empty()) m_out("No migrations to apply\n");
    for (const auto& name : names) {
      auto queries = queries_of(TRY(read_file(m_directory / m_database.migrations_dir / name)));
      queries.push_back({fmt::format("INSERT INTO {} (name) VALUES (?)", migrations_table()), {name}});
      auto done = batch(std::move(queries));
      if (done.is_error()) return std::move(done.error()).because("migration " + name);
      m_out(fmt::format("Applied {}\n", name));
    }
    return 0;
  }

  // The bookmark of the time that was asked for, or of now.
  Result<std::string> wanted_bookmark() {
    if (m_options.bookmark) return *m_options.bookmark;
    return m_access->bookmark(m_database.id, m_options.timestamp_ms);
  }

  Result<int> time_travel_info() {
    m_out(fmt::format("The bookmark is {}\n", TRY(wanted_bookmark())));
    return 0;
  }

  Result<int> time_travel_restore() {
    if (!m_options.bookmark && !m_options.timestamp_ms)
      return Error::failed("say to which state: --bookmark BOOKMARK or --timestamp TIME");
    auto bookmark = TRY(wanted_bookmark());
    auto before = TRY(m_access->restore(m_database.id, bookmark));
    m_out(fmt::format("Restored {} to {}\nTo undo this, restore {}\n", m_database.name, bookmark, before));
    return 0;
  }

  const D1Options& m_options;
  const Clock& m_clock;
  const std::function<void(std::string_view)>& m_out;
  Logger m_logger{LogLevel::warn};
  worker::D1Database m_database;
  fs::path m_directory;
  fs::path m_state_path;
  std::unique_ptr<D1Access> m_access;
};

}  // namespace

Result<int> run_d1(const D1Options& options, const Clock& clock, const std::function<void(std::string_view)>& out) {
  return D1Command(options, clock, out).run();
}

}  // namespace adit::cli
