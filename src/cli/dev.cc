#include "cli/dev.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/memory.h"
#include "bindings/shard_services.h"
#include "cli/bundle.h"
#include "cli/config_request.h"
#include "cli/op_table.h"
#include "cli/watcher.h"
#include "js/embedded_snapshot.h"
#include "js/platform.h"
#include "worker/shard_pool.h"

namespace adit::cli {
namespace fs = std::filesystem;
namespace {

constexpr uint16_t default_port = 8787;
constexpr uint64_t stop_grace_ms = 10'000;
constexpr size_t max_shards = 256;
constexpr uint64_t startup_settles_ms = 2'000;

class DevServer {
 public:
  DevServer(const DevOptions& options) : m_options(options), m_logger(options.log_level, isatty(STDERR_FILENO) == 1) {}

  Result<int> run() {
    m_loop = TRY(net::Loop::create());
    // A worker's children and a client that went away must not end the server.
    signal(SIGPIPE, SIG_IGN);
    TRY(load_configuration());
    auto first = make_bundle(*m_config, work_directory());
    if (first.is_error() && first.error().kind() == ErrorKind::not_found) return std::move(first.error());
    TRY(start_shards());
    // A state directory that cannot be used is not something that the next reload mends.
    TRY(m_services->apply_configuration(*m_config));
    apply(std::move(first));
    auto host = m_options.host.value_or(m_config->dev.ip.value_or("127.0.0.1"));
    auto port = TRY(m_pool->listen(m_options.port.value_or(m_config->dev.port.value_or(default_port))));
    m_logger.info("Ready on http://{}:{}", host.find(':') == std::string::npos ? host : "[" + host + "]", port);
    if (!m_logger.enabled(LogLevel::info)) write_line("Ready on http://" + host + ":" + std::to_string(port));
    m_watcher = std::make_unique<Watcher>(*m_loop, [this] { reload(); });
    watch();
    auto settled = m_loop->after(startup_settles_ms, [] { release_startup_memory(); });
    auto interrupt = on_signal(SIGINT);
    auto terminate = on_signal(SIGTERM);
    m_loop->run();
    m_pool->stop(stop_grace_ms);
    return 0;
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

  fs::path state_directory() const {
    if (m_options.persist_to) return fs::absolute(*m_options.persist_to);
    return m_config->directory / ".adit" / "state";
  }
  fs::path work_directory() const { return m_config->directory / ".adit" / "tmp"; }

  Result<void> load_configuration() {
    auto request = TRY(make_config_request(m_options));
    auto loaded = worker::load_config(request, worker::DiskConfigFiles(), m_clock);
    auto report = worker::format_diagnostics(loaded.diagnostics);
    if (!report.empty() && report.back() == '\n') report.pop_back();
    if (!loaded.config) return Error::failed(report);
    if (!report.empty()) write_line(report);
    m_config = std::move(loaded.config);
    if (m_config->main.empty())
      return Error::failed(
          m_config->file.string() +
          ": there is no \"main\": name the worker's entry module, for example main = \"src/index.js\"");
    for (const auto& feature : m_config->not_yet)
      m_logger.warn("{}:{}: {} ({}) is not supported by Adit yet", m_config->file.filename().string(),
                    feature.place.line, feature.feature, feature.field);
    return {};
  }

  Result<void> start_shards() {
    m_platform = js::Platform::create();
    m_external_references = make_op_table().external_references();
    m_watchdog = worker::Watchdog::create();
    worker::ShardOptions options;
    options.platform = m_platform.get();
    options.snapshot = js::embedded_snapshot();
    options.external_references = m_external_references.data();
    options.watchdog = m_watchdog.get();
    options.clock = &m_clock;
    options.random = &m_random;
    options.logger = &m_logger;
    options.http.host = m_options.host.value_or(m_config->dev.ip.value_or("127.0.0.1"));
    m_services = TRY(bindings::ProcessServices::create(state_directory(), m_logger));
    options.make_extension = [services = m_services.get()](worker::Shard& shard) {
      return services->make_shard_services(shard);
    };
    auto count = m_options.shards.value_or(std::max(1u, std::thread::hardware_concurrency()));
    m_pool = TRY(worker::ShardPool::create(std::min<size_t>(std::max(1u, count), max_shards), std::move(options)));
    return {};
  }

  // Makes the bundle the running worker, or shows why not.
  void apply(Result<Bundle> bundle) {
    if (bundle.is_error()) {
      m_logger.error("{}", bundle.error().full_message());
      m_pool->set_failure(0, "The worker could not be built", bundle.error().full_message());
      return;
    }
    m_inputs = std::move(bundle.value().inputs);
    auto migrated = m_services->apply_configuration(*m_config);
    if (migrated.is_error()) {
      m_logger.error("{}", migrated.error().full_message());
      return m_pool->set_failure(0, "The migrations could not be applied", migrated.error().full_message());
    }
    auto started = m_pool->set_script(0, bundle.value().script);
    if (started.is_ok()) return;
    m_logger.error("The worker did not start: {}", started.error().full_message());
    m_pool->set_failure(0, "The worker did not start", started.error().full_message());
  }

  void reload() {
    auto before = m_clock.monotonic_ns();
    if (auto loaded = load_configuration(); loaded.is_error()) {
      m_logger.error("{}", loaded.error().full_message());
      m_pool->set_failure(0, "The configuration has errors", loaded.error().full_message());
      return watch();
    }
    apply(make_bundle(*m_config, work_directory()));
    m_logger.info("Reloaded in {} ms", (m_clock.monotonic_ns() - before) / 1'000'000);
    watch();
  }

  void watch() {
    std::vector<fs::path> paths = m_inputs;
    paths.push_back(m_config->file);
    for (const char* name : {".dev.vars", ".env", ".env.local"}) paths.push_back(m_config->directory / name);
    if (!m_config->environment.empty())
      for (const char* name : {".dev.vars.", ".env."})
        paths.push_back(m_config->directory / (name + m_config->environment));
    // A custom build watches its folders; what it writes must not start it again.
    if (!m_config->build.command.empty()) {
      paths.erase(std::remove(paths.begin(), paths.end(), m_config->main), paths.end());
      for (const auto& directory : m_config->build.watch_dirs) {
        paths.push_back(directory);
        std::error_code code;
        for (auto it = fs::recursive_directory_iterator(directory, code);
             !code && it != fs::recursive_directory_iterator(); it.increment(code))
          if (it->is_directory()) paths.push_back(it->path());
      }
    }
    m_watcher->watch(paths);
  }

  DevOptions m_options;
  Logger m_logger;
  SystemClock m_clock;
  SystemRandom m_random;
  std::optional<worker::WorkerConfig> m_config;
  std::vector<fs::path> m_inputs;
  std::unique_ptr<net::Loop> m_loop;
  std::unique_ptr<js::Platform> m_platform;
  std::vector<intptr_t> m_external_references;
  std::unique_ptr<worker::Watchdog> m_watchdog;
  std::unique_ptr<bindings::ProcessServices> m_services;
  std::unique_ptr<worker::ShardPool> m_pool;
  std::unique_ptr<Watcher> m_watcher;
};

}  // namespace

Result<int> run_dev(const DevOptions& options) {
  DevServer server(options);
  return server.run();
}

}  // namespace adit::cli
