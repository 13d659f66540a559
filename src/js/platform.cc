#include "js/platform.h"

#include <libplatform/libplatform.h>
#include <v8.h>

namespace adit::js {

std::unique_ptr<Platform> Platform::create(int worker_threads) {
  std::unique_ptr<Platform> self(new Platform());
  // A stack well below the threads' 8 MB, so that a deep recursion is a RangeError.
  v8::V8::SetFlagsFromString("--stack-size=900 --single-threaded-gc --no-wasm-async-compilation");
  self->m_platform = v8::platform::NewDefaultPlatform(worker_threads, v8::platform::IdleTaskSupport::kDisabled,
                                                      v8::platform::InProcessStackDumping::kDisabled);
  v8::V8::InitializePlatform(self->m_platform.get());
  v8::V8::Initialize();
  return self;
}

Platform::~Platform() {
  v8::V8::Dispose();
  v8::V8::DisposePlatform();
}

void Platform::run_foreground_tasks(v8::Isolate* isolate) {
  while (v8::platform::PumpMessageLoop(m_platform.get(), isolate)) {}
}

}  // namespace adit::js
