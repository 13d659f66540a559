#include "bindings/shard_services.h"

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <mutex>

#include "bindings/cache/service.h"
#include "bindings/d1/service.h"
#include "bindings/durable_object/migrations.h"
#include "bindings/durable_object/object_host.h"
#include "bindings/kv/service.h"
#include "bindings/r2/s3/server.h"
#include "bindings/r2/service.h"
#include "bindings/state.h"
#include "net/client/http_client.h"
#include "web/network_services.h"
#include "web/platform_services.h"
#include "web/socket.h"

namespace adit::bindings {

struct ProcessServices::Impl {
  Impl(const std::filesystem::path& state_directory, const Logger& logger)
      : state(state_directory, logger), d1(state, logger, clock) {}
  SystemClock clock;
  ProcessState state;
  cache::ProcessCache cache{state};
  d1::Threads d1;
  uint32_t kv_propagation_s = 0;
  durable_object::HostOptions objects = durable_object::host_options_from_environment();
  std::mutex mutex;                                           // guards what is below
  std::map<std::string, durable_object::ClassTable> classes;  // by worker
  worker::ShardGroup* group = nullptr;
  bool removed_deleted = false;  // main's only
  // What a worker may bind to: its own classes by name, those of others as "WORKER/NAME" (script_name).
  std::shared_ptr<const durable_object::ClassTable> classes_for(const std::string& worker) {
    std::lock_guard lock(mutex);
    auto all = std::make_shared<durable_object::ClassTable>();
    for (const auto& [owner, table] : classes)
      for (const auto& [name, object_class] : table)
        all->emplace(owner == worker ? name : owner + "/" + name, object_class);
    return all;
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

using ClassesSource = std::function<std::shared_ptr<const durable_object::ClassTable>(const std::string& worker)>;

class Services final : public ShardServices {
 public:
  static Result<std::unique_ptr<Services>> create(worker::Shard& shard, ProcessState& state, cache::ProcessCache& cache,
                                                  d1::Threads& d1, ClassesSource classes,
                                                  const durable_object::HostOptions& objects) {
    auto http = TRY(net::HttpClient::create(shard.loop(), {}));
    return std::make_unique<Services>(shard, state, cache, d1, std::move(http), std::move(classes), objects);
  }
  Services(worker::Shard& shard, ProcessState& state, cache::ProcessCache& cache, d1::Threads& d1,
           std::unique_ptr<net::HttpClient> http, ClassesSource classes, const durable_object::HostOptions& objects)
      : m_shard(shard),
        m_console(shard),
        m_http(std::move(http)),
        m_network{shard.loop(), *m_http, shard.random(), {}, &m_sockets, nullptr},
        m_state(state, shard.index(), shard.loop(), shard.logger(), shard.clock()),
        m_kv(shard, m_state),
        m_cache(cache, shard.loop(), shard.clock()),
        m_r2(shard, m_state),
        m_d1(shard, d1),
        m_objects(shard, m_state, objects),
        m_classes(std::move(classes)) {}

  ShardState& state() override { return m_state; }
  kv::Service& kv() override { return m_kv; }
  r2::Service& r2() override { return m_r2; }
  d1::Service& d1() override { return m_d1; }
  durable_object::ObjectHost& objects() override { return m_objects; }

  void attach(worker::WorkerIsolate& worker) override {
    auto services =
        std::make_unique<web::PlatformServices>(m_shard.loop(), m_shard.clock(), m_shard.random(), m_console);
    worker.isolate().provide(*services);
    worker.isolate().provide(m_network);
    worker.isolate().provide(m_kv);
    auto& caches = m_caches[&worker];
    caches = std::make_unique<cache::Scope>(cache::Scope{m_cache, worker.script().name});
    worker.isolate().provide(*caches);
    worker.isolate().provide(m_r2);
    worker.isolate().provide(m_d1);
    m_objects.attach(worker, m_classes(worker.script().name));
    m_platforms[&worker] = std::move(services);
  }
  void detach(worker::WorkerIsolate& worker) override { m_objects.detach(worker); }
  void destroyed(const worker::WorkerIsolate* worker) override {
    m_objects.destroyed(worker);
    m_platforms.erase(worker);
    m_caches.erase(worker);
  }
  void activated(worker::WorkerIsolate& worker) override { m_objects.activated(worker); }
  bool deliver_to_object(worker::WorkerIsolate& worker, int32_t invocation, uint64_t number,
                         worker::RequestMessage& request, Function<void(worker::RpcOutcome)>& done) override {
    return m_objects.deliver(worker, invocation, number, request, done);
  }
  void start_s3(r2::s3::ServerOptions options, Function<void(Result<uint16_t>)> done) override {
    r2::s3::Server::start(m_shard, m_r2, m_state, std::move(options),
                          [this, done = std::move(done)](Result<std::unique_ptr<r2::s3::Server>> server) mutable {
                            if (server.is_error()) return done(std::move(server.error()));
                            m_s3 = std::move(server).value();
                            done(m_s3->port());
                          });
  }
  void ensure_s3_buckets(const std::vector<std::string>& names) override {
    if (!m_s3) return;
    if (auto done = m_s3->ensure_buckets(names); done.is_error())
      m_shard.logger().error("Buckets of the S3 API: {}", done.error().full_message());
  }
  void close(Function<void()> done) override {
    m_s3.reset();
    m_kv.close();
    m_r2.close();
    m_objects.close();
    m_d1.close([this, done = std::move(done)]() mutable { m_state.close(std::move(done)); });
  }

 private:
  worker::Shard& m_shard;
  DevConsole m_console;
  std::unique_ptr<net::HttpClient> m_http;
  web::SocketRegistry m_sockets;
  web::NetworkServices m_network;
  ShardState m_state;
  kv::Service m_kv;
  cache::Service m_cache;
  r2::Service m_r2;
  std::unique_ptr<r2::s3::Server> m_s3;  // the first shard's, where it is wanted
  d1::Service m_d1;
  durable_object::ObjectHost m_objects;
  ClassesSource m_classes;
  std::map<const worker::WorkerIsolate*, std::unique_ptr<web::PlatformServices>> m_platforms;
  std::map<const worker::WorkerIsolate*, std::unique_ptr<cache::Scope>> m_caches;
};

}  // namespace

ProcessServices::ProcessServices(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
ProcessServices::~ProcessServices() = default;

Result<std::unique_ptr<ProcessServices>> ProcessServices::create(const std::filesystem::path& state_directory,
                                                                 const Logger& logger) {
  return std::unique_ptr<ProcessServices>(new ProcessServices(std::make_unique<Impl>(state_directory, logger)));
}

Result<uint16_t> ProcessServices::start_s3(r2::s3::ServerOptions options) {
  std::promise<Result<uint16_t>> started;
  m_impl->group->post(0, [&options, &started](worker::Shard& shard) {
    ShardServices::of(shard).start_s3(std::move(options),
                                      [&started](Result<uint16_t> port) { started.set_value(std::move(port)); });
  });
  return started.get_future().get();
}

void ProcessServices::set_kv_propagation_s(uint32_t seconds) { m_impl->kv_propagation_s = seconds; }

void ProcessServices::on_state_opened(Function<void()> callback) { m_impl->state.on_opened(std::move(callback)); }

d1::Threads& ProcessServices::d1() { return m_impl->d1; }

void ProcessServices::set_history_days(uint32_t days) { m_impl->state.set_history_days(days); }

Result<void> ProcessServices::apply_configuration(const worker::WorkerConfig& config) {
  std::vector<std::string> buckets;
  for (const auto& bucket : config.r2_buckets) buckets.push_back(bucket.name);
  m_impl->group->post(
      0, [buckets = std::move(buckets)](worker::Shard& shard) { ShardServices::of(shard).ensure_s3_buckets(buckets); });
  if (config.durable_objects.empty() && config.migrations.empty()) {
    std::lock_guard lock(m_impl->mutex);
    m_impl->classes.erase(config.name);
    return {};
  }
  // Locked now, not at the first write: a second process with these objects must not start.
  auto* directory = TRY(m_impl->state.directory());
  if (!std::exchange(m_impl->removed_deleted, true)) TRY(durable_object::remove_deleted_data(*directory));
  auto classes = TRY(durable_object::apply_migrations(directory->path(), config, [this](const std::string& space) {
    return durable_object::destroy_space(*m_impl->group, space);
  }));
  std::lock_guard lock(m_impl->mutex);
  // A transferred class is no longer its old worker's.
  for (auto& [owner, table] : m_impl->classes)
    std::erase_if(table, [&](const auto& known) {
      return std::any_of(classes.begin(), classes.end(),
                         [&](const auto& made) { return made.second->space == known.second->space; });
    });
  m_impl->classes[config.name] = std::move(classes);
  return {};
}

Result<std::unique_ptr<worker::ShardExtension>> ProcessServices::make_shard_services(worker::Shard& shard) {
  {
    std::lock_guard lock(m_impl->mutex);
    m_impl->group = &shard.group();
  }
  auto services = TRY(Services::create(
      shard, m_impl->state, m_impl->cache, m_impl->d1,
      [impl = m_impl.get()](const std::string& worker) { return impl->classes_for(worker); }, m_impl->objects));
  services->kv().set_propagation_s(m_impl->kv_propagation_s);
  return std::unique_ptr<worker::ShardExtension>(std::move(services));
}

}  // namespace adit::bindings
