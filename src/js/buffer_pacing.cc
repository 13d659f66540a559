#include "js/buffer_pacing.h"

namespace adit::js {
namespace {
// Below V8's limit for what the young generation takes.
constexpr int filler_elements = 8000;
// More than fill a semi-space of 1 MB (see Isolate::create).
constexpr int most_fillers = 64;
}  // namespace

void BufferPacing::note(v8::Isolate* isolate, size_t bytes) {
  auto* self = static_cast<BufferPacing*>(isolate->GetData(data_slot));
  if (!self) return;  // the snapshot's builder
  self->m_bytes += bytes;
  if (self->m_bytes >= pace_bytes) self->collect(isolate);
}

// V8 has no call for a young collection outside of tests, so the generation is filled: some 60 us, once in so many megabytes.
void BufferPacing::collect(v8::Isolate* isolate) {
  for (int i = 0; i < most_fillers && m_bytes > 0; ++i) {
    v8::HandleScope handles(isolate);
    v8::Array::New(isolate, filler_elements);
  }
  m_bytes = 0;
}

}  // namespace adit::js
