// A shard: one thread with its event loop, its HTTP server, its worker isolates and what the bindings keep for it.
// Owner: its own thread for everything but the constructor's caller-facing post(). Lifecycle: run() until finish(), which drain() goes before.
// Invariant: nothing of a shard is touched by another thread; requests from outside come as tasks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "js/platform.h"
#include "net/http/server.h"
#include "net/loop.h"
#include "worker/remote_ends.h"
#include "worker/rpc.h"
#include "worker/script.h"
#include "worker/watchdog.h"
#include "worker/worker_isolate.h"

namespace adit::worker {

class Shard;

// What a higher layer keeps per shard (stores, objects). Made and destroyed on the shard's thread.
class ShardExtension {
 public:
  virtual ~ShardExtension() = default;
  // A new isolate, before its worker starts: provide services.
  virtual void attach(WorkerIsolate& worker) = 0;
  // The isolate is retired or dead: its objects end.
  virtual void detach(WorkerIsolate& worker) = 0;
  // The isolate is gone; the pointer only names it.
  virtual void destroyed(const WorkerIsolate* worker) = 0;
  // A new worker started and gets requests from now on.
  virtual void activated(WorkerIsolate& worker) = 0;
  // A call of what an invocation exported (number): true when it belongs to an object, whose gates it goes through.
  virtual bool deliver_to_object(WorkerIsolate& worker, int32_t invocation, uint64_t number, RequestMessage& request,
                                 Function<void(RpcOutcome)>& done) = 0;
  // The shard stops: make everything durable, close, then call done.
  virtual void close(Function<void()> done) = 0;
};

// The shards of the process, seen by each other.
class ShardGroup {
 public:
  virtual size_t shard_count() const = 0;
  // Any thread. Runs the task on that shard's thread.
  virtual void post(size_t shard, Function<void(Shard&)> task) = 0;

 protected:
  ~ShardGroup() = default;
};

struct ShardOptions {
  size_t index = 0;
  ShardGroup* group = nullptr;
  js::Platform* platform = nullptr;
  js::SnapshotBlob snapshot;
  const intptr_t* external_references = nullptr;
  Watchdog* watchdog = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;  // thread-safe
  const Logger* logger = nullptr;
  net::HttpServerOptions http;
  bool log_requests = true;
  std::function<Result<std::unique_ptr<ShardExtension>>(Shard&)>
      make_extension;  // shared by all shards' threads; no state of its own
};

class Shard final : public net::HttpHandler, public WorkerIsolateHost {
 public:
  // On the shard's thread, which stays its owner. The server does not listen until listen().
  static Result<std::unique_ptr<Shard>> create(ShardOptions options);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Runs the loop until stop().
  void run() { m_loop->run(); }
  Result<uint16_t> listen(uint16_t port);
  // Workers have places; the one in place 0 gets the requests from the network, others those of service bindings. Starts this version and,
  // when it is up, gives it the requests. The old one finishes what it has.
  Result<void> set_script(size_t place, std::shared_ptr<const Script> script);
  // No worker can run there (a build failed): requests get this error until the next set_script.
  void set_failure(size_t place, std::string title, std::string detail);
  // Stopping has two steps, since a request on one shard may need another: drains connections, then calls done; when every shard has, ends
  // the worker, closes the extension and stops the loop.
  void drain(uint64_t grace_ms, Function<void()> done);
  void finish();

  size_t index() const { return m_options.index; }
  ShardGroup& group() { return *m_options.group; }
  net::Loop& loop() { return *m_loop; }
  const Clock& clock() const { return *m_options.clock; }
  Random& random() const { return *m_options.random; }
  const Logger& logger() const { return *m_options.logger; }
  ShardExtension* extension() { return m_extension.get(); }
  // The worker that gets requests now, a fresh isolate when the last one hit its memory limit; null before the first and after a failure.
  WorkerIsolate* running_worker() { return running_worker(size_t{0}); }
  WorkerIsolate* running_worker(std::string_view name);
  // Any shard's thread, for its own shard's messages to another one; nothing leaves a shard that has stopped.
  void post_to(size_t shard, Function<void(Shard&)> task) {
    if (!m_finished) m_options.group->post(shard, std::move(task));
  }
  RemoteEnds& remote_ends() { return m_remote_ends; }
  RpcTable& rpc() { return m_rpc; }

  // HttpHandler
  void on_request(std::shared_ptr<net::HttpExchange> exchange) override;
  // WorkerIsolateHost
  void invocation_finished(const InvocationReport& report) override;
  void isolate_is_done(WorkerIsolate& isolate) override;
  void worker_output(LogLevel level, std::string_view text) override;
  bool wants_request_reports() const override { return m_log_requests; }
  void rpc_invocation_ended(WorkerIsolate& isolate, int32_t invocation) override {
    m_rpc.invocation_ended(isolate, invocation);
  }
  bool has_rpc_exports(const WorkerIsolate& isolate, int32_t invocation) const override {
    return m_rpc.has_exports(isolate, invocation);
  }

 private:
  explicit Shard(ShardOptions options) : m_options(std::move(options)) {}
  Result<std::shared_ptr<js::Isolate>> take_isolate(size_t heap_limit_bytes);
  Result<std::unique_ptr<WorkerIsolate>> start_worker(std::shared_ptr<const Script> script);
  struct Place {
    std::unique_ptr<WorkerIsolate> current;
    std::string failure_title;
    std::string failure_detail;
  };
  WorkerIsolate* running_worker(size_t place);
  Place& place(size_t number);
  void end_workers();
  void keep_spare();
  void remove_done();
  void drained();

  ShardOptions m_options;
  std::unique_ptr<net::Loop> m_loop;
  RemoteEnds m_remote_ends;
  RpcTable m_rpc{*this};
  std::shared_ptr<Watchdog::Seat> m_seat;
  std::unique_ptr<net::HttpServer> m_server;
  std::unique_ptr<ShardExtension> m_extension;
  std::shared_ptr<js::Isolate> m_spare;
  std::vector<Place> m_places;
  std::vector<std::unique_ptr<WorkerIsolate>> m_retired;
  std::vector<WorkerIsolate*> m_done;
  net::Timer m_spare_timer;
  net::Timer m_stop_timer;
  Function<void()> m_on_drained;
  bool m_log_requests = false;
  bool m_stopping = false;
  bool m_finished = false;
};

}  // namespace adit::worker
