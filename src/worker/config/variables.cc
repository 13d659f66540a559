// The variables that a worker sees in development: the file's vars, then secrets from .dev.vars or the .env files, then --var.
// Owner: load_config. Which file beats which was checked against wrangler's behaviour.
#include <fmt/format.h>

#include <algorithm>

#include "worker/config/dotenv.h"
#include "worker/config/read_node.h"
#include "worker/config/readers.h"

namespace adit::worker {
namespace {

namespace fs = std::filesystem;

void put(std::vector<Variable>& variables, Variable variable) {
  auto found = std::ranges::find(variables, variable.name, &Variable::name);
  if (found == variables.end()) {
    variables.push_back(std::move(variable));
  } else {
    *found = std::move(variable);
  }
}

bool is_on(const std::map<std::string, std::string>& env, const std::string& name) {
  auto found = env.find(name);
  return found != env.end() && (found->second == "true" || found->second == "1");
}

class SecretsReader {
 public:
  SecretsReader(const Reading& reading, const ConfigRequest& request, std::vector<Diagnostic>& diagnostics)
      : m_reading(reading), m_request(request), m_diagnostics(diagnostics) {}

  std::vector<Variable> read() {
    if (!m_request.env_files.empty()) {
      for (const fs::path& file : m_request.env_files) {
        fs::path path = (m_request.directory / file).lexically_normal();
        if (!read_file(path, Variable::Origin::dot_env)) {
          m_diagnostics.push_back({Severity::error, shown_config_path(path, m_request.directory), 0, 0,
                                   "there is no such file", "--env-file names it", ""});
        }
      }
      expand();
    } else if (!read_dev_vars()) {
      read_dot_env();
      expand();
    }
    return std::move(m_secrets);
  }

 private:
  bool read_file(const fs::path& path, Variable::Origin origin) {
    std::optional<std::string> text = m_reading.files.read(path);
    if (!text) return false;
    // Without the text: a diagnostic must not print a line that may hold a secret.
    auto shown = shown_config_path(path, m_request.directory);
    Reporter reporter(shown, "", m_diagnostics);
    for (DotenvEntry& entry : parse_dotenv(*text, reporter)) {
      put(m_secrets, {std::move(entry.name), Variable::Kind::text, std::move(entry.value), origin, entry.place, shown});
    }
    return true;
  }

  // .dev.vars.ENVIRONMENT stands instead of .dev.vars, not beside it.
  bool read_dev_vars() {
    const fs::path& directory = m_reading.config.directory;
    const std::string& environment = m_reading.environment.name();
    if (!environment.empty() && read_file(directory / (".dev.vars." + environment), Variable::Origin::dev_vars))
      return true;
    return read_file(directory / ".dev.vars", Variable::Origin::dev_vars);
  }

  // All of them, later ones over earlier ones.
  void read_dot_env() {
    auto found = m_request.process_env.find("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV");
    if (found != m_request.process_env.end() && found->second == "false") return;
    const fs::path& directory = m_reading.config.directory;
    const std::string& environment = m_reading.environment.name();
    read_file(directory / ".env", Variable::Origin::dot_env);
    read_file(directory / ".env.local", Variable::Origin::dot_env);
    if (!environment.empty()) {
      read_file(directory / (".env." + environment), Variable::Origin::dot_env);
      read_file(directory / (".env." + environment + ".local"), Variable::Origin::dot_env);
    }
    if (!is_on(m_request.process_env, "CLOUDFLARE_INCLUDE_PROCESS_ENV")) return;
    for (const auto& [name, value] : m_request.process_env)
      put(m_secrets, {name, Variable::Kind::text, value, Variable::Origin::process_env, {}});
  }

  // References see the variables before them, in the order in which names first appeared.
  void expand() {
    size_t done = 0;
    auto lookup = [&](std::string_view name) -> std::optional<std::string> {
      for (size_t i = 0; i < done; i++) {
        if (m_secrets[i].name == name) return m_secrets[i].value;
      }
      return std::nullopt;
    };
    for (; done < m_secrets.size(); done++) {
      Variable& secret = m_secrets[done];
      if (secret.origin == Variable::Origin::dot_env) secret.value = expand_variables(secret.value, lookup);
    }
  }

