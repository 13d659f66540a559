#include "cli/dev.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/memory.h"
#include "bindings/code_store.h"
#include "bindings/r2/s3/server.h"
#include "bindings/shard_services.h"
#include "cli/bundle.h"
#include "cli/config_request.h"
#include "cli/control.h"
#include "cli/control_d1.h"
#include "cli/op_table.h"
#include "cli/watcher.h"
#include "js/embedded_snapshot.h"
#include "js/platform.h"
#include "ledger/backup.h"
#include "worker/shard_pool.h"

namespace adit::cli {
namespace fs = std::filesystem;
using Json = nlohmann::json;
namespace {

constexpr uint16_t default_port = 8787;
constexpr uint64_t stop_grace_ms = 10'000;
constexpr uint64_t restore_grace_ms = 5'000;
constexpr size_t max_shards = 256;
constexpr uint32_t default_max_body_mb = 100;  // Cloudflare's, on its Free and Pro plans
constexpr uint64_t startup_settles_ms = 2'000;

// One of the workers that run together.
struct Member {
  DevOptions options;  // where it is, and what was asked for it
  std::optional<worker::WorkerConfig> config;
  std::vector<fs::path> inputs;

  fs::path work_directory() const { return config->directory / ".adit" / "tmp"; }
};

class DevServer {
 public:
  DevServer(const DevOptions& options) : m_options(options), m_logger(options.log_level, isatty(STDERR_FILENO) == 1) {
    m_members.push_back({options, {}, {}});
    for (const auto& other : options.others) {
      auto& member = m_members.emplace_back(Member{options, {}, {}});
      member.options.directory = other.directory;
      member.options.config = other.config;
      member.options.vars.clear();  // --var is the first one's
    }
  }

  ~DevServer() {
    // What shards have posted to this loop and nobody waits for any more, also when starting failed: it would find the members gone.
    m_control.reset();
    m_watcher.reset();
    m_pool.reset();
    if (m_loop) m_loop->drop_tasks();
  }
  DevServer(const DevServer&) = delete;
  DevServer& operator=(const DevServer&) = delete;

  Result<int> run() {
    m_loop = TRY(net::Loop::create());
    // A worker's children and a client that went away must not end the server.
    signal(SIGPIPE, SIG_IGN);
    TRY(load_configurations());
    std::vector<Result<Bundle>> bundles;
    for (auto& member : m_members) {
      bundles.push_back(make_bundle(*member.config, member.work_directory()));
      auto& bundle = bundles.back();
      if (bundle.is_error() && bundle.error().kind() == ErrorKind::not_found) return std::move(bundle.error());
    }
    m_control = ControlServer::create(
        *m_loop, [this](Json request, ControlServer::Reply reply) { asked(std::move(request), std::move(reply)); });
    prepare_process();
    m_port = m_options.port.value_or(first().config->dev.port.value_or(default_port));
    m_s3_port = m_options.s3_port;
    TRY(start(std::move(bundles)));
    auto host = this->host();
    auto port = m_port;
    m_logger.info("Ready on http://{}:{}", host.find(':') == std::string::npos ? host : "[" + host + "]", port);
    if (!m_logger.enabled(LogLevel::info)) write_line("Ready on http://" + host + ":" + std::to_string(port));
    m_watcher = std::make_unique<Watcher>(*m_loop, [this] { reload(); });
    watch();
    auto settled = m_loop->after(startup_settles_ms, [] { release_unused_memory(); });
    auto interrupt = on_signal(SIGINT);
    auto terminate = on_signal(SIGTERM);
    m_loop->run();
    if (m_pool) m_pool->stop(stop_grace_ms);
    m_control.reset();
    return m_exit_code;
  }

 private:
  // libuv frees nothing of ours: the handle lives as long as the loop, which outlives it by closing it here.
  struct SignalHandle {
    uv_signal_t handle{};
    net::Loop* loop = nullptr;
  };
  struct CloseSignal {
    void operator()(SignalHandle* signal) const {
      uv_close(reinterpret_cast<uv_handle_t*>(&signal->handle), [](uv_handle_t* closed) {
        std::unique_ptr<SignalHandle> owned(static_cast<SignalHandle*>(closed->data));
      });
    }
  };

