// What the bindings keep: per process (the state directory, migrations) and per shard (stores, objects, the outbound client, each
// isolate's platform services). Owner: ProcessServices is main's; ShardServices its shard's thread.
// Invariant: a state directory has one owner process; a shard's services outlive its isolates.
#pragma once

#include <filesystem>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "worker/config/config.h"
#include "worker/shard.h"

namespace adit::bindings {

class ShardState;
namespace d1 {
class Service;
class Threads;
}  // namespace d1
namespace durable_object {
class ObjectHost;
}
namespace kv {
class Service;
}
namespace r2 {
class Service;
}
namespace r2::s3 {
struct ServerOptions;
}

// What a shard's bindings keep, for code that came to the shard by message.
class ShardServices : public worker::ShardExtension {
 public:
  static ShardServices& of(worker::Shard& shard) { return static_cast<ShardServices&>(*shard.extension()); }
  virtual ShardState& state() = 0;
  virtual kv::Service& kv() = 0;
  virtual r2::Service& r2() = 0;
  virtual d1::Service& d1() = 0;
  virtual durable_object::ObjectHost& objects() = 0;
  virtual void start_s3(r2::s3::ServerOptions options, Function<void(Result<uint16_t>)> done) = 0;
  // Buckets of a new configuration, for the S3 API where it runs.
  virtual void ensure_s3_buckets(const std::vector<std::string>& names) = 0;
};

class ProcessServices {
 public:
  // Locks the state directory and recovers what the last process left. Nothing is made on disk until something is stored.
  static Result<std::unique_ptr<ProcessServices>> create(const std::filesystem::path& state_directory,
                                                         const Logger& logger);
  ~ProcessServices();
  // For development: KV reads are as old as they may be on Cloudflare's network (docs/kv.md). Before shards start.
  void set_kv_propagation_s(uint32_t seconds);
  // How long Durable Objects and D1 keep their past, from now on (state.h). Before shards start.
  void set_history_days(uint32_t days);
  // Called once, on whichever thread, when the state directory has been made or opened, and locked. Before shards start.
  void on_state_opened(Function<void()> callback);
  // The threads of D1 databases.
  d1::Threads& d1();
  // Before a version with this configuration starts: its migrations. Main's thread.
  Result<void> apply_configuration(const worker::WorkerConfig& config);
  // Serves the S3 API on the first shard; the port. Main's thread, once the shards run.
  Result<uint16_t> start_s3(r2::s3::ServerOptions options);
  // On the shard's thread.
  Result<std::unique_ptr<worker::ShardExtension>> make_shard_services(worker::Shard& shard);

 private:
  struct Impl;
  explicit ProcessServices(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> m_impl;
};

}  // namespace adit::bindings
