// Time and randomness come in through interfaces so that a test or the simulator can fake them.
#pragma once

#include <cstdint>
#include <span>

namespace adit {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic time since an arbitrary start, nanoseconds.
  virtual int64_t monotonic_ns() const = 0;
  // Unix time, milliseconds.
  virtual int64_t unix_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  int64_t monotonic_ns() const override;
  int64_t unix_ms() const override;
};

class Random {
 public:
  virtual ~Random() = default;
  // Fills with random octets; the system's implementation is cryptographically strong.
  virtual void fill(std::span<uint8_t> out) = 0;
  uint64_t next_u64();
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override;
};

}  // namespace adit
