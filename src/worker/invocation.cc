#include "worker/invocation.h"

namespace adit::worker {

int32_t InvocationTable::begin() {
  size_t slot = 0;
  if (m_free.empty()) {
    slot = m_slot_count++;
    VERIFY(slot < (1u << slot_bits));
    if (slot % block_size == 0) m_blocks.push_back(std::make_unique<Block>());
  } else {
    slot = static_cast<size_t>(m_free.back());
    m_free.pop_back();
  }
  at(slot).active = true;
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
