// The ends on this shard of what crosses shards (bodies, WebSockets): a message from another shard names an end by its number, so that
// nothing of a shard is ever touched, or freed, by another thread.
// Owner: its shard. Invariant: a number is never used twice; a message for an end that is gone is dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

namespace adit::worker {

class RemoteEnd {
 public:
  virtual ~RemoteEnd() = default;
  // The shard stops: lets go of what it holds.
  virtual void end() {}
};

class RemoteEnds {
 public:
  uint64_t add(std::shared_ptr<RemoteEnd> end) {
    m_ends.emplace(++m_numbers, std::move(end));
    return m_numbers;
  }
  // The caller knows by the message what kind of end the number names.
  template <typename End>
  std::shared_ptr<End> find(uint64_t number) const {
    auto found = m_ends.find(number);
    return found == m_ends.end() ? nullptr : std::static_pointer_cast<End>(found->second);
  }
  void remove(uint64_t number) { m_ends.erase(number); }
  // At the shard's end: what is left lets go of what it holds.
  void clear() {
    for (auto& [number, end] : std::exchange(m_ends, {})) end->end();
  }

 private:
  std::unordered_map<uint64_t, std::shared_ptr<RemoteEnd>> m_ends;
  uint64_t m_numbers = 0;
};

}  // namespace adit::worker
