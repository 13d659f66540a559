#include "worker/worker_isolate.h"

#include <fmt/format.h>

#include <array>

#include "js/convert.h"
#include "js/errors.h"
#include "net/websocket/serve.h"
#include "web/platform_services.h"
#include "web/socket.h"
#include "web/url.h"
#include "worker/config/compatibility.h"
#include "worker/error_page.h"

namespace adit::worker {
namespace {

constexpr std::string_view common_methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"};
constexpr int64_t startup_cpu_limit_ms = 1000;            // Workers: the top level of a script may run one second
constexpr uint64_t wait_until_limit_ms = 30'000;          // Workers: waitUntil may run 30 seconds past the response
constexpr size_t response_head_limit_bytes = 128 * 1024;  // Workers: all headers of a response

// A target that the URL parser would not change, so that parsing can be left out.
bool is_plain_target(std::string_view target) {
  if (target.empty() || target[0] != '/') return false;
  for (size_t i = 0; i < target.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(target[i]);
    if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}' || c == '\\' ||
        c == '^' || c == '|' || c == '#' || c == '\'')
      return false;
    if (c == '.' && target[i - 1] == '/') return false;
    if (c == '%' && i + 2 < target.size() && target[i + 1] == '2' && (target[i + 2] | 0x20) == 'e') return false;
  }
  return true;
}

void append_header(std::string& block, std::string_view name, std::string_view value) {
  block.append(name).push_back('\0');
  block.append(value).push_back('\0');
}

// What Cloudflare adds to a request on its way to the worker. Written by hand: it is on every request's path.
void append_cloudflare_headers(std::string& block, std::string_view ip, uint64_t ray) {
  std::array<char, 16> ray_digits;
  for (auto digit = ray_digits.rbegin(); digit != ray_digits.rend(); ++digit, ray >>= 4)
    *digit = "0123456789abcdef"[ray & 15];
  append_header(block, "cf-connecting-ip", ip);
  append_header(block, "cf-ray", {ray_digits.data(), ray_digits.size()});
  append_header(block, "x-forwarded-proto", "http");
  append_header(block, "x-real-ip", ip);
}

// A response's body on its way out: tells when nobody reads it any more.
class WatchedBody final : public net::ByteSource {
 public:
  WatchedBody(std::shared_ptr<net::ByteSource> body, Function<void()> finished)
      : m_body(std::move(body)), m_finished(std::move(finished)) {}
  ~WatchedBody() override {
    m_body.reset();
    m_finished();
  }
  void read(net::ReadCallback callback) override { m_body->read(std::move(callback)); }
  void cancel(Error reason) override { m_body->cancel(std::move(reason)); }
  std::optional<uint64_t> remaining_bytes() const override { return m_body->remaining_bytes(); }

 private:
  std::shared_ptr<net::ByteSource> m_body;
  Function<void()> m_finished;
};

}  // namespace

WorkerIsolate::WorkerIsolate(WorkerIsolateOptions options) : m_options(std::move(options)) {
  auto& isolate = *m_options.isolate;
  isolate.set_observer(this);
  isolate.provide<WorkerIsolate>(*this);
  isolate.provide<web::InvocationLimits>(*this);
  m_modules = std::make_unique<js::ModuleLoader>(isolate, m_options.script->modules, *m_options.script->code_cache);
  isolate.v8()->SetPromiseRejectCallback(&WorkerIsolate::promise_rejected);
}

// Nothing is left to clean up when something as unlikely as no memory for an error page ends the program.
WorkerIsolate::~WorkerIsolate() {  // NOLINT(bugprone-exception-escape)
  stop_everything("Worker stopped", "The worker was stopped before it answered.");
  m_options.isolate->set_observer(nullptr);
  m_options.isolate->v8()->SetPromiseRejectCallback(nullptr);
  m_rejections.clear();
}

namespace {

class StartupEval {
 public:
  StartupEval(v8::Local<v8::Context> context, bool allow) : m_context(context) {
    if (allow) m_context->AllowCodeGenerationFromStrings(true);
  }
  ~StartupEval() { m_context->AllowCodeGenerationFromStrings(false); }
  StartupEval(const StartupEval&) = delete;
  StartupEval& operator=(const StartupEval&) = delete;

