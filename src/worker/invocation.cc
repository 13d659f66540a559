#include "worker/invocation.h"

namespace adit::worker {

int32_t InvocationTable::begin() {
  size_t slot = 0;
  if (m_free.empty()) {
    slot = m_slots.size();
    VERIFY(slot < (1u << slot_bits));
    m_slots.push_back(std::make_unique<Invocation>());
  } else {
    slot = static_cast<size_t>(m_free.back());
    m_free.pop_back();
  }
  m_slots[slot]->active = true;
  ++m_active_count;
  return id_of(slot);
}

void InvocationTable::end(int32_t id) {
  auto* invocation = find(id);
  VERIFY(invocation);
  auto generation = (invocation->generation + 1) & 0x3ff;
  *invocation = Invocation{};
  invocation->generation = generation;
  m_free.push_back(id & ((1 << slot_bits) - 1));
  --m_active_count;
}

}  // namespace adit::worker
