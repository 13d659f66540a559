#include "net/loop.h"

#include <algorithm>
#include <csignal>
#include <iterator>

namespace adit::net {

struct Timer::State {
  uv_timer_t timer{};
  Task task;
  Timer* owner = nullptr;
};

namespace {

// libuv reports the end of a handle asynchronously; the state is freed there.
template <typename State, typename Handle>
void close_and_free(State* state, Handle* handle) {
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { std::unique_ptr<State> owned(static_cast<State*>(closed->data)); });
  (void)state;
}

struct BlockingWork {
  uv_work_t request{};
  Task work;
  Task done;
};

}  // namespace

Timer::~Timer() {
  if (!m_state) return;
  m_state->owner = nullptr;
  m_state->task = nullptr;
  uv_timer_stop(&m_state->timer);
  close_and_free(m_state, &m_state->timer);
}

Timer::Timer(Timer&& other) noexcept : m_state(std::exchange(other.m_state, nullptr)) {
  if (m_state) m_state->owner = this;
}

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this == &other) return *this;
  Timer old(std::move(*this));
  m_state = std::exchange(other.m_state, nullptr);
  if (m_state) m_state->owner = this;
  return *this;
}

bool Timer::is_active() const { return m_state != nullptr; }

Result<std::unique_ptr<Loop>> Loop::create() {
  // A write to a connection that the peer has closed must be an error, not the end of the process; libuv leaves that to its user.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Loop> loop(new Loop());
  if (int code = uv_loop_init(&loop->m_loop); code != 0) return Error::from_errno("create event loop", -code);
  loop->m_thread = uv_thread_self();
  loop->m_wake.data = loop->m_prepare.data = loop->m_idle.data = loop.get();
  if (int code = uv_async_init(&loop->m_loop, &loop->m_wake,
                               [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->drain(); });
      code != 0)
    return Error::from_errno("create event loop's wake-up", -code);
  uv_idle_init(&loop->m_loop, &loop->m_idle);
  uv_prepare_init(&loop->m_loop, &loop->m_prepare);
  uv_prepare_start(&loop->m_prepare, [](uv_prepare_t* handle) { static_cast<Loop*>(handle->data)->run_deferred(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->m_prepare));
  return loop;
}

Loop::~Loop() {
  if (m_wake.loop) {
    drain();
    for (auto* handle : {reinterpret_cast<uv_handle_t*>(&m_wake), reinterpret_cast<uv_handle_t*>(&m_prepare),
                         reinterpret_cast<uv_handle_t*>(&m_idle)})
      if (!uv_is_closing(handle)) uv_close(handle, nullptr);
  }
  // Twice: a stop() that was still in the inbox makes the first one return early.
  uv_run(&m_loop, UV_RUN_DEFAULT);
  uv_run(&m_loop, UV_RUN_DEFAULT);
  VERIFY(uv_loop_close(&m_loop) == 0);
}

void Loop::run() {
  m_thread = uv_thread_self();
  // At least once, so that what was posted before a stop() that came before run() is not lost.
  do uv_run(&m_loop, UV_RUN_DEFAULT);
  while (!m_stopping.load(std::memory_order_acquire));
}

void Loop::run_once() {
  m_thread = uv_thread_self();
  uv_run(&m_loop, UV_RUN_ONCE);
}

void Loop::run_pending() {
  m_thread = uv_thread_self();
  uv_run(&m_loop, UV_RUN_NOWAIT);
}

void Loop::stop() {
  m_stopping.store(true, std::memory_order_release);
  post([this] { uv_stop(&m_loop); });
}

void Loop::post(Task task) {
  bool was_empty = false;
  {
    std::lock_guard lock(m_mutex);
    was_empty = m_inbox.empty();
    m_inbox.push_back(std::move(task));
  }
  if (was_empty) uv_async_send(&m_wake);
}

void Loop::drain() {
  {
    std::lock_guard lock(m_mutex);
    m_batch.swap(m_inbox);
  }
  for (auto& task : m_batch) task();
  m_batch.clear();
}

void Loop::drop_tasks() {
  // What a task held may post and defer once more while it is destroyed.
  for (;;) {
    std::vector<Task> dropped;
    {
      std::lock_guard lock(m_mutex);
      dropped.swap(m_inbox);
    }
    std::move(m_deferred.begin(), m_deferred.end(), std::back_inserter(dropped));
    m_deferred.clear();
    if (dropped.empty()) return;
  }
}

void Loop::defer(Task task) {
  // An idle handle keeps the poll from blocking while deferred work waits.
  if (m_deferred.empty()) uv_idle_start(&m_idle, [](uv_idle_t*) {});
  m_deferred.push_back(std::move(task));
}

void Loop::run_deferred() {
  while (!m_deferred.empty()) {
    std::vector<Task> batch;
    batch.swap(m_deferred);
    for (auto& task : batch) task();
  }
  uv_idle_stop(&m_idle);
}

Timer Loop::after(uint64_t delay_ms, Task task) {
  auto state = std::make_unique<Timer::State>();
  state->task = std::move(task);
  Timer timer;
  timer.m_state = state.release();
  timer.m_state->timer.data = timer.m_state;
  timer.m_state->owner = &timer;
  uv_timer_init(&m_loop, &timer.m_state->timer);
  uv_timer_start(
      &timer.m_state->timer,
      [](uv_timer_t* handle) {
        auto* fired = static_cast<Timer::State*>(handle->data);
        auto task = std::move(fired->task);
        if (fired->owner) fired->owner->m_state = nullptr;
        close_and_free(fired, handle);
        task();
      },
      delay_ms, 0);
  return timer;
}

void Loop::run_blocking(Task work, Task done) {
  auto request = std::make_unique<BlockingWork>();
  request->work = std::move(work);
  request->done = std::move(done);
  auto* raw = request.release();
  raw->request.data = raw;
  int code = uv_queue_work(
      &m_loop, &raw->request, [](uv_work_t* item) { static_cast<BlockingWork*>(item->data)->work(); },
      [](uv_work_t* item, int) {
        std::unique_ptr<BlockingWork> owned(static_cast<BlockingWork*>(item->data));
        owned->done();
      });
  VERIFY(code == 0);
}

uint64_t Loop::now_ms() const { return uv_now(&m_loop); }

bool Loop::is_loop_thread() const {
  auto self = uv_thread_self();
  return uv_thread_equal(&m_thread, &self) != 0;
}

}  // namespace adit::net
