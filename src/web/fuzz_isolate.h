// An isolate with the real builtins for fuzz targets, from the bundle of tests/fuzz/bundle.mjs, whose branches count as libFuzzer's coverage.
// Only fuzz programs include this, each once. Owner: the main thread. Lifecycle: made at the first input, lives as long as the program.
// To be run with -detect_leaks=0: LeakSanitizer does not see what only V8's heap points to, and looks after every input.
#pragma once

#include <v8.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/verify.h"
#include "js/ops.h"
#include "js/platform.h"
#include "js/snapshot.h"
#include "web/platform_services.h"
#include "web/register.h"

namespace adit::web {

constexpr size_t fuzz_counter_count = 1 << 14;
// libFuzzer finds counters of other languages by the name of their section. JavaScript writes the first part, a target may write the rest.
__attribute__((section("__libfuzzer_extra_counters"))) inline uint8_t fuzz_counters[fuzz_counter_count];

class FuzzIsolate {
 public:
  // `source` is a function's expression: what is called with each input. It may throw; a failed check of it ends the program (see call).
  FuzzIsolate(js::OpTable ops, std::string_view source) : m_ops(std::move(ops)), m_source(source) {
    m_references = m_ops.external_references();
    std::ifstream in(ADIT_FUZZ_BUILTINS, std::ios::binary);
    auto blob = js::build_snapshot(m_ops, std::string(std::istreambuf_iterator<char>(in), {}));
    if (blob.is_error()) std::fprintf(stderr, "%s\n", blob.error().full_message().c_str());
    m_blob = std::move(blob).value();
    start();
  }

  js::Isolate& isolate() { return *m_isolate; }

  // One turn: calls the function and runs the microtasks. `make_arguments` fills them in, inside the isolate. The function takes `check`
  // as its first argument: check(condition, text) ends the program as a finding when the condition is false.
  template <typename MakeArguments>
  void call(MakeArguments make_arguments) {
    if (m_isolate->is_condemned()) start();  // the input before was too much for its heap
    js::Entry entry(*m_isolate);
    auto* isolate = m_isolate->v8();
    v8::TryCatch caught(isolate);
    v8::LocalVector<v8::Value> arguments(isolate);
    arguments.push_back(m_check.Get(isolate));
    make_arguments(isolate, arguments);
    auto result = m_function.Get(isolate)->Call(m_isolate->context(), v8::Undefined(isolate),
                                                static_cast<int>(arguments.size()), arguments.data());
    static_cast<void>(result);
  }

 private:
  static void check(const v8::FunctionCallbackInfo<v8::Value>& info) {
    if (info[0]->IsTrue()) return;
    auto text = info[1]->ToString(info.GetIsolate()->GetCurrentContext());
    if (!text.IsEmpty()) std::fprintf(stderr, "%s\n", js::to_utf8(info.GetIsolate(), text.ToLocalChecked()).c_str());
    std::abort();
  }

  void start() {
    m_function.Reset();
    m_check.Reset();
    m_isolate.reset();
    js::IsolateOptions options;
    options.snapshot = {m_blob.data(), m_blob.size()};
    options.external_references = m_references.data();
    m_isolate = js::Isolate::create(options).value();
    m_isolate->provide(m_services);
    js::Entry entry(*m_isolate);
    auto* isolate = m_isolate->v8();
    auto context = m_isolate->context();
    auto memory = v8::ArrayBuffer::NewBackingStore(
        fuzz_counters, fuzz_counter_count, [](void*, size_t, void*) {}, nullptr);
    auto counters = v8::Uint8Array::New(v8::ArrayBuffer::New(isolate, std::move(memory)), 0, fuzz_counter_count);
    context->Global()->Set(context, js::intern(isolate, "__adit_counters"), counters).Check();
    v8::TryCatch caught(isolate);
    v8::Local<v8::Script> script;
    v8::Local<v8::Value> function;
    if (!v8::Script::Compile(context, js::from_utf8(isolate, m_source)).ToLocal(&script) ||
        !script->Run(context).ToLocal(&function))
      std::fprintf(stderr, "%s\n", js::describe_exception(isolate, context, caught.Exception()).stack.c_str());
    VERIFY(!function.IsEmpty() && function->IsFunction());
    m_function.Reset(isolate, function.As<v8::Function>());
    m_check.Reset(isolate, v8::Function::New(context, &FuzzIsolate::check).ToLocalChecked());
  }

  // Always the same "random" octets, so that an input behaves the same whenever it runs.
  class FixedRandom final : public Random {
   public:
    void fill(std::span<uint8_t> out) override {
      for (auto& octet : out) octet = m_next++;
    }
    uint8_t m_next = 0;
  };
  class FixedClock final : public Clock {
   public:
    int64_t monotonic_ns() const override { return 0; }
    int64_t unix_ms() const override { return 1781524800000; }
  };
  class NoConsole final : public ConsoleSink {
   public:
    void write(ConsoleLevel, std::string_view) override {}
    void uncaught(std::string_view) override {}
  };

  std::unique_ptr<js::Platform> m_platform = js::Platform::create();
  js::OpTable m_ops;
  std::string m_source;
  std::vector<intptr_t> m_references;
  std::string m_blob;
  std::unique_ptr<net::Loop> m_loop = net::Loop::create().value();
  FixedClock m_clock;
  FixedRandom m_random;
  NoConsole m_console;
  PlatformServices m_services{*m_loop, m_clock, m_random, m_console};
  std::shared_ptr<js::Isolate> m_isolate;
  v8::Global<v8::Function> m_function;
  v8::Global<v8::Function> m_check;
};

}  // namespace adit::web
