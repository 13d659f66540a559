// A worker version running in one isolate on one shard: its module graph, its invocations, their limits and their end.
// Owner: the shard's thread. Lifecycle: start() once; then invocations; retire() lets them finish and nothing new begin.
// Invariant: each invocation is answered exactly once: by the worker, by its limits, by hang detection, or when the isolate dies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "js/isolate.h"
#include "js/modules.h"
#include "net/http/exchange.h"
#include "net/loop.h"
#include "web/invocation_limits.h"
#include "worker/invocation.h"
#include "worker/response_coding.h"
#include "worker/script.h"
#include "worker/watchdog.h"

namespace adit::worker {

// What happened to a request, for the request log and for usage.
struct InvocationReport {
  std::string_view method;
  std::string_view path;
  int status = 0;
  int64_t wall_ns = 0;
  int64_t cpu_ns = 0;
};

// What a worker isolate tells its shard.
class WorkerIsolateHost {
 public:
  virtual void invocation_finished(const InvocationReport& report) = 0;
  // The isolate is condemned and unusable, or a retired one has finished; destroy it from the loop, not from inside this call.
  virtual void isolate_is_done(class WorkerIsolate& isolate) = 0;
  // A line of the worker's console or an uncaught exception.
  virtual void worker_output(LogLevel level, std::string_view text) = 0;
  virtual bool wants_request_reports() const = 0;
  // One that used RPC.
  virtual void rpc_invocation_ended(class WorkerIsolate& isolate, int32_t invocation) = 0;
  // Whether another invocation may still call something of it.
  virtual bool has_rpc_exports(const class WorkerIsolate& isolate, int32_t invocation) const = 0;

 protected:
  ~WorkerIsolateHost() = default;
};

struct WorkerIsolateOptions {
  std::shared_ptr<js::Isolate> isolate;  // fresh from the snapshot
  std::shared_ptr<const Script> script;
  net::Loop* loop = nullptr;
  const Clock* clock = nullptr;
  Random* random = nullptr;
  std::shared_ptr<Watchdog::Seat> seat;
  WorkerIsolateHost* host = nullptr;
};

class WorkerIsolate final : public js::IsolateObserver, public web::InvocationLimits {
 public:
  explicit WorkerIsolate(WorkerIsolateOptions options);
  ~WorkerIsolate() override;

  // Evaluates the worker. On failure every request gets the error; the isolate stays usable for that only.
  Result<void> start();
  const Script& script() const { return *m_options.script; }
  std::shared_ptr<const Script> shared_script() const { return m_options.script; }
  js::Isolate& isolate() { return *m_options.isolate; }
  net::Loop& loop() { return *m_options.loop; }
  InvocationTable& invocations() { return m_invocations; }

  // A request from the network, for the default export's fetch handler.
  void dispatch(std::shared_ptr<net::HttpExchange> exchange);
  // A request from another invocation (service binding, stub): `target` is an entry function's name and `arguments_prefix` what it gets before
  // the request's parts. The reply comes once, on this shard.
  int32_t dispatch_message(std::string_view target, v8::LocalVector<v8::Value> arguments_prefix, RequestMessage request,
                           Reply reply);
  // An event without a request (scheduled, alarm): begins an invocation, calls the entry function with (id, ...arguments). The reply's status is
  // 200 when the handler succeeded.
  int32_t dispatch_event(std::string_view target, v8::LocalVector<v8::Value> arguments, Reply reply);

  // A standing invocation is that of an object: its code runs under it whatever event it serves, so that all of it shares a context. Each event
  // has the CPU limit anew. It answers nothing; on_stopped is called when a limit or the isolate's end stops it, and it is over then.
  int32_t begin_standing(Function<void(Error)> on_stopped);
  void end_standing(int32_t id);
  bool is_waiting(int32_t standing);
  // Between the two nothing that the invocation waits for reaches it; afterwards it does, each in a turn of its own.
  void hold_back(int32_t standing);
  void release(int32_t standing);
  // Within js::Entry, for each turn of a standing invocation.
  void enter_standing(int32_t id);
  // An event for it: calls function(id of the event, ...arguments). Its first argument is filled in. Answers the event's id.
  int32_t dispatch_within(int32_t standing, v8::Local<v8::Function> function, v8::LocalVector<v8::Value> arguments,
                          Reply reply);
  // A call from another invocation, whose answer is never awaited in vain: a handler that hangs is found out. Begins an invocation, calls the
  // entry function with (id, ...make_arguments()), within it.
  void dispatch_call(std::string_view target, Function<void(v8::LocalVector<v8::Value>&)> make_arguments, Reply reply);
  // An invocation lives on while something leads back to it.
  void lend(int32_t id);
  void give_back(int32_t id);
  void mark_rpc(int32_t id);
  // Nobody waits for the event's answer any more.
  void forget_event(int32_t id);
  v8::Local<v8::Function> entry_function(std::string_view name);
  v8::Local<v8::String> method_string(std::string_view method);

