#include "worker/watchdog.h"

#include <pthread.h>
#include <time.h>

#include <chrono>

namespace adit::worker {
namespace {

constexpr auto tick = std::chrono::milliseconds(10);
constexpr int quiet_ticks = 100;  // then it dozes
// Of a doze, at most: a wake-up that came between its look and its sleep is lost, and the entry is seen so much later.
constexpr auto doze = std::chrono::seconds(1);

int64_t cpu_now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

bool Watchdog::Seat::leave() {
  auto expected = m_serial << 2 | running;
  if (m_state.compare_exchange_strong(expected, idle, std::memory_order_acq_rel)) return false;
  // The watchdog is between deciding and having called TerminateExecution: wait it out, it is a few instructions.
  while (m_state.load(std::memory_order_acquire) != (m_serial << 2 | terminated)) std::this_thread::yield();
  m_state.store(idle, std::memory_order_release);
  return true;
}

bool Watchdog::Seat::sample() {
  auto state = m_state.load(std::memory_order_acquire);
  if ((state & 3) != running) return false;
  auto cpu_ns = cpu_now_ns(m_cpu_clock);
  if (state >> 2 != m_seen_serial) {
    m_seen_serial = state >> 2;
    m_seen_cpu_ns = cpu_ns;
    return true;
  }
  if (cpu_ns - m_seen_cpu_ns < m_budget_ns.load(std::memory_order_relaxed)) return true;
  if (!m_state.compare_exchange_strong(state, (state & ~3ULL) | terminating, std::memory_order_acq_rel)) return true;
  m_isolate.load(std::memory_order_relaxed)->TerminateExecution();
  m_state.store((state & ~3ULL) | terminated, std::memory_order_release);
  return true;
}

void Watchdog::Seat::wake() {
  m_is_dozing.store(false, std::memory_order_relaxed);
  m_wake->notify_one();
}

std::unique_ptr<Watchdog> Watchdog::create() {
  std::unique_ptr<Watchdog> self(new Watchdog());
  self->m_thread = std::thread([watchdog = self.get()] { watchdog->run(); });
  return self;
}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(m_mutex);
    m_stopping = true;
  }
  m_wake->notify_all();
  m_thread.join();
}

std::shared_ptr<Watchdog::Seat> Watchdog::take_seat() {
  clockid_t clock{};
  pthread_getcpuclockid(pthread_self(), &clock);
  auto seat = std::make_shared<Seat>(clock, m_wake);
  std::lock_guard lock(m_mutex);
  m_seats.push_back(seat);
  return seat;
}

void Watchdog::run() {
  std::unique_lock lock(m_mutex);
  int quiet = 0;
  while (!m_stopping) {
    bool is_dozing = quiet >= quiet_ticks;
    for (const auto& weak : m_seats)
      if (auto seat = weak.lock()) seat->m_is_dozing.store(is_dozing, std::memory_order_relaxed);
    bool is_woken =
        m_wake->wait_for(lock, is_dozing ? std::chrono::milliseconds(doze) : tick) == std::cv_status::no_timeout;
    bool is_running = is_woken;
    for (const auto& weak : m_seats)
      if (auto seat = weak.lock()) is_running = seat->sample() || is_running;
    quiet = is_running ? 0 : quiet + 1;
  }
}

}  // namespace adit::worker
