// Reads the fields that say what the worker is, how its code is built, and where and when it runs. Owner: load_config.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

#include "worker/config/compatibility.h"
#include "worker/config/read_node.h"
#include "worker/config/readers.h"
#include "worker/router.h"

namespace adit::worker {
namespace {

std::filesystem::path resolved(const Reading& reading, const std::string& path) {
  return (reading.config.directory / path).lexically_normal();
}

void read_name(Reading& reading) {
  const Environment& environment = reading.environment;
  const Node* own = environment.find_own("name");
  const Node* top = environment.root().find("name");
  const Node* node = own ? own : top;
  std::string name = read_text(node);
  bool good = std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
  if (!node || name.empty()) {
    name = "worker";
    if (!node)
      reading.reporter.warning({}, "the worker has no name", "add \"name\"; it is called \"worker\" until then");
  } else if (!good || name.starts_with('-')) {
    reading.reporter.error(node->place,
                           fmt::format("{}: \"{}\" is not a worker's name", environment.path_of("name"), name),
                           "lower-case letters, digits, dashes and underscores, not starting with a dash");
  }
  reading.config.name = !own && !environment.name().empty() ? name + "-" + environment.name() : name;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  auto number = [&](size_t from, size_t length, unsigned& out) {
    auto [end, error] = std::from_chars(text.data() + from, text.data() + from + length, out);
    return error == std::errc() && end == text.data() + from + length;
  };
  unsigned year = 0, month = 0, day = 0;
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day)) return false;
  return std::chrono::year_month_day(std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

void read_compatibility(Reading& reading) {
  const Node* node = reading.environment.find("compatibility_date");
  std::string date = read_text(node);
  std::string path = reading.environment.path_of("compatibility_date");
  if (!node) {
    reading.reporter.warning(
        {}, "there is no compatibility_date; today's is assumed",
        fmt::format("add compatibility_date \"{}\", so that the worker keeps its behaviour", reading.today));
    date = reading.today;
  } else if (node->is(Node::Kind::text)) {
    if (!is_date(date)) {
      reading.reporter.error(node->place, fmt::format("{}: \"{}\" is not a date", path, date),
                             "dates are written YYYY-MM-DD");
    } else if (date > reading.today) {
      reading.reporter.error(node->place, fmt::format("{}: {} is in the future", path, date),
                             fmt::format("today is {} (UTC)", reading.today));
    }
  }
  reading.config.compatibility_date = date;
  const Node* flags = reading.environment.find("compatibility_flags");
  reading.config.compatibility_flags = read_texts(flags);
  if (!flags || !flags->is(Node::Kind::list)) return;
  for (const auto& flag : flags->items) {
    auto warning = flag.is(Node::Kind::text) ? compatibility_warning(flag.text) : "";
    if (!warning.empty()) reading.reporter.warning(flag.place, std::move(warning));
  }
}

void read_main(Reading& reading) {
  const Node* node = reading.environment.find("main");
  if (node && node->is(Node::Kind::text)) {
    reading.config.main = resolved(reading, node->text);
    reading.config.main_place = node->place;
    return;
  }
  bool assets_only = reading.environment.find("assets") || reading.environment.root().find("site");
  if (!node && !assets_only) {
    reading.reporter.error({}, "there is no entry point",
                           "add \"main\": the path of the worker's code, such as \"src/index.ts\"");
  }
}

ModuleType module_type(const std::string& name) {
  static constexpr std::pair<std::string_view, ModuleType> k_types[] = {
      {"ESModule", ModuleType::es_module},
      {"CommonJS", ModuleType::common_js},
      {"CompiledWasm", ModuleType::compiled_wasm},
      {"Text", ModuleType::text},
      {"Data", ModuleType::data},
      {"PythonModule", ModuleType::python_module},
      {"PythonRequirement", ModuleType::python_requirement},
  };
  for (auto [known, type] : k_types) {
    if (known == name) return type;
  }
  return ModuleType::es_module;  // check_type has reported it
}

void read_rules(Reading& reading) {
  for (const Node* item : read_objects(reading.environment.find("rules"))) {
    ModuleRule rule;
    rule.type = module_type(read_text(item->find("type")));
    rule.globs = read_texts(item->find("globs"));
    rule.fallthrough = read_flag(item->find("fallthrough"), false);
    if (rule.type == ModuleType::python_module || rule.type == ModuleType::python_requirement) {
      reading.config.not_yet.push_back({reading.environment.path_of("rules"), "Python workers", "", item->place});
    }
    reading.config.rules.push_back(std::move(rule));
  }
}

void read_build(Reading& reading) {
  WorkerConfig& config = reading.config;
  const Environment& environment = reading.environment;
  read_rules(reading);
  config.no_bundle = read_flag(environment.find("no_bundle"), false);
  config.find_additional_modules = read_flag(environment.find("find_additional_modules"), config.no_bundle);
  if (config.find_additional_modules && !config.no_bundle)
    reading.config.not_yet.push_back({environment.path_of("find_additional_modules"), "modules beside a bundle", "",
                                      environment.find("find_additional_modules")->place});
  std::string base = read_text(environment.find("base_dir"));
  config.base_dir = base.empty() ? config.main.parent_path() : resolved(reading, base);
  config.preserve_file_names = read_flag(environment.find("preserve_file_names"), false);
  config.minify = read_flag(environment.find("minify"), false);
  config.keep_names = read_flag(environment.find("keep_names"), true);
  config.upload_source_maps = read_flag(environment.find("upload_source_maps"), false);
  if (std::string path = read_text(environment.find("tsconfig")); !path.empty())
    config.tsconfig = resolved(reading, path);
  config.jsx_factory = read_text(environment.find("jsx_factory"), config.jsx_factory);
  config.jsx_fragment = read_text(environment.find("jsx_fragment"), config.jsx_fragment);
  auto read_map = [&](std::string_view field, std::map<std::string, std::string>& out) {
    const Node* node = environment.find(field);
    if (!node) return;
    for (const Member& member : node->members) out.emplace(member.key, read_text(&member.value));
  };
  read_map("define", config.define);
  read_map("alias", config.alias);

  const Node* build = environment.find("build");
  if (!build) return;
  config.build.command = read_text(build->find("command"));
  std::string cwd = read_text(build->find("cwd"));
  config.build.cwd = cwd.empty() ? config.directory : resolved(reading, cwd);
  for (const std::string& path : read_texts(build->find("watch_dir")))
    config.build.watch_dirs.push_back(resolved(reading, path));
  if (config.build.watch_dirs.empty() && !config.build.command.empty())
    config.build.watch_dirs.push_back(config.directory / "src");
}

void read_route(Reading& reading, const Node& node, const std::string& path) {
  Route route;
  route.place = node.place;
  route.pattern = node.is(Node::Kind::text) ? node.text : read_text(node.find("pattern"));
  route.zone_name = read_text(node.find("zone_name"));
  route.zone_id = read_text(node.find("zone_id"));
  route.custom_domain = read_flag(node.find("custom_domain"), false);
  if (route.pattern.empty()) return;
  Result<RoutePattern> pattern = RoutePattern::parse(route.pattern, route.custom_domain);
  if (pattern.is_error()) reading.reporter.error(node.place, fmt::format("{}: {}", path, pattern.error().message()));
  reading.config.routes.push_back(std::move(route));
}

void read_routes(Reading& reading) {
  const Environment& environment = reading.environment;
  const Node* route = environment.find("route");
  const Node* routes = environment.find("routes");
  if (route && routes)
    reading.reporter.error(routes->place, "there are both \"route\" and \"routes\"", "keep one of them");
  if (route) read_route(reading, *route, environment.path_of("route"));
  if (routes) {
    for (size_t i = 0; i < routes->items.size(); i++) {
      read_route(reading, routes->items[i], fmt::format("{}[{}]", environment.path_of("routes"), i));
    }
  }
  // As wrangler: on by default only when there are no routes.
  reading.config.workers_dev = read_flag(environment.find("workers_dev"), reading.config.routes.empty());
}

// Five fields; what stands in them is the scheduler's to say.
bool has_five_fields(std::string_view cron) {
  int fields = 0;
  bool inside = false;
  for (char c : cron) {
    bool space = c == ' ' || c == '\t';
    if (!space && !inside) fields++;
    inside = !space;
  }
  return fields == 5;
}

void read_triggers(Reading& reading) {
  const Node* triggers = reading.environment.find("triggers");
  const Node* crons = triggers ? triggers->find("crons") : nullptr;
  if (!crons) return;
  if (!crons->items.empty())
    reading.config.not_yet.push_back(
        {reading.environment.path_of("triggers") + ".crons", "Cron Triggers", "", crons->place});
  for (const Node& item : crons->items) {
    if (!item.is(Node::Kind::text)) continue;
    if (!has_five_fields(item.text)) {
      reading.reporter.error(item.place, fmt::format("triggers.crons: \"{}\" is not a cron expression", item.text),
                             "five fields: minute, hour, day of month, month, day of week");
    }
    reading.config.crons.push_back(item.text);
  }
}

void read_dev(Reading& reading) {
  const Node* dev = reading.environment.find("dev");
  if (!dev) return;
  DevSettings& settings = reading.config.dev;
  auto optional_text = [&](std::string_view key) {
    const Node* node = dev->find(key);
    return node && node->is(Node::Kind::text) ? std::optional(node->text) : std::nullopt;
  };
  settings.ip = optional_text("ip");
  settings.host = optional_text("host");
  if (std::optional<uint32_t> port = read_integer(dev->find("port")); port && *port <= 65535)
    settings.port = static_cast<uint16_t>(*port);
  settings.local_protocol = read_text(dev->find("local_protocol"), settings.local_protocol);
  if (settings.local_protocol == "https")
    reading.config.not_yet.push_back({"dev.local_protocol", "HTTPS", "", dev->find("local_protocol")->place});
  settings.upstream_protocol = read_text(dev->find("upstream_protocol"));
}

}  // namespace

void read_settings(Reading& reading) {
  read_name(reading);
  read_main(reading);
  read_compatibility(reading);
  read_build(reading);
  read_routes(reading);
  read_triggers(reading);
  read_dev(reading);
  if (const Node* limits = reading.environment.find("limits")) {
    reading.config.limits.cpu_ms = read_integer(limits->find("cpu_ms"));
    reading.config.limits.subrequests = read_integer(limits->find("subrequests"));
  }
}

void check_named_files(Reading& reading) {
  const WorkerConfig& config = reading.config;
  auto missing = [&](const std::filesystem::path& path) { return !path.empty() && !reading.files.is_file(path); };
  auto shown = [&](const std::filesystem::path& path) { return path.lexically_relative(config.directory).string(); };
  if (missing(config.main)) {
    std::string message =
        fmt::format("{}: there is no file {}", reading.environment.path_of("main"), shown(config.main));
    if (config.build.command.empty()) {
      reading.reporter.error(config.main_place, std::move(message));
    } else {
      reading.reporter.warning(config.main_place, std::move(message), "build.command has to make it");
    }
  }
  if (missing(config.tsconfig)) {
    Place place = reading.environment.find("tsconfig")->place;
    reading.reporter.error(
        place, fmt::format("{}: there is no file {}", reading.environment.path_of("tsconfig"), shown(config.tsconfig)));
  }
}

}  // namespace adit::worker
