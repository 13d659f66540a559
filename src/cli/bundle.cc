#include "cli/bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/subprocess.h"
#include "worker/environment.h"

namespace adit::cli {
namespace fs = std::filesystem;
namespace {

using worker::ModuleType;

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(ErrorKind::not_found, "cannot read " + path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bool is_plain_javascript(const fs::path& path, const std::string& text) {
  auto extension = path.extension();
  if (extension != ".js" && extension != ".mjs") return false;
  // Coarse on purpose: a false alarm only costs a run of the bundler.
  for (std::string_view sign : {"import", "require(", " from ", "process.env"})
    if (text.find(sign) != std::string::npos) return false;
  return true;
}

// wrangler's default rules come after the configured ones, unless a configured rule of the type has no fallthrough.
std::vector<worker::ModuleRule> all_rules(const worker::WorkerConfig& config) {
  std::vector<worker::ModuleRule> rules = config.rules;
  const worker::ModuleRule defaults[] = {{ModuleType::text, {"**/*.txt", "**/*.html", "**/*.sql"}, false},
                                         {ModuleType::data, {"**/*.bin"}, false},
                                         {ModuleType::compiled_wasm, {"**/*.wasm", "**/*.wasm?module"}, false}};
  for (const auto& rule : defaults) {
    bool replaced = false;
    for (const auto& configured : config.rules) replaced |= configured.type == rule.type && !configured.fallthrough;
    if (!replaced) rules.push_back(rule);
  }
  return rules;
}

// The file extension that a rule's glob stands for ("**/*.txt" → ".txt"); empty when it stands for something else.
std::string extension_of_glob(std::string_view glob) {
  if (auto question = glob.find('?'); question != std::string_view::npos) glob = glob.substr(0, question);
  auto star = glob.rfind('*');
  if (star == std::string_view::npos) return fs::path(glob).extension().string();
  auto tail = glob.substr(star + 1);
  return tail.starts_with('.') && tail.find('/') == std::string_view::npos ? std::string(tail) : std::string();
}

std::optional<js::ModuleKind> kind_of(ModuleType type) {
  switch (type) {
    case ModuleType::es_module:
      return js::ModuleKind::esm;
    case ModuleType::common_js:
      return js::ModuleKind::common_js;
    case ModuleType::compiled_wasm:
      return js::ModuleKind::wasm;
    case ModuleType::text:
      return js::ModuleKind::text;
    case ModuleType::data:
      return js::ModuleKind::data;
    default:
      return std::nullopt;
  }
}

Result<std::map<std::string, js::ModuleKind>> kinds_by_extension(const worker::WorkerConfig& config) {
  std::map<std::string, js::ModuleKind> kinds;
  for (const auto& rule : all_rules(config)) {
    auto kind = kind_of(rule.type);
    if (!kind) return Error(ErrorKind::not_supported, "rules: Python modules are not supported by Adit");
    for (const auto& glob : rule.globs) {
      auto extension = extension_of_glob(glob);
      if (extension.empty())
        return Error(ErrorKind::not_supported,
                     "rules: the glob \"" + glob +
                         "\" is not supported yet: use one that ends in an extension, such as \"**/*.txt\"");
      kinds.emplace(extension, *kind);
    }
  }
  return kinds;
}

bool has_flag(const worker::WorkerConfig& config, std::string_view flag) {
  return std::ranges::find(config.compatibility_flags, flag) != config.compatibility_flags.end();
}

// Node's modules by names without "node:" too (builtins/node_compat.ts, isVersion2).
bool has_bare_node_modules(const worker::WorkerConfig& config) {
  if (has_flag(config, "nodejs_compat_v2")) return true;
  return has_flag(config, "nodejs_compat") && !has_flag(config, "no_nodejs_compat_v2") &&
         config.compatibility_date >= "2024-09-23";
}

// esbuild takes an external name for what is below it as well: "fs" is also "fs/promises".
constexpr std::string_view node_modules[] = {"assert",
                                             "async_hooks",
                                             "buffer",
                                             "child_process",
                                             "cluster",
                                             "console",
                                             "constants",
                                             "crypto",
                                             "dgram",
                                             "diagnostics_channel",
                                             "dns",
                                             "domain",
                                             "events",
                                             "fs",
                                             "http",
                                             "http2",
                                             "https",
                                             "inspector",
                                             "module",
                                             "net",
                                             "os",
                                             "path",
                                             "perf_hooks",
                                             "process",
                                             "punycode",
                                             "querystring",
                                             "readline",
                                             "repl",
                                             "stream",
                                             "string_decoder",
                                             "sys",
                                             "timers",
                                             "tls",
                                             "trace_events",
                                             "tty",
                                             "url",
                                             "util",
                                             "v8",
                                             "vm",
                                             "wasi",
                                             "worker_threads",
                                             "zlib"};

// A CommonJS package's require() of a built-in module: esbuild's stand-in calls `require` when there is one.
void give_require(std::string& script) {
  constexpr std::string_view made =
      "import { createRequire as __adit_createRequire } from \"node:module\"; const require = "
      "__adit_createRequire(\"/\"); ";
  if (script.find("__require(\"") != std::string::npos) script.insert(0, made);
}

// As wrangler says it.
std::string explain_missing_node_module(const worker::WorkerConfig& config, std::string output) {
  constexpr std::string_view esbuilds =
      "Are you trying to bundle for node? You can use \"--platform=node\" to do that, which will remove this error.";
  std::string_view ours = "\n  - Add the \"nodejs_compat\" compatibility flag to your project.";
  if (has_flag(config, "nodejs_compat"))
    ours =
        "\n  - Make sure to prefix the module name with \"node:\" or update your compatibility_date to 2024-09-23 or "
        "later.";
  for (auto at = output.find(esbuilds); at != std::string::npos; at = output.find(esbuilds, at + ours.size()))
    output.replace(at, esbuilds.size(), ours);
  return output;
}

std::vector<std::string> esbuild_arguments(const worker::WorkerConfig& config, const fs::path& esbuild,
                                           const fs::path& out, const std::map<std::string, js::ModuleKind>& kinds) {
  std::vector<std::string> arguments{
      esbuild.string(),
      config.main.string(),
      "--bundle",
      "--format=esm",
      "--platform=neutral",
      "--target=es2024",
      "--sourcemap=external",
      "--sources-content=true",
      "--log-level=warning",
      "--color=false",
      "--conditions=workerd,worker,browser",
      "--main-fields=browser,module,main",
      "--external:cloudflare:*",
      "--external:node:*",
      "--define:process.env.NODE_ENV=\"development\"",
      "--define:global.process.env.NODE_ENV=\"development\"",
      "--define:globalThis.process.env.NODE_ENV=\"development\"",
      "--define:navigator.userAgent=\"Cloudflare-Workers\"",
      "--loader:.js=jsx",
      "--loader:.mjs=jsx",
      "--loader:.cjs=jsx",
      "--outdir=" + out.string(),
      "--entry-names=index",
      "--metafile=" + (out / "meta.json").string(),
      config.preserve_file_names ? "--asset-names=[name]" : "--asset-names=[name]-[hash]",
      "--jsx-factory=" + config.jsx_factory,
      "--jsx-fragment=" + config.jsx_fragment};
  if (has_bare_node_modules(config))
    for (auto name : node_modules) arguments.push_back("--external:" + std::string(name));
  if (config.keep_names) arguments.emplace_back("--keep-names");
  if (config.minify) arguments.emplace_back("--minify");
  if (!config.tsconfig.empty()) arguments.push_back("--tsconfig=" + config.tsconfig.string());
  for (const auto& [name, value] : config.define) arguments.push_back("--define:" + name + "=" + value);
  for (const auto& [name, value] : config.alias) arguments.push_back("--alias:" + name + "=" + value);
  // What is no JavaScript stays a module of its own, beside the bundle.
  for (const auto& [extension, kind] : kinds)
    if (kind != js::ModuleKind::esm && kind != js::ModuleKind::common_js)
      arguments.push_back("--loader:" + extension + "=copy");
  return arguments;
}

Result<void> collect_outputs(const fs::path& out, const fs::path& base,
                             const std::map<std::string, js::ModuleKind>& kinds, Bundle& bundle) {
  auto meta = nlohmann::json::parse(TRY(read_file(out / "meta.json")), nullptr, false);
  if (meta.is_discarded()) return Error::failed("esbuild wrote no readable metafile");
  for (const auto& [input, unused] : meta["inputs"].items()) bundle.inputs.push_back((base / input).lexically_normal());
  for (const auto& [output, details] : meta["outputs"].items()) {
    auto path = (base / output).lexically_normal();
    auto extension = path.extension().string();
    if (extension == ".map") continue;
    js::ModuleSource module;
    module.name = path.filename().string();
    module.content = TRY(read_file(path));
    if (auto kind = kinds.find(extension); kind != kinds.end()) module.kind = kind->second;
    if (extension == ".js" && details.contains("entryPoint")) {
      auto map = read_file(path.string() + ".map");
      if (map.is_ok()) module.source_map = std::move(map).value();
      bundle.script->main_module = module.name;
      if (std::ranges::any_of(bundle.script->compatibility_flags,
                              [](const auto& flag) { return flag.starts_with("nodejs_compat"); }))
        give_require(module.content);
      // As wrangler does: a main module without exports is a service worker.
      bundle.script->is_service_worker = details["exports"].empty();
    }
    bundle.script->modules.push_back(std::move(module));
  }
  return {};
}

Result<void> bundle_with_esbuild(const worker::WorkerConfig& config, const fs::path& work_directory, Bundle& bundle) {
  auto esbuild = TRY(find_esbuild(config.directory));
  auto kinds = TRY(kinds_by_extension(config));
  std::error_code code;
  auto out = fs::absolute(work_directory / "bundle");
  fs::remove_all(out, code);
  fs::create_directories(out, code);
  if (code) return Error::io("cannot make " + out.string() + ": " + code.message());
  auto finished = TRY(run_program(esbuild_arguments(config, esbuild, out, kinds), config.directory));
  if (finished.exit_code != 0)
    return Error::failed(finished.output.empty() ? "esbuild failed"
                                                 : explain_missing_node_module(config, std::move(finished.output)));
  return collect_outputs(out, config.directory, kinds, bundle);
}

Result<void> run_build_command(const worker::WorkerConfig& config) {
  if (config.build.command.empty()) return {};
  auto finished = TRY(run_program({"/bin/sh", "-c", config.build.command},
                                  config.build.cwd.empty() ? config.directory : config.build.cwd));
  if (finished.exit_code == 0) return {};
  return Error::failed("the build command failed with exit code " + std::to_string(finished.exit_code) + ": " +
                       config.build.command + "\n" + finished.output);
}

// no_bundle: main and, beside it, every file that a rule names are modules as they are.
Result<void> take_files(const worker::WorkerConfig& config, Bundle& bundle) {
  auto kinds = TRY(kinds_by_extension(config));
  kinds.emplace(".js", js::ModuleKind::esm);
  kinds.emplace(".mjs", js::ModuleKind::esm);
  auto base = config.base_dir.empty() ? config.main.parent_path() : config.base_dir;
  for (auto it = fs::recursive_directory_iterator(base); it != fs::recursive_directory_iterator(); ++it) {
    auto name = it->path().filename().string();
    if (it->is_directory() && (name == "node_modules" || name.starts_with('.'))) it.disable_recursion_pending();
    auto kind = kinds.find(it->path().extension().string());
    if (!it->is_regular_file() || kind == kinds.end()) continue;
    bundle.script->modules.push_back(
        {fs::relative(it->path(), base).generic_string(), kind->second, TRY(read_file(it->path())), {}});
    bundle.inputs.push_back(it->path());
  }
  bundle.script->main_module = fs::relative(config.main, base).generic_string();
  return {};
}

}  // namespace

Result<fs::path> find_esbuild(const fs::path& project) {
  constexpr std::string_view inside = "node_modules/@esbuild/linux-x64/bin/esbuild";
  std::vector<fs::path> candidates;
  if (const char* given = std::getenv("ADIT_ESBUILD")) candidates.emplace_back(given);
  std::error_code code;
  auto program = fs::read_symlink("/proc/self/exe", code);
  for (auto directory = program.parent_path(); directory.has_relative_path(); directory = directory.parent_path())
    candidates.push_back(directory / inside);
  for (auto directory = project; directory.has_relative_path(); directory = directory.parent_path())
    candidates.push_back(directory / inside);
  for (const auto& candidate : candidates)
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  return Error(ErrorKind::not_found,
               "esbuild is needed to bundle this worker and was not found; run npm install esbuild in the project, or "
               "set ADIT_ESBUILD to its path");
}

// https://developers.cloudflare.com/workers/platform/limits/#worker-size: all modules together, as they are (what they compress to has not
// counted since September 2026).
static Result<void> check_size(const worker::Script& script) {
  constexpr size_t max_bytes = 64 * 1024 * 1024;
  constexpr size_t shown_modules = 3;
  size_t total = 0;
  for (const auto& module : script.modules) total += module.content.size();
  if (total <= max_bytes) return {};
  auto in_mb = [](size_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / (1024 * 1024)); };
  std::vector<const js::ModuleSource*> modules;
  for (const auto& module : script.modules) modules.push_back(&module);
  std::ranges::sort(modules, [](auto* a, auto* b) { return a->content.size() > b->content.size(); });
  if (modules.size() > shown_modules) modules.resize(shown_modules);
  std::vector<std::string> largest;
  for (const auto* module : modules) largest.push_back(module->name + " " + in_mb(module->content.size()));
  return Error::failed(
      fmt::format("the worker is too large: its modules have {} together, and a worker may have 64 MB. The largest: {}",
                  in_mb(total), fmt::join(largest, ", ")));
}

Result<Bundle> make_bundle(const worker::WorkerConfig& config, const fs::path& work_directory) {
  Bundle bundle;
  bundle.script = std::make_shared<worker::Script>();
  auto& script = *bundle.script;
  script.name = config.name;
  script.environment_json = worker::environment_json(config);
  script.compatibility_date = config.compatibility_date;
  script.compatibility_flags = config.compatibility_flags;
  if (config.limits.subrequests) script.subrequest_limit = *config.limits.subrequests;
  if (config.limits.cpu_ms) script.cpu_limit_ms = *config.limits.cpu_ms;
  TRY(run_build_command(config));
  auto main_text = TRY(read_file(config.main));
  if (config.no_bundle) {
    TRY(take_files(config, bundle));
    TRY(check_size(script));
    return bundle;
  }
  if (!is_plain_javascript(config.main, main_text)) {
    TRY(bundle_with_esbuild(config, work_directory, bundle));
  } else {
    script.main_module = fs::relative(config.main, config.directory).generic_string();
    script.is_service_worker = main_text.find("export") == std::string::npos;
    script.modules.push_back({script.main_module, js::ModuleKind::esm, std::move(main_text), {}});
  }
  bundle.inputs.push_back(config.main);
  TRY(check_size(script));
  return bundle;
}

}  // namespace adit::cli
