// What is counted of an invocation and limited: subrequests, connections that wait for their answer, octets of the log.
// Owner: the shard's thread. Invariant: connections wait only while six of their round hold a slot, and each slot that comes back goes on to
// the first of those, so that none waits for ever.
#include <fmt/format.h>

#include <algorithm>

#include "worker/worker_isolate.h"

namespace adit::worker {
namespace {

// https://developers.cloudflare.com/workers/platform/limits/: "Simultaneous open connections" and "Log size".
constexpr uint32_t max_waiting_connections = 6;
constexpr size_t max_log_bytes = 256 * 1024;

}  // namespace

Result<void> WorkerIsolate::count_subrequest(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || ++invocation->subrequests <= m_options.script->subrequest_limit) return {};
  return Error::failed(fmt::format(
      "Too many subrequests by single Worker invocation. It may make {}; \"subrequests\" of \"limits\" in the "
      "configuration says how many.",
      m_options.script->subrequest_limit));
}

Result<bool> WorkerIsolate::count_connection(int32_t id) {
  TRY(count_subrequest(id));
  auto* invocation = m_invocations.find(id);
  return !invocation || invocation->connections < max_waiting_connections;
}

std::optional<web::ConnectionSlot> WorkerIsolate::take_connection(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return web::ConnectionSlot();
  if (invocation->connections >= max_waiting_connections) return std::nullopt;
  ++invocation->connections;
  return web::ConnectionSlot(m_limits, id, invocation->connection_round);
}

void WorkerIsolate::await_connection(int32_t id, Function<void(web::ConnectionSlot)> begin) {
  auto* invocation = m_invocations.find(id);
  VERIFY(invocation && invocation->connections >= max_waiting_connections);
  invocation->waiting_connections.push_back({invocation->connection_round, std::move(begin)});
}

void WorkerIsolate::connection_answered(int32_t id, uint32_t round) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  auto& waiting = invocation->waiting_connections;
  auto next = std::ranges::find(waiting, round, &WaitingConnection::round);
  if (next == waiting.end()) {
    if (round == invocation->connection_round) --invocation->connections;
    return;
  }
  // The slot goes from hand to hand; without an invocation there is nothing left to begin.
  m_options.loop->defer([begin = std::move(next->begin), id, round, alive = std::weak_ptr(m_alive)]() mutable {
    auto self = alive.lock();
    if (self && (*self)->m_invocations.find(id)) begin(web::ConnectionSlot((*self)->m_limits, id, round));
  });
  waiting.erase(next);
}

web::InvocationLimits::Logging WorkerIsolate::log(int32_t id, size_t bytes) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return Logging::write;
  if (invocation->logged_bytes > max_log_bytes) return Logging::drop;
  // Beyond, once something was left out: what is shorter and comes later is left out as well.
  if (bytes > max_log_bytes - invocation->logged_bytes) {
    invocation->logged_bytes = max_log_bytes + 1;
    return Logging::tell_end;
  }
  invocation->logged_bytes += static_cast<uint32_t>(bytes);
  return Logging::write;
}

bool WorkerIsolate::may_log(int32_t id) {
  auto* invocation = m_invocations.find(id);
  return !invocation || invocation->logged_bytes <= max_log_bytes;
}

}  // namespace adit::worker
