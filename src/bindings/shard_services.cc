#include "bindings/shard_services.h"

#include <functional>
#include <map>
#include <mutex>

#include "bindings/durable_object/migrations.h"
#include "bindings/durable_object/service.h"
#include "bindings/kv/service.h"
#include "bindings/state.h"
#include "net/client/http_client.h"
#include "web/network_services.h"
#include "web/platform_services.h"

namespace adit::bindings {

struct ProcessServices::Impl {
  Impl(const std::filesystem::path& state_directory, const Logger& logger) : state(state_directory, logger) {}
  ProcessState state;
  bool removed_deleted = false;
  uint64_t object_idle_ms = durable_object::Service::default_idle_ms;
  std::mutex spaces_mutex;  // guards spaces
  std::shared_ptr<const durable_object::Spaces> spaces = std::make_shared<const durable_object::Spaces>();
  std::shared_ptr<const durable_object::Spaces> current_spaces() {
    std::lock_guard lock(spaces_mutex);
    return spaces;
  }
};

namespace {

// The worker's console, as lines of adit's own output.
class DevConsole final : public web::ConsoleSink {
 public:
  explicit DevConsole(worker::Shard& shard) : m_shard(shard) {}
  void write(web::ConsoleLevel level, std::string_view text) override { m_shard.worker_output(level_of(level), text); }
  void uncaught(std::string_view text) override {
    m_shard.worker_output(LogLevel::error, "Uncaught " + std::string(text));
  }

 private:
  static LogLevel level_of(web::ConsoleLevel level) {
    switch (level) {
      case web::ConsoleLevel::debug:
        return LogLevel::debug;
      case web::ConsoleLevel::warn:
        return LogLevel::warn;
      case web::ConsoleLevel::error:
        return LogLevel::error;
      default:
        return LogLevel::info;
    }
  }
  worker::Shard& m_shard;
};

using SpacesSource = std::function<std::shared_ptr<const durable_object::Spaces>()>;

class Services final : public ShardServices {
 public:
  static Result<std::unique_ptr<Services>> create(worker::Shard& shard, ProcessState& state, SpacesSource spaces,
                                                  uint64_t idle_ms) {
    auto http = TRY(net::HttpClient::create(shard.loop(), {}));
    return std::make_unique<Services>(shard, state, std::move(http), std::move(spaces), idle_ms);
  }
  Services(worker::Shard& shard, ProcessState& state, std::unique_ptr<net::HttpClient> http, SpacesSource spaces,
           uint64_t idle_ms)
      : m_shard(shard),
        m_console(shard),
        m_http(std::move(http)),
        m_network{shard.loop(), *m_http, shard.random(), {}},
        m_state(state, shard.index(), shard.loop(), shard.logger(), shard.clock()),
        m_kv(shard, m_state),
        m_durable(m_state, shard.loop(), shard.random(), idle_ms),
        m_spaces(std::move(spaces)) {}

  ShardState& state() override { return m_state; }
  kv::Service& kv() override { return m_kv; }

  void attach(worker::WorkerIsolate& worker) override {
    auto services =
        std::make_unique<web::PlatformServices>(m_shard.loop(), m_shard.clock(), m_shard.random(), m_console);
    worker.isolate().provide(*services);
    worker.isolate().provide(m_network);
    worker.isolate().provide(m_kv);
    m_durable.set_spaces(m_spaces());
    worker.isolate().provide(m_durable);
    m_platforms[&worker] = std::move(services);
  }
  void detach(worker::WorkerIsolate& worker) override {
    if (m_durable.isolate() != &worker.isolate()) return;
    m_durable.reset_objects();
    m_durable.set_isolate(nullptr);
  }
  void destroyed(const worker::WorkerIsolate* worker) override { m_platforms.erase(worker); }
  void activated(worker::WorkerIsolate& worker) override { m_durable.set_isolate(&worker.isolate()); }
  void close(Function<void()> done) override {
    m_kv.close();
    m_state.close(std::move(done));
  }

 private:
  worker::Shard& m_shard;
  DevConsole m_console;
  std::unique_ptr<net::HttpClient> m_http;
  web::NetworkServices m_network;
  ShardState m_state;
  kv::Service m_kv;
  durable_object::Service m_durable;
  SpacesSource m_spaces;
  std::map<const worker::WorkerIsolate*, std::unique_ptr<web::PlatformServices>> m_platforms;
};

}  // namespace

ProcessServices::ProcessServices(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ProcessServices::~ProcessServices() = default;

Result<std::unique_ptr<ProcessServices>> ProcessServices::create(const std::filesystem::path& state_directory,
                                                                 const Logger& logger) {
  return std::unique_ptr<ProcessServices>(new ProcessServices(std::make_unique<Impl>(state_directory, logger)));
}

void ProcessServices::set_object_idle_ms(uint64_t idle_ms) { m_impl->object_idle_ms = idle_ms; }

Result<void> ProcessServices::apply_configuration(const worker::WorkerConfig& config) {
  if (config.durable_objects.empty() && config.migrations.empty()) return {};
  // Locked now, not at the first write: a second process with these objects must not start.
  auto* directory = TRY(m_impl->state.directory());
  if (!std::exchange(m_impl->removed_deleted, true)) TRY(durable_object::remove_deleted_data(*directory));
  auto spaces = TRY(durable_object::apply_migrations(directory->path(), config));
  std::lock_guard lock(m_impl->spaces_mutex);
  m_impl->spaces = std::make_shared<const durable_object::Spaces>(std::move(spaces));
  return {};
}

Result<std::unique_ptr<worker::ShardExtension>> ProcessServices::make_shard_services(worker::Shard& shard) {
  return std::unique_ptr<worker::ShardExtension>(TRY(Services::create(
      shard, m_impl->state, [impl = m_impl.get()] { return impl->current_spaces(); }, m_impl->object_idle_ms)));
}

}  // namespace adit::bindings