 private:
  v8::Local<v8::Context> m_context;
};

}  // namespace

Result<void> WorkerIsolate::start() {
  auto& isolate = *m_options.isolate;
  js::Entry entry(isolate);
  auto* v8_isolate = isolate.v8();
  auto context = isolate.context();
  const auto& script = *m_options.script;
  for (size_t i = 0; i < std::size(common_methods); ++i)
    m_common_methods[i].Reset(v8_isolate, js::intern(v8_isolate, common_methods[i]));
  auto failed = [&](Error error) -> Result<void> {
    m_start_error = error.full_message();
    return error;
  };
  v8::TryCatch caught(v8_isolate);
  v8::Local<v8::Value> environment = js::from_utf8(v8_isolate, script.environment_json);
  if (entry_function("setup")->Call(context, v8::Undefined(v8_isolate), 1, &environment).IsEmpty())
    return failed(Error::failed(js::describe_exception(v8_isolate, context, caught.Exception()).stack));
  // As on Workers, a script may make code from strings while it starts, and not afterwards.
  StartupEval eval(context,
                   is_enabled("allow_eval_during_startup", script.compatibility_date, script.compatibility_flags));
  v8::Local<v8::Value> name_space = v8::Undefined(v8_isolate);
  if (script.is_service_worker) {
    if (entry_function("exposeBindings")->Call(context, v8::Undefined(v8_isolate), 0, nullptr).IsEmpty())
      return failed(Error::failed(js::describe_exception(v8_isolate, context, caught.Exception()).stack));
    if (auto run = m_modules->run_script(script.main_module); run.is_error()) return failed(run.error());
  } else {
    auto imported = m_modules->import_main(script.main_module);
    if (imported.is_error()) return failed(imported.error());
    name_space = imported.value();
  }
  if (entry_function("register")->Call(context, v8::Undefined(v8_isolate), 1, &name_space).IsEmpty())
    return failed(Error::failed(js::describe_exception(v8_isolate, context, caught.Exception()).message));
  m_dispatch_fetch.Reset(v8_isolate, entry_function("dispatchFetch"));
  m_started = true;
  return {};
}

v8::Local<v8::Function> WorkerIsolate::entry_function(std::string_view name) {
  auto& isolate = *m_options.isolate;
  auto value = isolate.entry_object()->Get(isolate.context(), js::intern(isolate.v8(), name)).ToLocalChecked();
  VERIFY(value->IsFunction());
  return value.As<v8::Function>();
}

v8::Local<v8::String> WorkerIsolate::method_string(std::string_view method) {
  for (size_t i = 0; i < std::size(common_methods); ++i)
    if (method == common_methods[i]) return m_common_methods[i].Get(m_options.isolate->v8());
  return js::from_latin1(m_options.isolate->v8(), method);
}

v8::Local<v8::String> WorkerIsolate::url_string(const net::HttpExchange& exchange) {
  auto* v8_isolate = m_options.isolate->v8();
  auto host = exchange.host();
  auto target = exchange.target();
  if (m_last_origin.empty() || host != m_last_host) {
    m_last_host = host;
    const auto& shown = m_options.script->route_host;
    auto parsed = shown.is_set()
                      ? web::parse_url(shown.scheme + "://" + shown.host, std::nullopt)
                      : web::parse_url("http://" + std::string(host.empty() ? "localhost" : host), std::nullopt);
    m_last_origin = parsed ? parsed->href : "http://localhost";
    if (m_last_origin.ends_with('/')) m_last_origin.pop_back();
  }
  m_url_buffer.assign(m_last_origin);
  if (is_plain_target(target)) {
    m_url_buffer.append(target);
    return js::from_latin1(v8_isolate, m_url_buffer);
  }
  if (target == "*") target = "/";
  if (target.empty() || target[0] == '/') m_url_buffer.append(target);
  else m_url_buffer.assign(target);
  auto parsed = web::parse_url(m_url_buffer, std::nullopt);
  return js::from_utf8(v8_isolate, parsed ? parsed->href : m_last_origin + "/");
}

void WorkerIsolate::show_route_host(const net::HttpExchange& exchange) {
  m_block_buffer = with_host(m_block_buffer, exchange.host(), m_options.script->route_host.host);
}