  // For the header lines of the response being given, so that they cost no allocation.
  std::string& header_lines_buffer() { return m_lines_buffer; }
  // Whether another invocation asked, and not the network.
  bool is_call(int32_t id) {
    auto* invocation = m_invocations.find(id);
    return invocation && invocation->reply;
  }
  // From ops: the worker answered, or failed.
  void respond(int32_t id, ResponseMessage message);
  void respond_bytes(int32_t id, int status, std::string_view status_text, std::string_view header_lines,
                     net::HttpBody body, EncodeBody encode = EncodeBody::automatic);
  void fail(int32_t id, v8::Local<v8::Value> exception);
  void wait_until(int32_t id, int delta);
  void pass_through(int32_t id);
  // Something leaves the invocation for somewhere else: an error when it has done so as often as it may.
  Result<void> count_subrequest(int32_t id);
  // The same for what is also a connection: whether it may begin at once.
  Result<bool> count_connection(int32_t id);
  void report_uncaught(v8::Local<v8::Value> exception, std::string_view prefix);

  // No new requests; isolate_is_done() once the last invocation ended or the grace period is over.
  void retire(uint64_t grace_ms);
  bool is_retired() const { return m_retired; }
  bool is_dead() const { return m_dead; }
  // When something last began to run in it, by the shard's clock.
  int64_t entered_ns() const { return m_entered_ns; }
  // The CPU limit has stopped what runs now: native code that works long for it ends.
  bool is_being_stopped() const { return m_options.seat->is_stopped(); }

  // InvocationLimits (worker_isolate_limits.cc)
  Logging log(int32_t id, size_t bytes) override;
  bool may_log(int32_t id) override;
  std::optional<web::ConnectionSlot> take_connection(int32_t id) override;
  void await_connection(int32_t id, Function<void(web::ConnectionSlot)> begin) override;
  void connection_answered(int32_t id, uint32_t round) override;

  // IsolateObserver
  void entered() override;
  void left() override;
  void pending_changed(int32_t invocation, int delta) override;
  bool is_held(int32_t invocation) const override;
  void hold(int32_t invocation, Function<void()> event) override;

 private:
  int64_t cpu_limit_ms() const;
  struct PendingRejection {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Value> reason;
  };
  v8::Local<v8::String> url_string(const net::HttpExchange& exchange);
  void show_route_host(const net::HttpExchange& exchange);
  void call_handler(int32_t id, v8::Local<v8::Function> function, int count, v8::Local<v8::Value>* arguments);
  void answer_error(int32_t id, int status, std::string_view title, std::string_view detail);
  void upgrade(int32_t id, ResponseMessage message);
  void fail_head(int32_t id, size_t size_bytes, net::HttpBody body);
  void body_finished(int32_t id);
  void limit_waiting(int32_t id, Invocation& invocation);
  void end_invocation(int32_t id);
  void watch_attachments(int32_t id, RpcAttachments& attachments);
  std::shared_ptr<net::ByteSource> watch_body(int32_t id, std::shared_ptr<net::ByteSource> body);
  void finish_response(int32_t id, Invocation& invocation, int status);
  void maybe_end(int32_t id, Invocation& invocation);
  void run_held(int32_t id);
  void check_for_hangs();
  void check_retired();
  void report_rejections();
  void stop_everything(std::string_view title, std::string_view detail);
  static void promise_rejected(v8::PromiseRejectMessage message);

  WorkerIsolateOptions m_options;
  std::unique_ptr<js::ModuleLoader> m_modules;
  InvocationTable m_invocations;
  std::vector<int32_t> m_touched;
  std::vector<int32_t> m_touched_before;  // empty; its memory takes turns with the other's
  std::vector<PendingRejection> m_rejections;
  v8::Global<v8::Function> m_dispatch_fetch;
  v8::Global<v8::String> m_common_methods[7];
  std::string m_url_buffer;
  std::string m_lines_buffer;
  std::string m_block_buffer;
  std::string m_last_host;    // the Host header that m_last_origin was made from
  std::string m_last_origin;  // "http://host"
  std::string m_start_error;  // why start() failed
  int32_t m_entry_invocation = -1;
  int32_t m_running_held = -1;  // what was held for this invocation is happening to it
  int64_t m_entered_ns = 0;
  uint64_t m_ray_counter = 0;
  net::Timer m_grace;
  bool m_started = false;
  std::shared_ptr<WorkerIsolate*> m_alive = std::make_shared<WorkerIsolate*>(this);
  std::shared_ptr<web::InvocationLimits*> m_limits = std::make_shared<web::InvocationLimits*>(this);  // for slots
  bool m_retired = false;
  bool m_dead = false;
  bool m_done_reported = false;
  bool m_stopped_by_watchdog = false;
};

}  // namespace adit::worker
