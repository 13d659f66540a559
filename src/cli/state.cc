#include "cli/state.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/control.h"
#include "ledger/backup.h"
#include "ledger/verify.h"

namespace adit::cli {
namespace fs = std::filesystem;
namespace {

std::string counted(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string size_of(uint64_t bytes) {
  if (bytes < 10 << 20) return fmt::format("{} KiB", (bytes + 1023) >> 10);
  return fmt::format("{} MiB", bytes >> 20);
}

// The nearest .adit/state, here or above.
std::string state_directory(const StateOptions& options) {
  if (options.persist_to) return *options.persist_to;
  std::error_code code;
  auto here = fs::current_path(code);
  for (auto folder = here; !code; folder = folder.parent_path()) {
    if (fs::is_directory(folder / ".adit" / "state", code)) {
      auto relative = fs::relative(folder / ".adit" / "state", here, code);
      return relative.empty() ? (folder / ".adit" / "state").string() : relative.string();
    }
    code.clear();
    if (folder == folder.root_path()) break;
  }
  return ".adit/state";
}

Result<int> verify(const std::string& path, const Output& out) {
  std::error_code code;
  if (!fs::is_directory(path, code)) return Error(ErrorKind::not_found, "there is no state directory " + path);
  ledger::SystemDisk disk;
  auto opened = ledger::StateDirectory::open(disk, path);
  if (opened.is_error() && opened.error().kind() == ErrorKind::conflict)
    return Error(ErrorKind::conflict, opened.error().full_message() + "; verify a backup of it, or stop that first");
  auto state = TRY(std::move(opened));
  auto report = TRY(ledger::verify_state(*state));
  for (auto& problem : report.problems) out(problem + "\n");
  if (auto& recovery = state->recovery(); recovery.entries > 0)
    out(fmt::format("replayed {} into {}\n", counted(recovery.entries, "log entry", "log entries"),
                    counted(recovery.ledgers, "ledger", "ledgers")));
  out(fmt::format(
      "{}, {}, {}: {}\n", counted(report.ledgers, "ledger", "ledgers"), size_of(report.database_bytes),
      counted(report.kept_states, "kept state", "kept states"),
      report.problems.empty() ? "no problems" : counted(report.problems.size(), "is damaged", "are damaged")));
  return report.problems.empty() ? 0 : 1;
}

Result<int> backup(const std::string& path, const std::string& target, const Output& out) {
  auto report = TRY(ledger::backup_state(path, target));
  out(fmt::format("backed up {} to {}: {}, {}\n", path, target, counted(report.files, "file", "files"),
                  size_of(report.bytes)));
  return 0;
}

// A server that uses the state goes on with the backup (dev.cc).
Result<std::optional<std::string>> restore_running(const std::string& source, const std::string& path) {
  auto asked = TRY(ask_server(path, {{"do", "ping"}}));
  if (!asked) return std::optional<std::string>();
  auto incoming = TRY(ledger::stage_restore(source, path));
  auto answer = ask_server(path, {{"do", "restore"}, {"from", fs::absolute(incoming).string()}});
  if (answer.is_error() || !answer.value()) {
    std::error_code code;
    fs::remove_all(incoming, code);
    if (answer.is_error()) return std::move(answer.error());
    return Error::failed("the server ended meanwhile; nothing was restored");
  }
  return std::optional(answer.value()->value("kept", std::string()));
}

Result<int> restore(const std::string& source, const std::string& path, const Output& out) {
  auto offline = ledger::restore_state(source, path);
  std::string kept;
  if (offline.is_error() && offline.error().kind() == ErrorKind::conflict) {
    auto running = TRY(restore_running(source, path));
    if (!running) return std::move(offline.error());
    kept = *running;
    out(fmt::format("restored {} from {}; the server goes on with it\n", path, source));
  } else {
    kept = TRY(std::move(offline));
    out(fmt::format("restored {} from {}\n", path, source));
  }
  if (!kept.empty()) out(fmt::format("what was there is in {}\n", kept));
  return 0;
}

}  // namespace

Result<int> run_state(const StateOptions& options, const Output& out) {
  auto path = state_directory(options);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  auto other = options.path;
  while (other.size() > 1 && other.ends_with('/')) other.pop_back();
  switch (options.action) {
    case StateOptions::Action::verify:
      return verify(path, out);
    case StateOptions::Action::backup:
      return backup(path, other, out);
    case StateOptions::Action::restore:
      return restore(other, path, out);
  }
  VERIFY_NOT_REACHED();
}

}  // namespace adit::cli