void WorkerIsolate::dispatch(std::shared_ptr<net::HttpExchange> exchange) {
  auto id = m_invocations.begin();
  auto& invocation = *m_invocations.find(id);
  invocation.exchange = std::move(exchange);
  invocation.can_hang = true;
  if (!m_start_error.empty()) return answer_error(id, 500, "The worker did not start", m_start_error);

  auto& isolate = *m_options.isolate;
  auto* v8_isolate = isolate.v8();
  m_entry_invocation = id;
  js::Entry entry(isolate);
  isolate.set_current_invocation(id);
  invocation.started_ns = m_entered_ns;
  const auto& request = *invocation.exchange;
  m_block_buffer.assign(request.header_block());
  if (m_options.script->route_host.is_set()) show_route_host(request);
  append_cloudflare_headers(m_block_buffer, request.peer_address().ip,
                            (++m_ray_counter * 0x9e3779b97f4a7c15ULL) ^ static_cast<uint64_t>(invocation.started_ns));
  auto body = request.body();
  v8::Local<v8::Value> arguments[] = {v8::Integer::New(v8_isolate, id), method_string(request.method()),
                                      url_string(request), js::from_utf8(v8_isolate, m_block_buffer),
                                      body ? js::wrap<net::ByteSource>(v8_isolate, std::move(body)).As<v8::Value>()
                                           : v8::Undefined(v8_isolate).As<v8::Value>()};
  call_handler(id, m_dispatch_fetch.Get(v8_isolate), std::size(arguments), arguments);
}

void WorkerIsolate::call_handler(int32_t id, v8::Local<v8::Function> function, int count,
                                 v8::Local<v8::Value>* arguments) {
  auto& isolate = *m_options.isolate;
  v8::TryCatch caught(isolate.v8());
  if (auto* invocation = m_invocations.find(id); invocation && invocation->can_hang && !invocation->touched) {
    invocation->touched = true;
    m_touched.push_back(id);
  }
  auto result = function->Call(isolate.context(), v8::Undefined(isolate.v8()), count, arguments);
  // A termination is dealt with in left(), once it is known who asked for it.
  if (result.IsEmpty() && !caught.HasTerminated() && m_invocations.find(id)) fail(id, caught.Exception());
}

void WorkerIsolate::respond(int32_t id, ResponseMessage message) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || invocation->responded) return;
  auto status = message.status;
  if (invocation->reply) {
    auto reply = std::exchange(invocation->reply, nullptr);
    invocation->responded = true;
    if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&message.body))
      message.body = watch_body(id, std::move(*source));
    if (!message.attachments.empty()) watch_attachments(id, message.attachments);
    reply(std::move(message));
    if ((invocation = m_invocations.find(id))) finish_response(id, *invocation, status);
    return;
  }
  if (message.websocket) return upgrade(id, std::move(message));
  net::HttpBody body;
  if (auto* bytes = std::get_if<Bytes>(&message.body)) body = std::move(*bytes);
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&message.body)) body = std::move(*source);
  respond_bytes(id, status, message.status_text, message.header_lines, std::move(body));
}

void WorkerIsolate::upgrade(int32_t id, ResponseMessage message) {
  auto& invocation = *m_invocations.find(id);
  // Without a handshake the client has been told so.
  auto connection =
      net::serve_websocket(*m_options.loop, *m_options.random, *invocation.exchange, message.header_lines, true);
  invocation.responded = true;
  invocation.keeps_timers = true;
  auto status = connection ? 101 : 426;
  if (connection) net::couple_websockets(std::move(connection), std::move(message.websocket));
  else message.websocket->abort();
  finish_response(id, invocation, status);
}

void WorkerIsolate::respond_bytes(int32_t id, int status, std::string_view status_text, std::string_view header_lines,
                                  net::HttpBody body, EncodeBody encode) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || invocation->responded) return;
  if (invocation->reply) {
    ResponseMessage message{status, std::string(status_text), std::string(header_lines), std::monostate{}, nullptr};
    if (auto* text = std::get_if<std::string_view>(&body)) message.body = copy_bytes(*text);
    if (auto* bytes = std::get_if<Bytes>(&body)) message.body = std::move(*bytes);
    if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body)) message.body = std::move(*source);
    return respond(id, std::move(message));
  }
  if (header_lines.size() > response_head_limit_bytes) return fail_head(id, header_lines.size(), std::move(body));
  invocation->responded = true;
  if (encode == EncodeBody::automatic) body = encode_response_body(header_lines, std::move(body));
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body)) body = watch_body(id, std::move(*source));
  const auto& shown = m_options.script->route_host;
  if (shown.is_set()) {
    auto lines = with_host(header_lines, shown.host, invocation->exchange->host());
    invocation->exchange->respond(status, status_text, lines, std::move(body));
  } else {
    invocation->exchange->respond(status, status_text, header_lines, std::move(body));
  }
  finish_response(id, *invocation, status);
}

