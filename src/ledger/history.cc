#include "ledger/history.h"

#include <algorithm>

namespace adit::ledger {

void History::keep(Position position, int64_t time_ms, uint32_t page_count, bool is_bookmark) {
  if (!m_states.empty() && m_states.back().position == position) {
    m_states.back().is_bookmark |= is_bookmark;
    return;
  }
  VERIFY(m_states.empty() || m_states.back().position < position);
  m_states.push_back({position, time_ms, page_count, is_bookmark || is_pinned(position), {}});
}

bool History::wants(Position position, int64_t time_ms, int64_t now_ms) {
  if (is_pinned(position)) return true;
  auto interval_ms = static_cast<int64_t>(m_options.interval_ms);
  if (m_refilled_ms == 0 || now_ms < m_refilled_ms) {
    if (m_refilled_ms == 0) m_tokens = m_options.burst;
    m_refilled_ms = now_ms;
  }
  if (auto gained = (now_ms - m_refilled_ms) / std::max<int64_t>(interval_ms, 1); gained > 0) {
    m_tokens = static_cast<uint32_t>(std::min<int64_t>(m_options.burst, m_tokens + gained));
    m_refilled_ms += gained * interval_ms;
  }
  if (now_ms - time_ms >= interval_ms) return true;
  if (m_tokens == 0) return false;
  --m_tokens;
  return true;
}

void History::add_page(PageImage page, uint32_t page_size_bytes) {
  m_states.back().pages.push_back(std::move(page));
  m_memory_bytes += page_size_bytes;
}

std::vector<KeptState> History::before(Position position) const {
  std::vector<KeptState> states;
  for (auto& state : m_states)
    if (state.position < position) states.push_back(state);
  return states;
}

void History::written(Position position, uint32_t page_size_bytes) {
  std::erase_if(m_states, [&](const KeptState& state) { return state.position < position; });
  m_memory_bytes = 0;
  for (auto& state : m_states) m_memory_bytes += state.pages.size() * page_size_bytes;
}

void History::clear() {
  m_states.clear();
  m_memory_bytes = 0;
}

}  // namespace adit::ledger
