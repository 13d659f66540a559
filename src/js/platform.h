// V8's process-wide start and end, and its flags, which must be the same in the snapshot builder and in adit.
// Owner: main; made once, before the first isolate, and outlives the last.
#pragma once

#include <v8-platform.h>

#include <memory>

namespace adit::js {

class Platform {
 public:
  static std::unique_ptr<Platform> create(int worker_threads = 1);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;
  // Runs V8's foreground tasks of this isolate (finalizers, WebAssembly's completions). Its thread only, outside any Entry's JavaScript.
  void run_foreground_tasks(v8::Isolate* isolate);

 private:
  Platform() = default;
  std::unique_ptr<v8::Platform> m_platform;
};

}  // namespace adit::js
