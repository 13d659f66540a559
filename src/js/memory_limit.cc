#include "js/memory_limit.h"

#include <v8-statistics.h>

#include <algorithm>
#include <cstdlib>

#include "js/isolate.h"

namespace adit::js {

void MemoryLimit::attach(v8::Isolate* isolate) {
  m_isolate = isolate;
  isolate->SetData(data_slot, this);
  m_pacing.attach(isolate);
  isolate->AddGCEpilogueCallback([](v8::Isolate*, v8::GCType type, v8::GCCallbackFlags,
                                    void* self) { static_cast<MemoryLimit*>(self)->collected(type); },
                                 this);
}

void* MemoryLimit::Allocate(size_t length) { return take(length) ? std::calloc(length, 1) : nullptr; }

void* MemoryLimit::AllocateUninitialized(size_t length) { return take(length) ? std::malloc(length) : nullptr; }

void MemoryLimit::Free(void* data, size_t length) {
  m_allocated_bytes.fetch_sub(length, std::memory_order_relaxed);
  std::free(data);
}

bool MemoryLimit::take(size_t length) {
  if (m_allocated_bytes.fetch_add(length, std::memory_order_relaxed) + length <= m_limit_bytes) {
    m_pacing.count(length);
    m_was_refused = false;
    return true;
  }
  m_allocated_bytes.fetch_sub(length, std::memory_order_relaxed);
  if (length <= m_limit_bytes) {
    m_was_refused = true;
    request_check();
  }
  return false;
}

size_t MemoryLimit::used_bytes() const {
  v8::HeapStatistics statistics;
  m_isolate->GetHeapStatistics(&statistics);
  // V8's account has all but shared buffers, ours all that was allocated here.
  auto buffers = std::max(statistics.external_memory(), m_allocated_bytes.load(std::memory_order_relaxed));
  return statistics.used_heap_size() + buffers;
}

void MemoryLimit::collected(v8::GCType type) {
  // A young collection that no buffer was allocated before changes nothing; most are of that kind.
  auto had_buffers = m_pacing.collected();
  if (m_check_requested || (type == v8::kGCTypeScavenge && !had_buffers)) return;
  if (used_bytes() > m_limit_bytes) request_check();
}

void MemoryLimit::request_check() {
  if (!m_isolate || std::exchange(m_check_requested, true)) return;
  m_isolate->RequestInterrupt([](v8::Isolate*, void* self) { static_cast<MemoryLimit*>(self)->check(); }, this);
}

void MemoryLimit::check() {
  auto& isolate = Isolate::of(m_isolate);
  // Before V8 refused an allocation it has collected everything.
  if (!isolate.is_condemned() && !m_was_refused)
    m_isolate->MemoryPressureNotification(v8::MemoryPressureLevel::kCritical);
  m_check_requested = false;
  m_native_is_suspect = m_native->used_bytes() > m_native_look_bytes;
  m_native_look_bytes = std::max(m_native_look_bytes, m_native->used_bytes() + m_limit_bytes / 8);
  // A turn that does not end gets no more than twice as much.
  bool has_too_much = m_was_refused || used_bytes() > m_limit_bytes || m_native->used_bytes() > 2 * m_limit_bytes;
  if (has_too_much) isolate.condemn();
}

void MemoryLimit::judge_native() {
  m_native_is_suspect = false;
  m_native_look_bytes = std::max(m_limit_bytes / 2, m_native->used_bytes() + m_limit_bytes / 8);
  if (m_native->is_over()) Isolate::of(m_isolate).condemn();
}

std::shared_ptr<MemoryAccount> native_memory(v8::Isolate* isolate) {
  auto* limit = MemoryLimit::of(isolate);
  return limit ? limit->native() : nullptr;
}

MemoryCharge charge_native_memory(v8::Isolate* isolate, size_t bytes) {
  auto* limit = MemoryLimit::of(isolate);
  if (!limit) return {};
  MemoryCharge charge(limit->native(), bytes);
  limit->look_at_native();
  return charge;
}

}  // namespace adit::js
