// The output gate of one object: holds every message that leaves it until the log says that the writes before it are durable.
// Owner: the object's shard. Lifecycle: made with the object, outlives its last message (messages hold what they need themselves).
// Invariant: a message that entered at position p leaves after the log acknowledged p, and messages leave in the order they entered.
// An idle gate costs nothing: with nothing to wait for, send() runs the message at once and keeps no state.
#pragma once

#include <memory>

#include "ledger/ledger.h"

namespace adit::ledger {

class OutputGate {
 public:
  explicit OutputGate(std::shared_ptr<Ledger> ledger) : m_ledger(std::move(ledger)) {}

  // Runs message(ok) when everything written so far is durable, or message(error) when it never will be: the answer must then be
  // replaced by the error, since it tells of writes that did not happen. The output gate's failure also means that the object resets.
  void send(Callback<void> message);
  // True when a message sent now would leave at once.
  bool is_open() const;

 private:
  std::shared_ptr<Ledger> m_ledger;
};

}  // namespace adit::ledger
