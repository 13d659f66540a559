// The standing invocations of a worker isolate: an object's code runs under one, whatever event it serves. Owner: the shard's thread.
// Invariant: while one is held back, nothing that it waits for reaches it; what was held happens afterwards, in order, each in a turn of its own.
#include "worker/worker_isolate.h"

namespace adit::worker {

int32_t WorkerIsolate::begin_standing(Function<void(Error)> on_stopped) {
  auto id = m_invocations.begin();
  auto& invocation = *m_invocations.find(id);
  invocation.on_stopped = std::move(on_stopped);
  invocation.keeps_timers = true;
  invocation.started_ns = m_options.clock->monotonic_ns();
  return id;
}

void WorkerIsolate::end_standing(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation) return;
  invocation->keeps_timers = false;
  end_invocation(id);
  check_retired();
}

bool WorkerIsolate::is_waiting(int32_t standing) {
  auto* invocation = m_invocations.find(standing);
  return invocation && (invocation->pending > 0 || invocation->waiting > 0 || invocation->lent > 0);
}

void WorkerIsolate::hold_back(int32_t standing) {
  if (auto* invocation = m_invocations.find(standing)) invocation->is_held = true;
}

void WorkerIsolate::release(int32_t standing) {
  auto* invocation = m_invocations.find(standing);
  if (!invocation) return;
  invocation->is_held = false;
  if (invocation->held.empty()) return;
  m_options.loop->defer([standing, alive = std::weak_ptr(m_alive)] {
    if (auto self = alive.lock()) (*self)->run_held(standing);
  });
}

void WorkerIsolate::run_held(int32_t id) {
  // What runs may hold the invocation back again, or end it.
  for (auto* invocation = m_invocations.find(id); invocation && !invocation->is_held && !invocation->held.empty();
       invocation = m_invocations.find(id)) {
    auto event = std::move(invocation->held.front());
    invocation->held.pop_front();
    m_running_held = id;
    event();
    m_running_held = -1;
  }
}

// Also in the middle of another isolate's turn: what settles then has a turn of its own.
bool WorkerIsolate::is_held(int32_t id) const {
  auto* entered = v8::Isolate::TryGetCurrent();
  if (entered && entered != m_options.isolate->v8()) return true;
  if (id < 0 || id == m_running_held) return false;
  auto* invocation = m_invocations.find(id);
  return invocation && (invocation->is_held || !invocation->held.empty());
}

void WorkerIsolate::hold(int32_t id, Function<void()> event) {
  auto* invocation = m_invocations.find(id);
  if (invocation && (invocation->is_held || !invocation->held.empty())) invocation->held.push_back(std::move(event));
  else m_options.loop->defer(std::move(event));
}

void WorkerIsolate::enter_standing(int32_t id) {
  m_entry_invocation = id;
  m_options.isolate->set_current_invocation(id);
}

int32_t WorkerIsolate::dispatch_within(int32_t standing, v8::Local<v8::Function> function,
                                       v8::LocalVector<v8::Value> arguments, Reply reply) {
  auto id = m_invocations.begin();
  auto& invocation = *m_invocations.find(id);
  invocation.reply = std::move(reply);
  invocation.started_ns = m_options.clock->monotonic_ns();
  // Each event has the limits anew.
  if (auto* object = m_invocations.find(standing)) {
    object->subrequests = object->logged_bytes = object->connections = 0;
    ++object->connection_round;
  }
  enter_standing(standing);
  arguments[0] = v8::Integer::New(m_options.isolate->v8(), id);
  call_handler(id, function, static_cast<int>(arguments.size()), arguments.data());
  return id;
}

void WorkerIsolate::forget_event(int32_t id) {
  auto* invocation = m_invocations.find(id);
  if (!invocation || !invocation->reply) return;
  invocation->reply = nullptr;
  end_invocation(id);
  check_retired();
}

}  // namespace adit::worker