  const Reading& m_reading;
  const ConfigRequest& m_request;
  std::vector<Diagnostic>& m_diagnostics;
  std::vector<Variable> m_secrets;
};

// secrets.required: exactly these names, from the files or from the process's environment.
void keep_required(Reading& reading, const Node& required, const ConfigRequest& request,
                   std::vector<Variable>& secrets) {
  std::vector<Variable> kept;
  for (const Node& item : required.items) {
    if (!item.is(Node::Kind::text)) continue;
    auto found = std::ranges::find(secrets, item.text, &Variable::name);
    if (found != secrets.end()) {
      kept.push_back(*found);
    } else if (auto in_process = request.process_env.find(item.text); in_process != request.process_env.end()) {
      kept.push_back({item.text, Variable::Kind::text, in_process->second, Variable::Origin::process_env, {}});
    } else {
      reading.reporter.warning(item.place, fmt::format("the secret {} is required, but not set", item.text),
                               "set it in .dev.vars or .env");
    }
  }
  secrets = std::move(kept);
}

// https://developers.cloudflare.com/workers/platform/limits/#environment-variables, the paid plan's. Those of the process's environment are
// there in development only.
constexpr size_t max_variables = 128;
constexpr size_t max_variable_bytes = 5 * 1024;

Diagnostic about(const Variable& variable, const Reading& reading, const ConfigRequest& request, std::string message) {
  Diagnostic diagnostic{
      Severity::error, variable.file, variable.place.line, variable.place.column, std::move(message), "", ""};
  if (variable.origin == Variable::Origin::config)
    diagnostic.file = shown_config_path(reading.config.file, request.directory);
  return diagnostic;
}

std::string field_of(const Variable& variable) {
  if (variable.origin == Variable::Origin::config) return "vars." + variable.name;
  if (variable.origin == Variable::Origin::command_line) return "--var " + variable.name;
  return variable.name;
}

void check_limits(const Reading& reading, const ConfigRequest& request, std::vector<Diagnostic>& diagnostics) {
  size_t count = 0;
  const Variable* first_too_many = nullptr;
  for (const Variable& variable : reading.config.vars) {
    if (variable.origin == Variable::Origin::process_env) continue;
    if (++count == max_variables + 1) first_too_many = &variable;
    // Without the source line, which is as long.
    if (variable.value.size() > max_variable_bytes) {
      auto& diagnostic =
          diagnostics.emplace_back(about(variable, reading, request,
                                         fmt::format("{}: the value has {} bytes, and a variable may have 5 KB ({})",
                                                     field_of(variable), variable.value.size(), max_variable_bytes)));
      diagnostic.hint = "long values belong into a module, KV or R2";
    }
  }
  if (!first_too_many) return;
  auto& diagnostic =
      diagnostics.emplace_back(about(*first_too_many, reading, request,
                                     fmt::format("{}: the worker has {} variables and secrets, and may have {}",
                                                 field_of(*first_too_many), count, max_variables)));
  diagnostic.hint = "one variable can hold a JSON object of many values";
}

}  // namespace

void overlay_variables(Reading& reading, const ConfigRequest& request, std::vector<Diagnostic>& diagnostics) {
  std::vector<Variable> secrets = SecretsReader(reading, request, diagnostics).read();
  const Node* section = reading.environment.find("secrets");
  const Node* required = section ? section->find("required") : nullptr;
  if (required) keep_required(reading, *required, request, secrets);
  std::vector<Variable>& variables = reading.config.vars;
  for (Variable& secret : secrets) put(variables, std::move(secret));
  for (const auto& [name, value] : request.vars)
    put(variables, {name, Variable::Kind::text, value, Variable::Origin::command_line, {}});
  std::ranges::sort(variables, {}, &Variable::name);
  check_limits(reading, request, diagnostics);
}

}  // namespace adit::worker