void WorkerIsolate::fail_head(int32_t id, size_t size_bytes, net::HttpBody body) {
  auto detail = fmt::format("The headers of a response may have 128 KB together; these have {} bytes.", size_bytes);
  m_options.host->worker_output(LogLevel::error, detail);
  if (auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&body)) (*source)->cancel(Error::failed(detail));
  answer_error(id, 500, "The response's headers are too large", detail);
}

void WorkerIsolate::finish_response(int32_t id, Invocation& invocation, int status) {
  if (invocation.exchange && m_options.host->wants_request_reports()) {
    auto now = m_options.clock->monotonic_ns();
    auto cpu = invocation.cpu_ns + (m_entry_invocation == id ? now - m_entered_ns : 0);
    m_options.host->invocation_finished(
        {invocation.exchange->method(), invocation.exchange->target(), status, now - invocation.started_ns, cpu});
  }
  // The connection reuses its exchange for the next request when nobody else holds it.
  invocation.exchange.reset();
  if (!invocation.streaming) limit_waiting(id, invocation);
  maybe_end(id, invocation);
}

std::shared_ptr<net::ByteSource> WorkerIsolate::watch_body(int32_t id, std::shared_ptr<net::ByteSource> body) {
  m_invocations.find(id)->streaming = true;
  return std::make_shared<WatchedBody>(std::move(body), [id, alive = std::weak_ptr(m_alive)] {
    if (auto self = alive.lock()) (*self)->body_finished(id);
  });
}

// The streams of an RPC result flow on after the answer.
void WorkerIsolate::watch_attachments(int32_t id, RpcAttachments& attachments) {
  for (auto& attachment : attachments) {
    auto* source = std::get_if<std::shared_ptr<net::ByteSource>>(&attachment.value);
    if (!source) continue;
    lend(id);
    attachment.value = std::make_shared<WatchedBody>(std::move(*source), [id, alive = std::weak_ptr(m_alive)] {
      if (auto self = alive.lock()) (*self)->give_back(id);
    });
  }
}

void WorkerIsolate::body_finished(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  invocation->streaming = false;
  // While respond() is still on the stack, finish_response() goes on from here.
  if (invocation->exchange) return;
  limit_waiting(id, *invocation);
  maybe_end(id, *invocation);
}

void WorkerIsolate::limit_waiting(int32_t id, Invocation& invocation) {
  if (invocation.waiting == 0) return;
  invocation.wait_limit = m_options.loop->after(wait_until_limit_ms, [this, id] {
    m_options.host->worker_output(
        LogLevel::warn,
        "waitUntil() tasks did not complete within the allowed time after the response and have been cancelled");
    if (m_invocations.find(id)) end_invocation(id);
    check_retired();
  });
}

void WorkerIsolate::maybe_end(int32_t id, Invocation& invocation) {
  if (!invocation.responded || invocation.streaming || invocation.waiting > 0 || invocation.lent > 0) return;
  end_invocation(id);
  check_retired();
}

void WorkerIsolate::end_invocation(int32_t id) {
  auto& ending = *m_invocations.find(id);
  auto keeps_timers = ending.keeps_timers;
  auto uses_rpc = ending.uses_rpc;
  // Dropped when the table no longer has it: their promises are counted there.
  auto never_begun = std::move(ending.waiting_connections);
  m_invocations.end(id);
  if (uses_rpc) m_options.host->rpc_invocation_ended(*this, id);
  // Nothing of a finished request runs on, as on Workers.
  if (keeps_timers) return;
  if (auto* platform = m_options.isolate->find_service<web::PlatformServices>()) platform->timers.cancel_invocation(id);
  auto* network = m_options.isolate->find_service<web::NetworkServices>();
  if (network && !network->sockets->is_empty()) network->sockets->end_invocation(*m_options.isolate, id);
}

