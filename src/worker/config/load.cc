// Finds a configuration, reads it with the reader of its syntax, selects the environment and has every part read. Owner: the caller.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "worker/config/config.h"
#include "worker/config/jsonc.h"
#include "worker/config/readers.h"
#include "worker/config/toml_document.h"

namespace adit::worker {

namespace fs = std::filesystem;

bool WorkerConfig::has_flag(std::string_view flag) const {
  return std::ranges::find(compatibility_flags, flag) != compatibility_flags.end();
}

std::string utc_date(const Clock& clock) {
  std::chrono::sys_time<std::chrono::milliseconds> now{std::chrono::milliseconds(clock.unix_ms())};
  std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(now)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string not_yet_notice(const WorkerConfig& config) {
  std::string out;
  for (const NotYet& entry : config.not_yet) {
    std::string_view comma = entry.binding.empty() ? "" : ", ";
    out += fmt::format("{}{} ({}{}line {})", out.empty() ? "" : ", ", entry.feature, entry.binding, comma,
                       entry.place.line);
  }
  return out;
}

std::optional<std::string> DiskConfigFiles::read(const fs::path& path) const {
  if (!is_file(path)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

bool DiskConfigFiles::is_file(const fs::path& path) const {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// wrangler looks for each name in turn all the way up: a wrangler.json above beats a wrangler.toml here.
std::optional<fs::path> find_config(const fs::path& directory, const ConfigFiles& files) {
  for (const char* name : {"wrangler.json", "wrangler.jsonc", "wrangler.toml"}) {
    for (fs::path at = directory;; at = at.parent_path()) {
      if (files.is_file(at / name)) return at / name;
      if (at == at.parent_path()) break;
    }
  }
  return std::nullopt;
}

std::string shown_config_path(const fs::path& path, const fs::path& directory) {
  std::string relative = path.lexically_relative(directory).string();
  return !relative.empty() && relative.size() < path.string().size() ? relative : path.string();
}

namespace {

std::string environment_name(const ConfigRequest& request) {
  if (request.environment) return *request.environment;
  auto found = request.process_env.find("CLOUDFLARE_ENV");
  return found == request.process_env.end() ? std::string() : found->second;
}

Diagnostic whole_run_error(std::string message, std::string hint) {
  return {Severity::error, "", 0, 0, std::move(message), std::move(hint), ""};
}

std::optional<fs::path> locate(const ConfigRequest& request, const ConfigFiles& files,
                               std::vector<Diagnostic>& diagnostics) {
  if (request.config_file) {
    fs::path path = (request.directory / *request.config_file).lexically_normal();
    if (files.is_file(path)) return path;
    diagnostics.push_back(whole_run_error(
        fmt::format("there is no file {}", shown_config_path(path, request.directory)), "--config names it"));
    return std::nullopt;
  }
  std::optional<fs::path> path = find_config(request.directory.lexically_normal(), files);
  if (!path) {
    diagnostics.push_back(
        whole_run_error(fmt::format("there is no wrangler.json, wrangler.jsonc or wrangler.toml in {} or above",
                                    request.directory.string()),
                        "\"adit init NAME\" makes a new worker"));
  }
  return path;
}

// The selected section, and where it is named; reports an environment that does not exist.
const Member* select_environment(const Node& root, const std::string& name, Reporter& reporter) {
  const Node* environments = root.find("env");
  const Member* member = environments ? environments->find_member(name) : nullptr;
  if (member) return member;
  std::vector<std::string_view> names;
  if (environments) {
    for (const Member& known : environments->members) names.push_back(known.key);
  }
  std::string_view near = nearest_word(name, names);
  std::string hint = names.empty() ? "the file has no \"env\"" : fmt::format("it has {}", fmt::join(names, ", "));
  if (!near.empty()) hint = fmt::format("did you mean \"{}\"?", near);
  reporter.error({}, fmt::format("there is no environment \"{}\"", name), std::move(hint));
  return nullptr;
}

std::optional<Node> parse(const fs::path& path, std::string_view text, Reporter& reporter) {
  std::optional<Node> root = path.extension() == ".toml" ? parse_toml(text, reporter) : parse_jsonc(text, reporter);
  if (root && !root->is(Node::Kind::object)) {
    reporter.error(root->place, fmt::format("expected an object, found {}", kind_name(root->kind)));
    return std::nullopt;
  }
  return root;
}

void sort_by_place(std::vector<Diagnostic>& diagnostics) {
  std::ranges::stable_sort(diagnostics, [](const Diagnostic& a, const Diagnostic& b) {
    // Those about the file as a whole come after those about its lines.
    auto line = [](const Diagnostic& d) { return d.line ? d.line : UINT32_MAX; };
    return std::pair(line(a), a.column) < std::pair(line(b), b.column);
  });
}

}  // namespace

LoadedConfig load_config(const ConfigRequest& request, const ConfigFiles& files, const Clock& clock) {
  LoadedConfig out;
  std::optional<fs::path> path = locate(request, files, out.diagnostics);
  if (!path) return out;
  std::string shown = shown_config_path(*path, request.directory);
  std::optional<std::string> text = files.read(*path);
  if (!text) {
    out.diagnostics.push_back(whole_run_error(fmt::format("{} cannot be read", shown), ""));
    return out;
  }
  Reporter reporter(shown, *text, out.diagnostics);
  std::optional<Node> root = parse(*path, *text, reporter);
  if (!root) return out;

  std::string name = environment_name(request);
  check_fields(*root, name, reporter);
  const Node* section = nullptr;
  if (!name.empty()) {
    const Member* member = select_environment(*root, name, reporter);
    if (!member) return out;
    section = &member->value;
    warn_about_inheritance(*root, *section, member->place, name, reporter);
  }

  WorkerConfig config;
  config.file = *path;
  config.directory = path->parent_path();
  config.environment = name;
  Environment environment(*root, section, name);
  Reading reading{environment, config, reporter, files, utc_date(clock)};
  read_settings(reading);
  read_bindings(reading);
  check_binding_names(reading);
  if (request.check_files) check_named_files(reading);
  sort_by_place(out.diagnostics);
  overlay_variables(reading, request, out.diagnostics);
  if (!has_errors(out.diagnostics)) out.config = std::move(config);
  return out;
}

}  // namespace adit::worker
