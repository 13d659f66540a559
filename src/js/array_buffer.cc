#include "js/array_buffer.h"

#include <cstdlib>

#include "js/isolate.h"

namespace adit::js {

v8::Local<v8::ArrayBuffer> new_array_buffer(v8::Isolate* isolate, size_t size_bytes,
                                            v8::BackingStoreInitializationMode mode) {
  v8::Local<v8::ArrayBuffer> buffer;
  if (v8::ArrayBuffer::MaybeNew(isolate, size_bytes, mode).ToLocal(&buffer)) return buffer;
  auto* memory = std::calloc(size_bytes, 1);
  VERIFY(memory);
  Isolate::of(isolate).condemn();
  return v8::ArrayBuffer::New(isolate,
                              v8::ArrayBuffer::NewBackingStore(
                                  memory, size_bytes, [](void* data, size_t, void*) { std::free(data); }, nullptr));
}

}  // namespace adit::js
