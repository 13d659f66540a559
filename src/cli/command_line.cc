// The command line, described to CLI11. The one file that includes it; its exceptions end here.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <iomanip>
#include <map>
#include <sstream>

#include "worker/config/diagnostic.h"

namespace adit::cli {
namespace {

constexpr std::string_view k_version = "0.1.0";

// What CLI11 writes into while it parses.
struct Parsed {
  DevOptions dev;
  InitOptions init;
  CheckOptions check;
  StateOptions state;
  D1Options d1;
  std::string timestamp;
  std::vector<std::string> vars;
  std::vector<std::string> directories;  // of dev
  std::vector<std::string> configs;
  std::string log_level = "info";
  std::string help_command;
  std::string state_action;
  std::map<std::string, std::string> footers;  // by command; CLI11 would reflow them
};

template <typename Options>
void add_worker_options(CLI::App& command, Options& options, Parsed& parsed) {
  command.add_option("-e,--env", options.environment, "The environment to use; also CLOUDFLARE_ENV")->type_name("NAME");
  command.add_option("--var", parsed.vars, "Set a variable, over the configuration and .dev.vars; may be repeated")
      ->type_name("NAME:VALUE")
      ->allow_extra_args(false);
  command
      .add_option("--env-file", options.env_files,
                  "Read variables from FILE instead of .dev.vars and .env; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_dev(CLI::App& app, Parsed& parsed) {
  CLI::App* dev = app.add_subcommand("dev", "Run a worker on this machine, anew when its files change");
  dev->add_option("DIR", parsed.directories,
                  "The worker's directory, else the current one; its configuration is looked for there and above. Of "
                  "several workers, the first is on HTTP, the others behind service bindings")
      ->type_name("");
  dev->add_option("-c,--config", parsed.configs,
                  "The configuration file, instead of looking for one; may be repeated for several workers")
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_worker_options(*dev, parsed.dev, parsed);
  dev->add_option("--host,--ip", parsed.dev.host,
                  "The address to listen on; dev.ip of the configuration, else 127.0.0.1")
      ->type_name("ADDRESS");
  dev->add_option("-p,--port", parsed.dev.port,
                  "The port to listen on, 0 for any free one; dev.port of the configuration, else 8787")
      ->type_name("PORT");
  dev->add_option("--persist-to", parsed.dev.persist_to, "Where state is kept; .adit/state beside the configuration")
      ->type_name("DIR");
  dev->add_option("--s3-port", parsed.dev.s3_port,
                  "Serve the R2 buckets by the S3 API on this port too, 0 for any free one")
      ->type_name("PORT");
  dev->add_option("--s3-keys", parsed.dev.s3_keys,
                  "The access keys of the S3 API; .adit/s3-keys.json beside the configuration, made when missing")
      ->type_name("FILE");
  dev->add_option("--shards", parsed.dev.shards, "How many threads run the worker; one per core")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  dev->add_option("--max-body-mb", parsed.dev.max_body_mb,
                  "The longest body of a request, in MB; 100, as on Cloudflare's Free and Pro plans")
      ->type_name("N")
      ->check(CLI::Range(1, 1'048'576).description(""));
  dev->add_option("--kv-propagation", parsed.dev.kv_propagation_s,
                  "For so many seconds KV reads give what they gave before, as on Cloudflare's network (60 there); 0")
      ->type_name("N")
      ->check(CLI::Range(0, 86'400).description(""));
  dev->add_option("--history-days", parsed.dev.history_days,
                  "How many days Durable Objects and D1 databases keep their past, from now on; at first 30")
      ->type_name("N")
      ->check(CLI::Range(1, 3650).description(""));
  dev->add_option("--log-level", parsed.log_level, "How much to log: debug, info, warn, error or none; info")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "log", "warn", "error", "none"}).description(""));
  parsed.footers["dev"] =
      "Examples:\n"
      "  adit dev                              the worker of the current directory, on http://127.0.0.1:8787\n"
      "  adit dev app --env staging --port 0   the staging environment of ./app, on any free port\n"
      "  adit dev --var GREETING:Hi            with another value for a variable\n"
      "  adit dev site api                     ./site on HTTP, and ./api for its service bindings";
}

void add_state(CLI::App& app, Parsed& parsed) {
  CLI::App* state = app.add_subcommand("state", "Verify, back up or restore what workers have stored");
  state
      ->add_option("ACTION", parsed.state_action,
                   "verify: check every database, history and log; backup: copy all to PATH, also while a server runs; "
                   "restore: put a backup from PATH in the state's place")
      ->type_name("")
      ->required()
      ->check(CLI::IsMember({"verify", "backup", "restore"}).description(""));
  state->add_option("PATH", parsed.state.path, "The backup's directory")->type_name("");
  state->add_option("--persist-to", parsed.state.persist_to, "The state; the nearest .adit/state, here or above")
      ->type_name("DIR");
  parsed.footers["state"] =
      "verify exits with 1 when something is damaged. It needs the state for itself: stop the server, or verify a "
      "backup.\nrestore works while adit dev runs: it pauses, and goes on with the backup.\n\n"
      "Examples:\n"
      "  adit state backup /backups/monday\n"
      "  adit state verify --persist-to /backups/monday\n"
      "  adit state restore /backups/monday";
}

CLI::App* add_d1_action(CLI::App& parent, Parsed& parsed, const char* name, const char* what,
                        D1Options::Action action) {
  CLI::App* command = parent.add_subcommand(name, what);
  auto& options = parsed.d1;
  command->add_option("DATABASE", options.database, "The database's name or binding")->type_name("")->required();
  command
      ->add_option("--directory", options.directory,
                   "The worker's directory, else the current one; its configuration is looked for there and above")
      ->type_name("DIR");
  command->add_option("-c,--config", options.config, "The configuration file, instead of looking for one")
      ->type_name("FILE");
  command->add_option("-e,--env", options.environment, "The environment to use; also CLOUDFLARE_ENV")
      ->type_name("NAME");
  command->add_option("--persist-to", options.persist_to, "Where state is kept; .adit/state beside the configuration")
      ->type_name("DIR");
  command->usage(fmt::format("Usage: adit {}{} [OPTIONS] DATABASE",
                             parent.get_name() == "d1" ? "d1 " : "d1 " + parent.get_name() + " ", name));
  command->callback([&options, action] { options.action = action; });
  return command;
}

void add_time_options(CLI::App& command, Parsed& parsed) {
  command.add_option("--timestamp", parsed.timestamp, "A time, as seconds since 1970 or 2026-01-31T12:00:00Z")
      ->type_name("TIME");
}

void add_d1(CLI::App& app, Parsed& parsed) {
  using Action = D1Options::Action;
  CLI::App* d1 = app.add_subcommand("d1", "Run SQL, apply migrations, export and restore D1 databases");
  d1->require_subcommand(1);
  auto& options = parsed.d1;
  CLI::App* execute = add_d1_action(*d1, parsed, "execute", "Run SQL statements, all or none", Action::execute);
  auto* command = execute->add_option("--command", options.command, "The statements")->type_name("SQL");
  execute->add_option("--file", options.file, "The file with the statements")->type_name("FILE")->excludes(command);
  execute->add_flag("--json", options.json, "Print the results as JSON");
  CLI::App* dump = add_d1_action(*d1, parsed, "export", "Write the database as an SQL file", Action::export_sql);
  dump->add_option("--output", options.output, "The file to write")->type_name("FILE")->required();
  dump->add_option("--table", options.tables, "Only this table; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  dump->add_flag("--no-schema", options.no_schema, "Only the rows");
  dump->add_flag("--no-data", options.no_data, "Only the schema");
  CLI::App* migrations = d1->add_subcommand("migrations", "List or apply the files of migrations_dir");
  migrations->require_subcommand(1);
  migrations->usage("Usage: adit d1 migrations COMMAND ...");
  add_d1_action(*migrations, parsed, "list", "Name those not applied yet", Action::list_migrations);
  add_d1_action(*migrations, parsed, "apply", "Apply those not applied yet, in order", Action::apply_migrations);
  CLI::App* travel = d1->add_subcommand("time-travel", "Find and restore an earlier state");
  travel->require_subcommand(1);
  travel->usage("Usage: adit d1 time-travel COMMAND ...");
  add_time_options(
      *add_d1_action(*travel, parsed, "info", "The bookmark of a time, or of now", Action::time_travel_info), parsed);
  CLI::App* restore =
      add_d1_action(*travel, parsed, "restore", "Make the database what it was", Action::time_travel_restore);
  add_time_options(*restore, parsed);
  restore->add_option("--bookmark", options.bookmark, "The state, as info told it")->type_name("BOOKMARK");
  parsed.footers["d1"] =
      "While adit dev runs, it does what is asked here.\n\n"
      "Examples:\n"
      "  adit d1 execute my-db --command \"SELECT * FROM users\"\n"
      "  adit d1 migrations apply my-db\n"
      "  adit d1 time-travel restore my-db --timestamp 2026-01-31T12:00:00Z";
}

// Seconds since 1970, or a date and time of ISO 8601 in UTC.
Result<int64_t> parse_time_ms(const std::string& text) {
  auto wrong = Error::failed(fmt::format("--timestamp {}: expected seconds since 1970 or 2026-01-31T12:00:00Z", text));
  if (!text.empty() && text.size() < 12 && text.find_first_not_of("0123456789") == std::string::npos)
    return std::stoll(text) * 1000;
  std::tm parts{};
  std::istringstream in(text);
  in >> std::get_time(&parts, text.find('T') != std::string::npos ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d");
  if (in.fail()) return wrong;
  std::string rest;
  in >> rest;
  if (!rest.empty() && rest != "Z") return wrong;
  return static_cast<int64_t>(timegm(&parts)) * 1000;
}

void describe(CLI::App& app, Parsed& parsed) {
  app.name("adit");
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("-V,--version", fmt::format("adit {}", k_version), "Print the version");
  app.get_formatter()->column_width(30);

  add_dev(app, parsed);
  CLI::App* init = app.add_subcommand("init", "Make a new TypeScript worker");
  init->add_option("NAME", parsed.init.name, "The directory to make; its last part names the worker")
      ->type_name("")
      ->required();
  parsed.footers["init"] =
      "It refuses a directory that holds anything.\n\n"
      "Example:\n"
      "  adit init hello && cd hello && adit dev";
  CLI::App* check = app.add_subcommand("check", "Say what is wrong with a worker's configuration");
  check
      ->add_option("DIR", parsed.check.directory,
                   "The worker's directory, else the current one; its configuration is looked for there and above")
      ->type_name("");
  check->add_option("-c,--config", parsed.check.config, "The configuration file, instead of looking for one")
      ->type_name("FILE");
  add_worker_options(*check, parsed.check, parsed);
  check->add_flag("--print", parsed.check.print, "Also print the configuration as Adit understands it, as JSON");
  parsed.footers["check"] = "Exits with 0 when there are no errors, with 1 when there are.";
  add_state(app, parsed);
  add_d1(app, parsed);
  CLI::App* help = app.add_subcommand("help", "Tell more about a command");
  help->add_option("COMMAND", parsed.help_command, "The command")->type_name("");
  parsed.footers["adit"] = "\"adit help COMMAND\" tells more about a command.";
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    const char* argument = command == init                  ? "NAME"
                           : command == help                ? "[COMMAND]"
                           : command->get_name() == "d1"    ? "COMMAND ..."
                           : command->get_name() == "state" ? "[OPTIONS] ACTION [PATH]"
                           : command == check               ? "[OPTIONS] [DIR]"
                                                            : "[OPTIONS] [DIR...]";
    command->usage(fmt::format("Usage: adit {} {}", command->get_name(), argument));
  }
  app.usage("Usage: adit COMMAND ...");
}

// CLI11's help without white space at the ends of lines and with single blank lines, and the command's footer.
std::string help_of(const CLI::App& app, const Parsed& parsed) {
  std::string out;
  std::istringstream in(app.help());
  bool blank = true;
  for (std::string line; std::getline(in, line);) {
    line.erase(line.find_last_not_of(" \t") + 1);
    if (line.empty() && blank) continue;
    blank = line.empty();
    out += line + "\n";
  }
  while (out.ends_with("\n\n")) out.pop_back();
  if (auto footer = parsed.footers.find(app.get_name()); footer != parsed.footers.end())
    out += "\n" + footer->second + "\n";
  return out;
}

// The command that was named last: "adit d1 migrations list" is three.
const CLI::App* innermost(const CLI::App* command) {
  while (!command->get_subcommands().empty()) command = command->get_subcommands()[0];
  return command;
}

UsageError usage_error(const CLI::App& app, std::string_view message) {
  std::vector<CLI::App*> commands = app.get_subcommands();
  std::string command = commands.empty() ? "adit" : "adit " + commands[0]->get_name();
  return {fmt::format("adit: {}\nTry \"{} --help\".\n", message, command)};
}

UsageError unknown_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string_view> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(command->get_name());
  std::string_view near = worker::nearest_word(name, known);
  std::string hint = near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near);
  return usage_error(app, fmt::format("there is no command \"{}\"{}", name, hint));
}

LogLevel log_level_of(const std::string& name) {
  static const std::map<std::string_view, LogLevel> k_levels = {
      {"debug", LogLevel::debug}, {"info", LogLevel::info},   {"log", LogLevel::info},
      {"warn", LogLevel::warn},   {"error", LogLevel::error}, {"none", LogLevel::none},
  };
  return k_levels.at(name);
}

Result<std::vector<std::pair<std::string, std::string>>> split_vars(const std::vector<std::string>& vars) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& var : vars) {
    size_t colon = var.find(':');
    if (colon == std::string::npos || colon == 0)
      return Error::failed(fmt::format("--var {}: expected NAME:VALUE", var));
    out.emplace_back(var.substr(0, colon), var.substr(colon + 1));
  }
  return out;
}