void WorkerIsolate::fail(int32_t id, v8::Local<v8::Value> exception) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || invocation->responded) return;
  auto& isolate = *m_options.isolate;
  if (invocation->reply) {
    // The caller decides what an error in the callee means; it sees the message, not the stack.
    auto reply = std::exchange(invocation->reply, nullptr);
    invocation->responded = true;
    reply(js::to_error(isolate.v8(), isolate.context(), exception));
    if ((invocation = m_invocations.find(id))) finish_response(id, *invocation, 500);
    return;
  }
  auto description = js::describe_exception(isolate.v8(), isolate.context(), exception);
  m_options.host->worker_output(LogLevel::error, "Uncaught " + description.stack);
  auto detail = description.stack;
  if (invocation->pass_through)
    detail +=
        "\n\npassThroughOnException() was called: on Cloudflare the request would now go to the origin server. Here "
        "there is none: dev.host of the configuration can name one.";
  answer_error(id, 500, "The worker threw an exception", detail);
}

void WorkerIsolate::answer_error(int32_t id, int status, std::string_view title, std::string_view detail) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || invocation->responded) return;
  if (invocation->reply) {
    auto reply = std::exchange(invocation->reply, nullptr);
    invocation->responded = true;
    reply(Error::failed(fmt::format("{}: {}", title, detail)));
    if ((invocation = m_invocations.find(id))) finish_response(id, *invocation, status);
    return;
  }
  if (invocation->on_stopped) return std::exchange(invocation->on_stopped, nullptr)(Error::failed(std::string(title)));
  if (!invocation->exchange) return;
  auto accept = invocation->exchange->header("accept");
  auto page = error_page(accept && accept->find("text/html") != std::string_view::npos, title, detail);
  respond_bytes(id, status, {}, page.header_lines, std::string_view(page.body));
}

void WorkerIsolate::wait_until(int32_t id, int delta) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  invocation->waiting += delta;
  VERIFY(invocation->waiting >= 0);
  maybe_end(id, *invocation);
}

void WorkerIsolate::pass_through(int32_t id) {
  if (auto* invocation = m_invocations.find(id)) invocation->pass_through = true;
}

void WorkerIsolate::report_uncaught(v8::Local<v8::Value> exception, std::string_view prefix) {
  auto description = js::describe_exception(m_options.isolate->v8(), m_options.isolate->context(), exception);
  m_options.host->worker_output(LogLevel::error, std::string(prefix) + description.stack);
}

void WorkerIsolate::entered() {
  m_entered_ns = m_options.clock->monotonic_ns();
  auto budget = cpu_limit_ms() * 1'000'000;
  if (auto* invocation = m_invocations.find(m_entry_invocation)) budget -= invocation->cpu_ns;
  m_options.seat->enter(m_options.isolate->v8(), std::max<int64_t>(budget, 1'000'000));
}

int64_t WorkerIsolate::cpu_limit_ms() const {
  return m_started ? static_cast<int64_t>(m_options.script->cpu_limit_ms) : startup_cpu_limit_ms;
}

void WorkerIsolate::left() {
  auto& isolate = *m_options.isolate;
  auto stopped = m_options.seat->leave();
  auto id = std::exchange(m_entry_invocation, -1);
  // A standing invocation has the limit anew at each turn.
  if (auto* invocation = m_invocations.find(id); invocation && !invocation->on_stopped)
    invocation->cpu_ns += m_options.clock->monotonic_ns() - m_entered_ns;
  if (stopped) {
    isolate.v8()->CancelTerminateExecution();
    m_options.host->worker_output(
        LogLevel::error, fmt::format("The worker exceeded its CPU limit of {} ms{} and was stopped", cpu_limit_ms(),
                                     m_started ? "" : " for starting"));
    answer_error(
        id, 503, "Worker exceeded its CPU time limit",
        fmt::format("One invocation may use {} ms of CPU time (limits.cpu_ms).", m_options.script->cpu_limit_ms));
  }
  if (isolate.is_condemned()) {
    isolate.v8()->CancelTerminateExecution();
    // What its end settles may enter it once more.
    if (!m_dead)
      m_options.host->worker_output(
          LogLevel::error, fmt::format("The worker exceeded its memory limit of {} MB; its isolate was discarded",
                                       m_options.script->memory_limit_bytes / (1024 * 1024)));
    return stop_everything(
        "Worker exceeded its memory limit",
        fmt::format("An isolate may use {} MB.", m_options.script->memory_limit_bytes / (1024 * 1024)));
  }
  if (!m_rejections.empty()) report_rejections();
  if (!m_touched.empty()) check_for_hangs();
}

