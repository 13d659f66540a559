// The output gate as the web platform's ops see it: what an invocation sends to the world waits until what it wrote is durable. Most
// invocations write nothing and are never held; Durable Objects implement it (src/bindings/durable_object).
// Owner: the isolate's thread. Invariant: messages of one invocation leave in the order they came.
#pragma once

#include <cstdint>
#include <memory>

#include "base/function.h"

namespace adit::web {

class WebSocketReceiver;

class OutputHold {
 public:
  virtual bool is_open(int32_t invocation) = 0;
  // Runs the message when it may leave; drops it when what it depends on never became durable.
  virtual void send(int32_t invocation, Function<void()> message) = 0;
  // The invocation accepted a WebSocket: it must not outlive what the invocation belongs to.
  virtual void accepted(int32_t invocation, const std::shared_ptr<WebSocketReceiver>& receiver) = 0;

 protected:
  ~OutputHold() = default;
};

}  // namespace adit::web