  std::unique_ptr<SignalHandle, CloseSignal> on_signal(int number) {
    std::unique_ptr<SignalHandle, CloseSignal> signal(std::make_unique<SignalHandle>().release());
    signal->loop = m_loop.get();
    signal->handle.data = signal.get();
    uv_signal_init(m_loop->uv(), &signal->handle);
    uv_signal_start(
        &signal->handle, [](uv_signal_t* handle, int) { static_cast<SignalHandle*>(handle->data)->loop->stop(); },
        number);
    return signal;
  }

  static void write_line(const std::string& line) {
    auto text = line + "\n";
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  const Member& first() const { return m_members.front(); }
  fs::path state_directory() const {
    if (m_options.persist_to) return fs::absolute(*m_options.persist_to);
    return first().config->directory / ".adit" / "state";
  }

  Result<void> load_configurations() {
    m_read_ms = m_clock.unix_ms();
    std::map<std::string, fs::path> names;
    for (auto& member : m_members) {
      TRY(load_configuration(member));
      auto [known, is_new] = names.emplace(member.config->name, member.config->file);
      if (!is_new)
        return Error::failed(known->second.string() + " and " + member.config->file.string() +
                             " both name their worker \"" + member.config->name + "\"");
    }
    for (const auto& member : m_members)
      for (const auto& service : member.config->services)
        if (!names.contains(service.service))
          m_logger.warn("{}:{}: no worker \"{}\" runs beside this one, so env.{} will fail (adit dev DIR OTHER_DIR)",
                        member.config->file.filename().string(), service.place.line, service.service, service.binding);
    return {};
  }

  Result<void> load_configuration(Member& member) {
    auto request = TRY(make_config_request(member.options));
    auto loaded = worker::load_config(request, worker::DiskConfigFiles(), m_clock);
    auto report = worker::format_diagnostics(loaded.diagnostics);
    if (!report.empty() && report.back() == '\n') report.pop_back();
    if (!loaded.config) return Error::failed(report);
    if (!report.empty()) write_line(report);
    auto& config = member.config;
    config = std::move(loaded.config);
    if (config->main.empty())
      return Error::failed(
          config->file.string() +
          ": there is no \"main\": name the worker's entry module, for example main = \"src/index.js\"");
    for (const auto& feature : config->not_yet)
      m_logger.warn("{}:{}: {} ({}) is not supported by Adit yet", config->file.filename().string(), feature.place.line,
                    feature.feature, feature.field);
    return {};
  }

  std::string host() const { return m_options.host.value_or(first().config->dev.ip.value_or("127.0.0.1")); }

  // From nothing to answering, with these bundles.
  Result<void> start(std::vector<Result<Bundle>> bundles) {
    TRY(start_shards());
    // A state directory that cannot be used is not something that the next reload mends.
    for (auto& member : m_members) TRY(m_services->apply_configuration(*member.config));
    apply(std::move(bundles));
    m_port = TRY(m_pool->listen(m_port));
    if (m_s3_port) TRY(start_s3(host()));
    return {};
  }

  // Another adit asks, for one that wants what only the owner of the state can do.
  void asked(Json request, ControlServer::Reply reply) {
    auto what = request.value("do", std::string());
    if (what == "ping") return reply(Json::object());
    if (what == "restore") return reply(restore(request.value("from", std::string())));
    if (what == "d1") return run_d1_request(m_services->d1(), *m_loop, std::move(request), std::move(reply));
    reply(Error(ErrorKind::not_supported, "this adit does not know how to \"" + what + "\""));
  }

  // `adit state restore`: what is under way ends, the staged state takes the place of this one, and all begins anew with it. If it cannot, this
  // one comes back.
  Result<Json> restore(const std::string& incoming) {
    auto path = state_directory().string();
    auto began_ns = m_clock.monotonic_ns();
    std::vector<Result<Bundle>> bundles;
    for (auto& member : m_members) bundles.push_back(make_bundle(*member.config, member.work_directory()));
    end_shards(restore_grace_ms);
    auto kept = ledger::place_state(incoming, path);
    auto started = start(bundles);
    if (kept.is_ok() && started.is_error()) {
      end_shards(0);
      if (auto back = ledger::take_back_state(kept.value(), path); back.is_error())
        return lost(std::move(back.error()));
      if (auto again = start(std::move(bundles)); again.is_error()) return lost(std::move(again.error()));
      return std::move(started.error()).because("the server could not go on with it, and has its old state again");
    }
    if (started.is_error()) return lost(std::move(started.error()));
    auto pause_ms = (m_clock.monotonic_ns() - began_ns) / 1'000'000;
    if (kept.is_error()) return std::move(kept.error());
    m_logger.info("The state was restored from a backup, with a pause of {} ms; what was there is in {}", pause_ms,
                  kept.value());
    return Json{{"kept", kept.value()}, {"pause_ms", pause_ms}};
  }

  void end_shards(uint64_t grace_ms) {
    if (m_pool) m_pool->stop(grace_ms);
    m_pool.reset();
    m_services.reset();
  }

  // Nothing runs any more, and nothing can.
  Error lost(Error error) {
    m_logger.error("The server stops: {}", error.full_message());
    m_exit_code = 1;
    m_loop->stop();
    return error;
  }

  void listen_for_control() {
    auto listening = m_control->listen(state_directory().string());
    if (listening.is_error())
      m_logger.warn("adit state restore and adit d1 will need this server stopped: {}",
                    listening.error().full_message());
  }

  // What outlives every shard.
  void prepare_process() {
    m_platform = js::Platform::create();
    m_external_references = make_op_table().external_references();
    m_watchdog = worker::Watchdog::create();
    m_code_store =
        std::make_shared<bindings::CodeStore>(m_disk, first().config->directory / ".adit" / "cache" / "code",
                                              std::to_string(js::compiled_code_version()), *m_loop, m_logger);
  }

  Result<void> start_shards() {
    worker::ShardOptions options;
    options.platform = m_platform.get();
    options.snapshot = js::embedded_snapshot();
    options.external_references = m_external_references.data();
    options.watchdog = m_watchdog.get();
    options.clock = &m_clock;
    options.random = &m_random;
    options.logger = &m_logger;
    options.http.host = m_options.host.value_or(first().config->dev.ip.value_or("127.0.0.1"));
    auto max_body_mb = m_options.max_body_mb.value_or(default_max_body_mb);
    options.http.body_limit_bytes = uint64_t{max_body_mb} * 1024 * 1024;
    options.http.body_limit_reason =
        "The request's body is larger than " + std::to_string(max_body_mb) +
        " MB, the most that this server takes. adit dev --max-body-mb N changes that; Cloudflare's plans allow 100 MB "
        "(Free, Pro), 200 MB (Business) and more (Enterprise).";
    m_services = TRY(bindings::ProcessServices::create(state_directory(), m_logger));
    m_services->on_state_opened([this] { m_loop->post([this] { listen_for_control(); }); });
    if (m_options.history_days) m_services->set_history_days(*m_options.history_days);
    m_services->set_kv_propagation_s(m_options.kv_propagation_s);
    options.make_extension = [services = m_services.get()](worker::Shard& shard) {
      return services->make_shard_services(shard);
    };
    auto count = m_options.shards.value_or(std::max(1u, std::thread::hardware_concurrency()));
    m_pool = TRY(worker::ShardPool::create(std::min<size_t>(std::max(1u, count), max_shards), std::move(options)));
    return {};
  }

  Result<void> start_s3(const std::string& host) {
    auto file =
        m_options.s3_keys ? fs::absolute(*m_options.s3_keys) : first().config->directory / ".adit" / "s3-keys.json";
    bindings::r2::s3::ServerOptions options;
    options.host = host;
    options.port = *m_s3_port;
    options.keys = TRY(bindings::r2::s3::AccessKeys::load(file, m_random));
    for (const auto& member : m_members)
      for (const auto& bucket : member.config->r2_buckets) options.buckets.push_back(bucket.name);
    // For tests, whose days and intervals are short.
    if (const char* day_ms = std::getenv("ADIT_LIFECYCLE_DAY_MS")) {
      options.lifecycle_day_ms = std::strtoll(day_ms, nullptr, 10);
      options.lifecycle_interval_ms = static_cast<uint64_t>(std::max<int64_t>(1, options.lifecycle_day_ms));
    }
    auto port = TRY(m_services->start_s3(std::move(options)));
    m_s3_port = port;
    m_logger.info("S3 API on http://{}:{}, access keys in {}",
                  host.find(':') == std::string::npos ? host : "[" + host + "]", port, file.string());
    return {};
  }

  // Makes the bundles the running workers, or shows why not. First the others: the first one may need their classes.
  void apply(std::vector<Result<Bundle>> bundles) {
    std::vector<bool> is_ready(m_members.size(), false);
    for (size_t i = 0; i < m_members.size(); ++i) {
      if (bundles[i].is_error()) {
        fail(i, "The worker could not be built", bundles[i].error());
        continue;
      }
      m_members[i].inputs = std::move(bundles[i].value().inputs);
      auto migrated = m_services->apply_configuration(*m_members[i].config);
      if (migrated.is_error()) fail(i, "The migrations could not be applied", migrated.error());
      else is_ready[i] = true;
    }
    for (size_t i = m_members.size(); i-- > 0;) {
      if (!is_ready[i]) continue;
      if (i == 0) bundles[i].value().script->route_host = worker::route_host_of(*m_members[i].config);
      bundles[i].value().script->code_cache = std::make_shared<js::CodeCache>(m_code_store);
      auto started = m_pool->set_script(i, bundles[i].value().script);
      if (started.is_error()) fail(i, "The worker did not start", started.error());
    }
  }

  void fail(size_t place, const std::string& title, const Error& error) {
    auto name = m_members.size() > 1 && m_members[place].config ? m_members[place].config->name + ": " : std::string();
    m_logger.error("{}{}: {}", name, title, error.full_message());
    m_pool->set_failure(place, title, error.full_message());
  }

  void reload() {
    auto before = m_clock.monotonic_ns();
    if (auto loaded = load_configurations(); loaded.is_error()) {
      fail(0, "The configuration has errors", loaded.error());
      return watch();
    }
    std::vector<Result<Bundle>> bundles;
    for (auto& member : m_members) bundles.push_back(make_bundle(*member.config, member.work_directory()));
    apply(std::move(bundles));
    m_logger.info("Reloaded in {} ms", (m_clock.monotonic_ns() - before) / 1'000'000);
    watch();
  }

  void watch() {
    std::vector<fs::path> paths;
    for (const auto& member : m_members)
      if (member.config) add_watched(member, paths);
    m_watcher->watch(paths, m_read_ms);
  }

  static void add_watched(const Member& member, std::vector<fs::path>& all) {
    const auto& config = *member.config;
    all.push_back(config.file);
    for (const char* name : {".dev.vars", ".env", ".env.local"}) all.push_back(config.directory / name);
    if (!config.environment.empty())
      for (const char* name : {".dev.vars.", ".env."}) all.push_back(config.directory / (name + config.environment));
    // A custom build watches its folders; what it writes must not start it again.
    if (config.build.command.empty()) {
      all.insert(all.end(), member.inputs.begin(), member.inputs.end());
      return;
    }
    for (const auto& directory : config.build.watch_dirs) {
      all.push_back(directory);
      std::error_code code;
      for (auto it = fs::recursive_directory_iterator(directory, code);
           !code && it != fs::recursive_directory_iterator(); it.increment(code))
        if (it->is_directory()) all.push_back(it->path());
    }
  }

  DevOptions m_options;
  Logger m_logger;
  SystemClock m_clock;
  SystemRandom m_random;
  ledger::SystemDisk m_disk;
  int64_t m_read_ms = 0;          // when reading what runs now began
  std::vector<Member> m_members;  // the first is on HTTP
  std::unique_ptr<net::Loop> m_loop;
  std::unique_ptr<js::Platform> m_platform;
  std::vector<intptr_t> m_external_references;
  std::unique_ptr<worker::Watchdog> m_watchdog;
  std::shared_ptr<bindings::CodeStore> m_code_store;
  std::unique_ptr<bindings::ProcessServices> m_services;
  std::unique_ptr<worker::ShardPool> m_pool;
  std::unique_ptr<Watcher> m_watcher;
  std::unique_ptr<ControlServer> m_control;
  uint16_t m_port = 0;
  std::optional<uint16_t> m_s3_port;
  int m_exit_code = 0;
};

}  // namespace

Result<int> run_dev(const DevOptions& options) {
  DevServer server(options);
  return server.run();
}

}  // namespace adit::cli
