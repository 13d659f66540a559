#include "ledger/verify.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "ledger/history_file.h"
#include "ledger/page_file.h"

namespace adit::ledger {
namespace {

// SQLite's URI of a file that nobody changes.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (char c : path) {
    if (c == '%' || c == '?' || c == '#') uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else uri += c;
  }
  return uri + "?immutable=1";
}

struct Closer {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// Empty when the database is sound.
std::string integrity_problem(const std::string& path) {
  sqlite3* opened = nullptr;
  auto code = sqlite3_open_v2(uri_of(path).c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  std::unique_ptr<sqlite3, Closer> handle(opened);
  if (code != SQLITE_OK) return sqlite3_errmsg(handle.get());
  sqlite3_stmt* prepared = nullptr;
  code = sqlite3_prepare_v2(handle.get(), "PRAGMA integrity_check(1)", -1, &prepared, nullptr);
  std::unique_ptr<sqlite3_stmt, Finalizer> statement(prepared);
  if (code != SQLITE_OK || sqlite3_step(statement.get()) != SQLITE_ROW) return sqlite3_errmsg(handle.get());
  std::string said = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0));
  return said == "ok" ? "" : said;
}

void verify_database(Disk& disk, const std::string& path, VerifyReport& report) {
  auto check = [&]() -> Result<void> {
    auto file = TRY(disk.open(path, OpenMode::read));
    auto size = TRY(file->size());
    report.database_bytes += size;
    if (size == 0) return {};
    std::array<uint8_t, FileStamp::size_bytes> stamp{};
    TRY(file->read(FileStamp::offset_bytes, stamp));
    if (!FileStamp::parse(stamp)) return Error::failed("its position is not readable");
    if (auto problem = integrity_problem(path); !problem.empty()) return Error::failed(problem);
    auto history = HistoryFile(disk, history_path(path)).verify();
    if (history.is_error()) return std::move(history.error());
    report.kept_states += history.value();
    return {};
  };
  ++report.ledgers;
  if (auto checked = check(); checked.is_error())
    report.problems.push_back(path + ": " + checked.error().full_message());
}

}  // namespace

Result<VerifyReport> verify_state(const StateDirectory& state) {
  VerifyReport report;
  auto& disk = state.disk();
  auto root = state.path() + "/ledgers";
  for (auto& space : TRY(disk.list(root)))
    for (auto& folder : TRY(disk.list(root + "/" + space)))
      for (auto& file : TRY(disk.list(root + "/" + space + "/" + folder)))
        if (file.ends_with(".sqlite")) verify_database(disk, root + "/" + space + "/" + folder + "/" + file, report);
  return report;
}

}  // namespace adit::ledger
