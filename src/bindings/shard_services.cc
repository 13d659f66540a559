#include "bindings/shard_services.h"

#include <map>

#include "net/client/http_client.h"
#include "web/network_services.h"
#include "web/platform_services.h"

namespace adit::bindings {

struct ProcessServices::Impl {
  std::filesystem::path state_directory;
  const Logger* logger = nullptr;
};

namespace {

// The worker's console, as lines of adit's own output.
class DevConsole final : public web::ConsoleSink {
 public:
  explicit DevConsole(worker::Shard& shard) : m_shard(shard) {}
  void write(web::ConsoleLevel level, std::string_view text) override { m_shard.worker_output(level_of(level), text); }
  void uncaught(std::string_view text) override { m_shard.worker_output(LogLevel::error, "Uncaught " + std::string(text)); }

 private:
  static LogLevel level_of(web::ConsoleLevel level) {
    switch (level) {
      case web::ConsoleLevel::debug: return LogLevel::debug;
      case web::ConsoleLevel::warn: return LogLevel::warn;
      case web::ConsoleLevel::error: return LogLevel::error;
      default: return LogLevel::info;
    }
  }
  worker::Shard& m_shard;
};

class ShardServices final : public worker::ShardExtension {
 public:
  static Result<std::unique_ptr<ShardServices>> create(worker::Shard& shard) {
    auto http = TRY(net::HttpClient::create(shard.loop(), {}));
    return std::make_unique<ShardServices>(shard, std::move(http));
  }
  ShardServices(worker::Shard& shard, std::unique_ptr<net::HttpClient> http)
      : m_shard(shard), m_console(shard), m_http(std::move(http)), m_network{shard.loop(), *m_http, shard.random(), {}} {}

  void attach(worker::WorkerIsolate& worker) override {
    auto services = std::make_unique<web::PlatformServices>(m_shard.loop(), m_shard.clock(), m_shard.random(), m_console);
    worker.isolate().provide(*services);
    worker.isolate().provide(m_network);
    m_platforms[&worker] = std::move(services);
  }
  void detach(worker::WorkerIsolate&) override {}
  void activated(worker::WorkerIsolate&) override {}
  void close(Function<void()> done) override { done(); }

 private:
  worker::Shard& m_shard;
  DevConsole m_console;
  std::unique_ptr<net::HttpClient> m_http;
  web::NetworkServices m_network;
  std::map<worker::WorkerIsolate*, std::unique_ptr<web::PlatformServices>> m_platforms;
};

}  // namespace

ProcessServices::ProcessServices(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ProcessServices::~ProcessServices() = default;

Result<std::unique_ptr<ProcessServices>> ProcessServices::create(const std::filesystem::path& state_directory, const Logger& logger) {
  auto impl = std::make_unique<Impl>();
  impl->state_directory = state_directory;
  impl->logger = &logger;
  return std::unique_ptr<ProcessServices>(new ProcessServices(std::move(impl)));
}

Result<void> ProcessServices::apply_configuration(const worker::WorkerConfig&) { return {}; }

Result<std::unique_ptr<worker::ShardExtension>> ProcessServices::make_shard_services(worker::Shard& shard) {
  return std::unique_ptr<worker::ShardExtension>(TRY(ShardServices::create(shard)));
}

}  // namespace adit::bindings
