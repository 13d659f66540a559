// What the web platform's ops ask about the invocation that they run in: whether it may log more, and whether one more connection of it may
// wait for its answer now. src/worker implements it; without one (unit tests) there are no limits.
// Owner: the isolate's thread. Invariant: a slot that was given comes back exactly once, whatever becomes of what it was for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/function.h"

namespace adit::web {

class ConnectionSlot;

class InvocationLimits {
 public:
  // What becomes of a message of the console: as many octets as an invocation may log are written, then it is told once that there was more.
  enum class Logging : uint8_t { write, tell_end, drop };
  virtual Logging log(int32_t invocation, size_t bytes) = 0;
  virtual bool may_log(int32_t invocation) = 0;

  // https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections: six of an invocation wait for the head of
  // their answer, others wait until one of them has it. Nothing when all six do.
  virtual std::optional<ConnectionSlot> take_connection(int32_t invocation) = 0;
  // Begins, in a turn of its own, when it may; first come, first served. Dropped when the invocation ends before.
  virtual void await_connection(int32_t invocation, Function<void(ConnectionSlot)> begin) = 0;
  // From ConnectionSlot. `round`: which event of an object it was, for each has six of its own.
  virtual void connection_answered(int32_t invocation, uint32_t round) = 0;

 protected:
  ~InvocationLimits() = default;
};

// One of the six. It is free again when this is gone: with the answer, an error, or the end of whoever waited.
class ConnectionSlot {
 public:
  // Of code that belongs to no invocation.
  ConnectionSlot() = default;
  ConnectionSlot(std::weak_ptr<InvocationLimits*> limits, int32_t invocation, uint32_t round)
      : m_limits(std::move(limits)), m_invocation(invocation), m_round(round) {}
  ConnectionSlot(ConnectionSlot&& other) noexcept = default;
  ConnectionSlot& operator=(ConnectionSlot&& other) noexcept {
    release();
    m_limits = std::move(other.m_limits);
    m_invocation = other.m_invocation;
    m_round = other.m_round;
    return *this;
  }
  ~ConnectionSlot() { release(); }

  void release() {
    auto limits = std::exchange(m_limits, {}).lock();
    if (limits) (*limits)->connection_answered(m_invocation, m_round);
  }

 private:
  std::weak_ptr<InvocationLimits*> m_limits;
  int32_t m_invocation = -1;
  uint32_t m_round = 0;
};

}  // namespace adit::web
