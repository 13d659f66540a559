// Makes V8 collect short-lived array buffers before they pile up. V8 collects the young generation when its own megabyte is full, and a chunk
// of a body, however long, takes a few hundred octets of it; for what buffers hold it only collects everything, and not before 64 MB. A
// body that passes through JavaScript would therefore take 64 MB whatever its consumer does.
// Owner: the isolate's thread. Lifecycle: made with the isolate, outlives it. Invariant: between two collections no more than pace_bytes (and
// one buffer) are allocated by note() without a collection of the young generation.
#pragma once

#include <v8.h>

#include <cstddef>
#include <utility>

namespace adit::js {

class BufferPacing {
 public:
  static constexpr size_t pace_bytes = 4 * 1024 * 1024;

  // Takes the isolate's data slot 1.
  void attach(v8::Isolate* isolate) { isolate->SetData(data_slot, this); }
  // To be called after every collection. True when buffers were allocated since the last one.
  bool collected() { return std::exchange(m_bytes, 0) > 0; }
  // Of an isolate that was attached to. May collect.
  static void note(v8::Isolate* isolate, size_t bytes);
  // Counts without collecting: for V8's own allocations, in the middle of which it cannot be called.
  void count(size_t bytes) { m_bytes += bytes; }

 private:
  static constexpr uint32_t data_slot = 1;
  void collect(v8::Isolate* isolate);
  size_t m_bytes = 0;  // since the last collection
};

}  // namespace adit::js
