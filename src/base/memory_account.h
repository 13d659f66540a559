// What native code holds for the JavaScript of one isolate where V8 does not see it: queued messages, bodies being gathered, values on their way
// into a store. Counted, so that the isolate's memory limit has no way around it (js/memory_limit.h).
// Owner: one shard's thread. Invariant: what was added is removed when it is let go of; the account may outlive the isolate.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace adit {

class MemoryAccount {
 public:
  explicit MemoryAccount(size_t limit_bytes) : m_limit_bytes(limit_bytes) {}
  void add(size_t bytes) { m_used_bytes += bytes; }
  void remove(size_t bytes) { m_used_bytes -= bytes; }
  size_t used_bytes() const { return m_used_bytes; }
  size_t limit_bytes() const { return m_limit_bytes; }
  bool is_over() const { return m_used_bytes > m_limit_bytes; }

 private:
  size_t m_limit_bytes;
  size_t m_used_bytes = 0;
};

// An amount of an account, as long as this lives. Without an account it counts nothing.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  explicit MemoryCharge(std::shared_ptr<MemoryAccount> account, size_t bytes = 0) : m_account(std::move(account)) {
    add(bytes);
  }
  ~MemoryCharge() { clear(); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : m_account(std::move(other.m_account)), m_bytes(std::exchange(other.m_bytes, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    if (this == &other) return *this;
    clear();
    m_account = std::move(other.m_account);
    m_bytes = std::exchange(other.m_bytes, 0);
    return *this;
  }

  void add(size_t bytes) {
    if (!m_account) return;
    m_bytes += bytes;
    m_account->add(bytes);
  }
  void remove(size_t bytes) {
    if (!m_account) return;
    m_bytes -= bytes;
    m_account->remove(bytes);
  }
  void clear() { remove(m_bytes); }
  // The account has more than its limit now.
  bool is_over() const { return m_account && m_account->is_over(); }

 private:
  std::shared_ptr<MemoryAccount> m_account;
  size_t m_bytes = 0;
};

// A callback of a result that keeps the charge until the result is there.
template <typename Answer>
auto while_charged(MemoryCharge charge, Answer answer) {
  return [charge = std::move(charge), answer = std::move(answer)](auto result) mutable {
    charge.clear();
    answer(std::move(result));
  };
}

}  // namespace adit
