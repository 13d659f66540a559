// The command line, described to CLI11. The one file that includes it; its exceptions end here.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

namespace adit::cli {
namespace {

constexpr std::string_view k_version = "0.1.0";

// What CLI11 writes into while it parses.
struct Parsed {
  DevOptions dev;
  InitOptions init;
  CheckOptions check;
  std::vector<std::string> vars;
  std::string log_level = "info";
  std::string help_command;
};

template <typename Options>
void add_worker_options(CLI::App& command, Options& options, Parsed& parsed) {
  command.add_option("DIR", options.directory, "The worker's directory; its configuration is looked for there and above")
      ->default_str("the current directory");
  command.add_option("-c,--config", options.config, "The configuration file, instead of looking for one")->type_name("FILE");
  command.add_option("-e,--env", options.environment, "The environment to use; also CLOUDFLARE_ENV")->type_name("NAME");
  command.add_option("--var", parsed.vars, "Set a variable, over the configuration and .dev.vars; may be repeated")
      ->type_name("NAME:VALUE")
      ->allow_extra_args(false);
  command.add_option("--env-file", options.env_files, "Read variables from FILE instead of .dev.vars and .env; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

CLI::App* add_dev(CLI::App& app, Parsed& parsed) {
  CLI::App* dev = app.add_subcommand("dev", "Run a worker on this machine, and again whenever its files change");
  add_worker_options(*dev, parsed.dev, parsed);
  dev->add_option("--host,--ip", parsed.dev.host, "The address to listen on; dev.ip of the configuration, else 127.0.0.1")
      ->type_name("ADDRESS");
  dev->add_option("-p,--port", parsed.dev.port, "The port to listen on, 0 for any free one; dev.port of the configuration, else 8787")
      ->type_name("PORT");
  dev->add_option("--persist-to", parsed.dev.persist_to, "Where state is kept; .adit/state beside the configuration")->type_name("DIR");
  dev->add_option("--shards", parsed.dev.shards, "How many threads run the worker; 1")->type_name("N")->check(CLI::Range(1, 1024));
  dev->add_option("--log-level", parsed.log_level, "How much to log: debug, info, warn, error or none; info")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "log", "warn", "error", "none"}));
  return dev;
}

void describe(CLI::App& app, Parsed& parsed) {
  app.name("adit");
  app.require_subcommand(0, 1);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("-V,--version", fmt::format("adit {}", k_version), "Print the version");
  app.footer("\"adit help COMMAND\" tells more about a command.");
  app.get_formatter()->column_width(34);

  add_dev(app, parsed);
  CLI::App* init = app.add_subcommand("init", "Make a new TypeScript worker");
  init->add_option("NAME", parsed.init.name, "The directory to make; its last part names the worker")->required();
  CLI::App* check = app.add_subcommand("check", "Say what is wrong with a worker's configuration");
  add_worker_options(*check, parsed.check, parsed);
  check->add_flag("--print", parsed.check.print, "Also print the configuration as Adit understands it, as JSON");
  CLI::App* help = app.add_subcommand("help", "Tell more about a command");
  help->add_option("COMMAND", parsed.help_command, "The command");
}

UsageError usage_error(const CLI::App& app, std::string_view message) {
  std::vector<CLI::App*> commands = app.get_subcommands();
  std::string command = commands.empty() ? "adit" : "adit " + commands[0]->get_name();
  return {fmt::format("adit: {}\nTry \"{} --help\".\n", message, command)};
}

LogLevel log_level_of(const std::string& name) {
  static const std::map<std::string_view, LogLevel> k_levels = {
      {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"log", LogLevel::info},
      {"warn", LogLevel::warn},   {"error", LogLevel::error}, {"none", LogLevel::none},
  };
  return k_levels.at(name);
}

Result<std::vector<std::pair<std::string, std::string>>> split_vars(const std::vector<std::string>& vars) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& var : vars) {
    size_t colon = var.find(':');
    if (colon == std::string::npos || colon == 0) return Error::failed(fmt::format("--var {}: expected NAME:VALUE", var));
    out.emplace_back(var.substr(0, colon), var.substr(colon + 1));
  }
  return out;
}

CommandLine chosen(CLI::App& app, Parsed& parsed) {
  std::vector<CLI::App*> commands = app.get_subcommands();
  if (commands.empty()) return PrintText{app.help()};
  std::string name = commands[0]->get_name();
  if (name == "init") return parsed.init;
  if (name == "help") {
    if (parsed.help_command.empty()) return PrintText{app.help()};
    CLI::App* about = app.get_subcommand_no_throw(parsed.help_command);
    if (!about) return usage_error(app, fmt::format("there is no command \"{}\"", parsed.help_command));
    return PrintText{about->help()};
  }
  auto vars = split_vars(parsed.vars);
  if (vars.is_error()) return usage_error(app, vars.error().message());
  if (name == "check") {
    parsed.check.vars = std::move(vars).value();
    return parsed.check;
  }
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::vector<CLI::App*> commands = app.get_subcommands();
    return PrintText{commands.empty() ? app.help() : commands[0]->help()};
  } catch (const CLI::CallForVersion& version) {
    return PrintText{fmt::format("{}\n", version.what())};
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error.what());
  }
  return chosen(app, parsed);
}

}  // namespace adit::cli