void WorkerIsolate::pending_changed(int32_t id, int delta) {
  if (delta < 0 && m_entry_invocation < 0) m_entry_invocation = id;
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  invocation->pending += delta;
  if (invocation->can_hang && !invocation->touched) {
    invocation->touched = true;
    m_touched.push_back(id);
  }
}

void WorkerIsolate::check_for_hangs() {
  auto touched = std::move(m_touched);
  m_touched = std::move(m_touched_before);
  for (auto id : touched) {
    auto* invocation = m_invocations.find(id);
    if (!invocation) continue;
    invocation->touched = false;
    if (invocation->responded || invocation->pending > 0) continue;
    if (invocation->uses_rpc && m_options.host->has_rpc_exports(*this, id)) continue;
    m_options.host->worker_output(LogLevel::error, "The worker's code had hung and would never generate a response");
    answer_error(id, 500, "The worker hung",
                 "Nothing is left that could ever settle the promise that the fetch handler returned: no timer, no "
                 "fetch, no storage call is pending.");
  }
  touched.clear();
  m_touched_before = std::move(touched);
}

void WorkerIsolate::stop_everything(std::string_view title, std::string_view detail) {
  m_dead = true;
  std::vector<int32_t> ids;
  m_invocations.for_each([&](int32_t id, Invocation&) { ids.push_back(id); });
  for (auto id : ids) {
    answer_error(id, 503, title, detail);
    if (m_invocations.find(id)) end_invocation(id);
  }
  if (!std::exchange(m_done_reported, true)) m_options.host->isolate_is_done(*this);
}

void WorkerIsolate::retire(uint64_t grace_ms) {
  m_retired = true;
  m_grace = m_options.loop->after(grace_ms, [this] {
    stop_everything("Worker replaced", "A new version of the worker took over before this request was answered.");
  });
  check_retired();
}

void WorkerIsolate::check_retired() {
  if (m_retired && m_invocations.active_count() == 0 && !std::exchange(m_done_reported, true)) {
    m_dead = true;
    m_options.host->isolate_is_done(*this);
  }
}

void WorkerIsolate::promise_rejected(v8::PromiseRejectMessage message) {
  auto promise = message.GetPromise();
  auto* v8_isolate = promise->GetIsolate();
  auto* self = js::Isolate::of(v8_isolate).find_service<WorkerIsolate>();
  if (!self) return;
  if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
    self->m_rejections.push_back(
        {v8::Global<v8::Promise>(v8_isolate, promise), v8::Global<v8::Value>(v8_isolate, message.GetValue())});
  } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
    std::erase_if(self->m_rejections, [&](const PendingRejection& pending) { return pending.promise == promise; });
  }
}

void WorkerIsolate::report_rejections() {
  // HTML § 8.1.6.3, unhandled promise rejections: the event first, the log unless it was prevented.
  auto& isolate = *m_options.isolate;
  auto* v8_isolate = isolate.v8();
  std::vector<PendingRejection> rejections;
  rejections.swap(m_rejections);
  v8::HandleScope handles(v8_isolate);
  v8::Context::Scope scope(isolate.context());
  for (auto& rejection : rejections) {
    v8::TryCatch caught(v8_isolate);
    v8::Local<v8::Value> arguments[] = {rejection.promise.Get(v8_isolate), rejection.reason.Get(v8_isolate)};
    v8::Local<v8::Value> prevented;
    if (entry_function("unhandledRejection")
            ->Call(isolate.context(), v8::Undefined(v8_isolate), 2, arguments)
            .ToLocal(&prevented) &&
        prevented->IsTrue())
      continue;
    if (!caught.HasTerminated()) report_uncaught(arguments[1], "Uncaught (in promise) ");
  }
}

}  // namespace adit::worker
