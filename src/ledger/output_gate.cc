#include "ledger/output_gate.h"

namespace adit::ledger {

void OutputGate::send(Callback<void> message) {
  m_ledger->when_durable(m_ledger->pending_position(), std::move(message));
}

bool OutputGate::is_open() const { return !m_ledger->is_broken() && m_ledger->is_durable_now(); }

}  // namespace adit::ledger
