// An isolate's memory limit: V8's heap and everything that array buffers hold, whatever they were born of (V8's own allocations, octets of
// native code, WebAssembly's memories), are counted together. V8 keeps that account, exactly; here it is looked at after collections, which
// come at least once in so many megabytes of buffers (js/buffer_pacing.h), so that an allocation costs nothing more. A look that finds too
// much counts garbage too, so it is followed by a full collection at the next point where JavaScript can be interrupted, and only what is
// still too much after that condemns the isolate.
// Owner: the isolate's thread; Free() any thread. Lifecycle: made before V8's isolate, outlives it. Invariant: an isolate is condemned only
// after a full collection; shared memories (SharedArrayBuffer) count as far as they come from Allocate(). What native code holds outside of
// V8's account may be as much again.
#pragma once

#include <v8.h>

#include <atomic>
#include <memory>

#include "base/memory_account.h"
#include "js/buffer_pacing.h"

namespace adit::js {

class MemoryLimit final : public v8::ArrayBuffer::Allocator {
 public:
  explicit MemoryLimit(size_t limit_bytes)
      : m_limit_bytes(limit_bytes),
        m_native(std::make_shared<MemoryAccount>(limit_bytes)),
        m_native_look_bytes(limit_bytes / 2) {}
  // The isolate must be current, its data slots 1 and 2 free.
  void attach(v8::Isolate* isolate);

  // Null beyond the limit. V8 then collects, tries again, and throws a RangeError in the end; an isolate to which that happened is condemned,
  // except where the one buffer alone would not fit.
  void* Allocate(size_t length) override;
  void* AllocateUninitialized(size_t length) override;
  void Free(void* data, size_t length) override;

  // Null for the snapshot's builder, which has no limit.
  static MemoryLimit* of(v8::Isolate* isolate) { return static_cast<MemoryLimit*>(isolate->GetData(data_slot)); }
  const std::shared_ptr<MemoryAccount>& native() const { return m_native; }
  // To be called in ops that add to native(): the account may have come to be too much.
  void look_at_native() {
    if (m_native->used_bytes() > m_native_look_bytes) request_check();
  }

  // What the collector found is freed now.
  void turn_ended() {
    if (m_native_is_suspect) judge_native();
  }

  // Heap and buffers, with the garbage that is not collected yet.
  size_t used_bytes() const;

 private:
  static constexpr uint32_t data_slot = 2;
  bool take(size_t length);
  void collected(v8::GCType type);
  void request_check();
  void check();
  void judge_native();

  size_t m_limit_bytes;
  v8::Isolate* m_isolate = nullptr;
  BufferPacing m_pacing;
  std::shared_ptr<MemoryAccount> m_native;
  size_t m_native_look_bytes;  // above it a collection is due, for some of it may be garbage's
  std::atomic<size_t> m_allocated_bytes{0};
  bool m_was_refused = false;
  bool m_check_requested = false;
  bool m_native_is_suspect = false;  // to be looked at when the turn has ended: native objects are freed then
};

// The account of what native code holds for this isolate; null for the snapshot's builder.
std::shared_ptr<MemoryAccount> native_memory(v8::Isolate* isolate);
// Native code holds so much for JavaScript as long as the charge lives. For ops.
MemoryCharge charge_native_memory(v8::Isolate* isolate, size_t bytes);

}  // namespace adit::js