CommandLine state_of(const CLI::App& app, Parsed& parsed) {
  using Action = StateOptions::Action;
  auto& state = parsed.state;
  state.action = parsed.state_action == "verify"   ? Action::verify
                 : parsed.state_action == "backup" ? Action::backup
                                                   : Action::restore;
  if (state.path.empty() != (state.action == Action::verify))
    return usage_error(*app.get_parent(),
                       state.path.empty() ? fmt::format("state {} needs the PATH of the backup", parsed.state_action)
                                          : "state verify takes no PATH; the state is --persist-to DIR");
  return state;
}

// Directories and configurations pair up; what is missing has its default.
void place_workers(const Parsed& parsed, DevOptions& dev) {
  for (size_t i = 0; i < std::max<size_t>({1, parsed.directories.size(), parsed.configs.size()}); ++i) {
    WorkerPlace place;
    if (i < parsed.directories.size()) place.directory = parsed.directories[i];
    if (i < parsed.configs.size()) place.config = parsed.configs[i];
    if (i > 0) {
      dev.others.push_back(std::move(place));
      continue;
    }
    dev.directory = place.directory;
    dev.config = place.config;
  }
}

// `help` is the whole program's, taken before parsing: afterwards CLI11 gives the chosen command's.
CommandLine chosen(CLI::App& app, Parsed& parsed, const std::string& help) {
  std::vector<CLI::App*> commands = app.get_subcommands();
  if (commands.empty()) return PrintText{help};
  std::string name = commands[0]->get_name();
  if (name == "init") return parsed.init;
  if (name == "state") return state_of(*commands[0], parsed);
  if (name == "help") {
    if (parsed.help_command.empty()) return PrintText{help};
    CLI::App* about = app.get_subcommand_no_throw(parsed.help_command);
    if (!about) return unknown_command(app, parsed.help_command);
    return PrintText{help_of(*about, parsed)};
  }
  if (name == "d1") {
    if (!parsed.timestamp.empty()) {
      auto time = parse_time_ms(parsed.timestamp);
      if (time.is_error()) return usage_error(app, time.error().message());
      parsed.d1.timestamp_ms = time.value();
    }
    return parsed.d1;
  }
  auto vars = split_vars(parsed.vars);
  if (vars.is_error()) return usage_error(app, vars.error().message());
  if (name == "check") {
    parsed.check.vars = std::move(vars).value();
    return parsed.check;
  }
  place_workers(parsed, parsed.dev);
  parsed.dev.vars = std::move(vars).value();
  parsed.dev.log_level = log_level_of(parsed.log_level);
  return parsed.dev;
}

}  // namespace

std::string_view adit_version() { return k_version; }

CommandLine parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Adit runs Cloudflare Workers on your own machines.");
  Parsed parsed;
  describe(app, parsed);
  std::string help = help_of(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::vector<CLI::App*> commands = app.get_subcommands();
    return PrintText{commands.empty() ? help : help_of(*innermost(commands[0]), parsed)};
  } catch (const CLI::CallForVersion& version) {
    return PrintText{fmt::format("{}\n", version.what())};
  } catch (const CLI::ExtrasError& error) {
    std::vector<std::string> extra = app.remaining();
    if (app.get_subcommands().empty() && !extra.empty() && !extra[0].starts_with('-'))
      return unknown_command(app, extra[0]);
    return usage_error(app, error.what());
  } catch (const CLI::ParseError& error) { return usage_error(app, error.what()); }
  return chosen(app, parsed, help);
}

}  // namespace adit::cli
