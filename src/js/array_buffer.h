// New array buffers for native code. V8's own constructor ends the process where the isolate may not have that much memory; here the isolate
// is condemned instead, as by its heap limit, and the buffer lies beside the limit until the turn has ended.
// Owner: the isolate's thread.
#pragma once

#include <v8.h>

namespace adit::js {

v8::Local<v8::ArrayBuffer> new_array_buffer(
    v8::Isolate* isolate, size_t size_bytes,
    v8::BackingStoreInitializationMode mode = v8::BackingStoreInitializationMode::kZeroInitialized);

}  // namespace adit::js
