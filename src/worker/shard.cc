#include "worker/shard.h"

#include <algorithm>

#include "base/memory.h"
#include "worker/error_page.h"

namespace adit::worker {
namespace {

constexpr uint64_t spare_delay_ms = 200;       // a spare isolate is made when the start-up rush is over
constexpr uint64_t retired_grace_ms = 30'000;  // a replaced version may finish its requests this long

}  // namespace

Result<std::unique_ptr<Shard>> Shard::create(ShardOptions options) {
  std::unique_ptr<Shard> shard(new Shard(std::move(options)));
  shard->m_loop = TRY(net::Loop::create());
  shard->m_seat = shard->m_options.watchdog->take_seat();
  shard->m_log_requests = shard->m_options.log_requests && shard->m_options.logger->enabled(LogLevel::info);
  if (shard->m_options.make_extension) shard->m_extension = TRY(shard->m_options.make_extension(*shard));
  return shard;
}

Shard::~Shard() {
  m_finished = true;
  // Other shards may have posted after the loop ended; none does now (shard_pool.h).
  if (m_loop) m_loop->drop_tasks();
  m_server.reset();
  end_workers();
  m_retired.clear();
  m_remote_ends.clear();
  m_extension.reset();
  m_spare.reset();
}

Result<uint16_t> Shard::listen(uint16_t port) {
  auto options = m_options.http;
  options.port = port;
  options.reuse_port = m_options.group->shard_count() > 1;
  // Shards share the port, and so could another process of this user: two servers would take turns. The first shard asks for it alone.
  if (options.reuse_port && m_options.index == 0 && port != 0) {
    auto alone = options;
    alone.reuse_port = false;
    TRY(net::HttpServer::create(*m_loop, alone, *this));
  }
  m_server = TRY(net::HttpServer::create(*m_loop, options, *this));
  return m_server->port();
}

Result<std::shared_ptr<js::Isolate>> Shard::take_isolate(size_t heap_limit_bytes) {
  js::IsolateOptions options{m_options.snapshot, m_options.external_references, heap_limit_bytes};
  auto isolate = std::exchange(m_spare, nullptr);
  if (!isolate) isolate = TRY(js::Isolate::create(options));
  m_spare_timer = m_loop->after(spare_delay_ms, [this] { keep_spare(); });
  return isolate;
}

void Shard::keep_spare() {
  if (m_spare || m_stopping) return;
  auto made = js::Isolate::create({m_options.snapshot, m_options.external_references});
  if (made.is_ok()) m_spare = std::move(made).value();
  else m_options.logger->error("cannot prepare an isolate: {}", made.error().full_message());
}

Result<std::unique_ptr<WorkerIsolate>> Shard::start_worker(std::shared_ptr<const Script> script) {
  auto isolate = TRY(take_isolate(script->memory_limit_bytes));
  isolate->provide<Shard>(*this);
  isolate->provide<net::Loop>(*m_loop);
  auto worker = std::make_unique<WorkerIsolate>(WorkerIsolateOptions{
      std::move(isolate), std::move(script), m_loop.get(), m_options.clock, m_options.random, m_seat, this});
  if (m_extension) m_extension->attach(*worker);
  auto started = worker->start();
  if (started.is_error()) {
    if (m_extension) m_extension->detach(*worker);
    return std::move(started.error());
  }
  return worker;
}

void Shard::end_workers() {
  for (auto& place : m_places) {
    if (place.current && m_extension) m_extension->detach(*place.current);
    place.current.reset();
  }
}

Shard::Place& Shard::place(size_t number) {
  if (m_places.size() <= number) m_places.resize(number + 1);
  return m_places[number];
}

Result<void> Shard::set_script(size_t number, std::shared_ptr<const Script> script) {
  auto worker = TRY(start_worker(std::move(script)));
  auto& here = place(number);
  if (here.current) {
    if (m_extension) m_extension->detach(*here.current);
    m_retired.push_back(std::move(here.current));
    // One that hit its memory limit has reported its end already.
    if (m_retired.back()->is_dead()) isolate_is_done(*m_retired.back());
    else m_retired.back()->retire(retired_grace_ms);
  }
  here.current = std::move(worker);
  here.failure_title.clear();
  if (m_extension) m_extension->activated(*here.current);
  return {};
}

void Shard::set_failure(size_t number, std::string title, std::string detail) {
  auto& here = place(number);
  here.failure_title = std::move(title);
  here.failure_detail = std::move(detail);
}

WorkerIsolate* Shard::running_worker(size_t number) {
  auto& here = place(number);
  if (!here.failure_title.empty() || !here.current) return nullptr;
  if (here.current->is_dead()) {
    // The isolate hit its memory limit; a fresh one takes over for the same script.
    auto restarted = set_script(number, here.current->shared_script());
    if (restarted.is_error()) set_failure(number, "The worker did not start", restarted.error().full_message());
  }
  return here.failure_title.empty() ? here.current.get() : nullptr;
}

WorkerIsolate* Shard::running_worker(std::string_view name) {
  for (size_t i = 0; i < m_places.size(); ++i)
    if (m_places[i].current && m_places[i].current->script().name == name) return running_worker(i);
  return nullptr;
}

void Shard::on_request(std::shared_ptr<net::HttpExchange> exchange) {
  if (auto* worker = running_worker()) return worker->dispatch(std::move(exchange));
  auto accept = exchange->header("accept");
  const auto& first = place(0);
  auto title =
      first.failure_title.empty() ? std::string_view("No worker is running") : std::string_view(first.failure_title);
  auto page = error_page(accept && accept->find("text/html") != std::string_view::npos, title, first.failure_detail);
  exchange->respond(first.failure_title.empty() ? 503 : 500, {}, page.header_lines, std::string_view(page.body));
}

void Shard::invocation_finished(const InvocationReport& report) {
  m_options.logger->info("{} {} {} {:.1f} ms, cpu {:.1f} ms", report.method, report.path, report.status,
                         static_cast<double>(report.wall_ns) / 1e6, static_cast<double>(report.cpu_ns) / 1e6);
}

void Shard::worker_output(LogLevel level, std::string_view text) {
  if (m_options.logger->enabled(level)) m_options.logger->write(level, text);
}

void Shard::isolate_is_done(WorkerIsolate& isolate) {
  // It is on the stack now.
  m_done.push_back(&isolate);
  m_loop->defer([this] { remove_done(); });
}

void Shard::remove_done() {
  for (auto* done : std::exchange(m_done, {})) {
    auto current =
        std::find_if(m_places.begin(), m_places.end(), [&](const Place& place) { return place.current.get() == done; });
    if (current != m_places.end()) {
      // A fresh one now and not with the next request: what the dead one held is free, and alarms need a worker.
      if (!m_stopping) running_worker(static_cast<size_t>(current - m_places.begin()));
      continue;
    }
    auto removed = std::erase_if(m_retired, [&](const auto& retired) { return retired.get() == done; });
    if (removed > 0 && m_extension) m_extension->destroyed(done);
    release_unused_memory();
  }
}

void Shard::drain(uint64_t grace_ms, Function<void()> done) {
  VERIFY(!m_stopping);
  m_stopping = true;
  m_on_drained = std::move(done);
  m_spare_timer = {};
  if (!m_server) return drained();
  m_stop_timer = m_loop->after(grace_ms, [this] { drained(); });
  m_server->drain([this] { m_loop->defer([this] { drained(); }); });
}

void Shard::drained() {
  if (!m_on_drained) return;
  m_stop_timer = {};
  m_server.reset();
  std::exchange(m_on_drained, nullptr)();
}

void Shard::finish() {
  end_workers();
  m_remote_ends.clear();
  if (!m_extension) return m_loop->stop();
  m_extension->close([this] { m_loop->stop(); });
}

}  // namespace adit::worker
