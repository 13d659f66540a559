#include "base/clock.h"

#include <sys/random.h>
#include <time.h>

#include "base/verify.h"

namespace adit {

int64_t SystemClock::monotonic_ns() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

int64_t SystemClock::unix_ms() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

uint64_t Random::next_u64() {
  uint64_t value = 0;
  fill({reinterpret_cast<uint8_t*>(&value), sizeof value});
  return value;
}

void SystemRandom::fill(std::span<uint8_t> out) {
  size_t done = 0;
  while (done < out.size()) {
    auto count = getrandom(out.data() + done, out.size() - done, 0);
    if (count < 0) continue;  // EINTR only: the pool is ready long before user space runs
    done += static_cast<size_t>(count);
  }
}

}  // namespace adit
