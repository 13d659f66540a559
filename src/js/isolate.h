// One V8 isolate with its one context, started from the snapshot. Entering it, pending promises, services for ops, its end.
// Owner: the shard's thread that made it. Lifecycle: create, run, dispose; a Settle that outlives it does nothing.
// Invariant: microtasks run only when the outermost Entry ends, so a native event is one turn.
#pragma once

#include <v8.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/function.h"
#include "base/result.h"
#include "js/convert.h"
#include "js/errors.h"

namespace adit::js {

class MemoryLimit;
class OpTable;

// The higher layer's view of what happens in an isolate: limits, metering and hang detection hang here.
class IsolateObserver {
 public:
  virtual ~IsolateObserver() = default;
  virtual void entered() = 0;  // outermost entry begins
  virtual void left() = 0;     // outermost entry ended, microtasks have run
  // The number of pending native promises of an invocation went up or down (see Isolate::current_invocation).
  virtual void pending_changed(int32_t invocation, int delta) = 0;
  // Nothing may happen to this invocation now: what a promise of it is settled with is given to hold(), to be run later.
  virtual bool is_held(int32_t) const { return false; }
  virtual void hold(int32_t, Function<void()>) { VERIFY_NOT_REACHED(); }
};

template <typename T>
struct Promise {
  v8::Local<v8::Promise> local;
};

class Isolate;

// The other half of a pending promise. Call it once, on the isolate's thread, at any time; destroying it unsettled leaves the promise pending
// forever but no longer counted. Safe after the isolate is gone.
class SettleErased {
 public:
  SettleErased() = default;
  SettleErased(std::weak_ptr<Isolate> isolate, uint32_t slot) : m_isolate(std::move(isolate)), m_slot(slot) {}
  ~SettleErased();
  SettleErased(SettleErased&& other) noexcept : m_isolate(std::exchange(other.m_isolate, {})), m_slot(other.m_slot) {}
  SettleErased& operator=(SettleErased&& other) noexcept;

 protected:
  // The isolate, when the promise's invocation is held there; hold() then keeps what settles it.
  std::shared_ptr<Isolate> held_in() const;
  static void hold(Isolate& isolate, uint32_t slot, Function<void()> settle);
  uint32_t slot() const { return m_slot; }
  using MakeValue = v8::Local<v8::Value> (*)(v8::Isolate*, void* state);
  // Resolves with make(state), run inside the isolate; or rejects.
  void resolve_with(MakeValue make, void* state);
  void reject_with(const Error& error);

 private:
  std::weak_ptr<Isolate> m_isolate;
  uint32_t m_slot = 0;
};

template <typename T>
class Settle : public SettleErased {
 public:
  using SettleErased::SettleErased;
  void operator()(Result<T> result) {
    if (auto isolate = held_in()) {
      auto held = slot();
      return hold(*isolate, held,
                  [self = std::move(*this), result = std::move(result)]() mutable { self(std::move(result)); });
    }
    if (result.is_error()) return reject_with(result.error());
    if constexpr (std::is_void_v<T>) {
      resolve_with([](v8::Isolate* isolate, void*) -> v8::Local<v8::Value> { return v8::Undefined(isolate); }, nullptr);
    } else {
      resolve_with([](v8::Isolate* isolate,
                      void* state) { return to_js(isolate, std::move(static_cast<Result<T>*>(state)->value())); },
                   &result);
    }
  }
};

struct SnapshotBlob {
  const char* data = nullptr;
  size_t size_bytes = 0;
  std::string_view library;  // modules beside the snapshot, compiled when imported (js/library.h); static lifetime
};

struct IsolateOptions {
  SnapshotBlob snapshot;
  const intptr_t* external_references = nullptr;  // must outlive the isolate
  size_t heap_limit_bytes = 128 * 1024 * 1024;    // Workers' documented limit per isolate, array buffers included
};

class Isolate final : public std::enable_shared_from_this<Isolate> {
 public:
  static Result<std::shared_ptr<Isolate>> create(const IsolateOptions& options);
  ~Isolate();
  Isolate(const Isolate&) = delete;
  Isolate& operator=(const Isolate&) = delete;

  static Isolate& of(v8::Isolate* isolate) { return *static_cast<Isolate*>(isolate->GetData(0)); }
  v8::Isolate* v8() const { return m_isolate; }
  v8::Local<v8::Context> context() const { return m_context.Get(m_isolate); }
  // The object that builtins/entry.ts exports to C++. Only inside an Entry.
  v8::Local<v8::Object> entry_object() const { return m_entry_object.Get(m_isolate); }

  std::string_view library() const { return m_library; }

  void set_observer(IsolateObserver* observer) { m_observer = observer; }

  template <typename T>
  void provide(T& service) {
    m_services.push_back({&tag_of<T>, &service});
  }
  template <typename T>
  T& service() const {
    for (const auto& entry : m_services)
      if (entry.tag == &tag_of<T>) return *static_cast<T*>(entry.service);
    VERIFY_NOT_REACHED();
  }
  template <typename T>
  T* find_service() const {
    for (const auto& entry : m_services)
      if (entry.tag == &tag_of<T>) return static_cast<T*>(entry.service);
    return nullptr;
  }

  template <typename T>
  std::pair<Promise<T>, Settle<T>> make_promise() {
    auto [promise, slot] = add_pending();
    return {Promise<T>{promise}, Settle<T>(weak_from_this(), slot)};
  }
  size_t pending_count() const { return m_pending_count; }

  // The invocation that the running JavaScript belongs to (builtins/async_context.ts keeps it in V8's continuation data); -1: none.
  int32_t current_invocation() const;
  void set_current_invocation(int32_t invocation);

  // The isolate hit its memory limit (or was told to die): no more JavaScript runs in it.
  bool is_condemned() const { return m_condemned; }
  void condemn();
  // Any thread. Stops the JavaScript that is running now; the current entry ends with a termination.
  void terminate() { m_isolate->TerminateExecution(); }
  // Heap and array buffers, garbage that is not collected yet included.
  size_t used_bytes() const;

 private:
  friend class Entry;
  friend class SettleErased;
  friend v8::Local<v8::Object> wrap_erased(v8::Isolate*, const void*, std::shared_ptr<void>);
  friend std::shared_ptr<void> unwrap_erased(v8::Isolate*, v8::Local<v8::Value>, const void*);
  struct Pending {
    v8::Global<v8::Promise::Resolver> resolver;
    int32_t invocation = -1;
    uint32_t next_free = 0;
  };
  struct ServiceEntry {
    const void* tag;
    void* service;
  };
  struct NativeHolder;

  Isolate() = default;
  std::pair<v8::Local<v8::Promise>, uint32_t> add_pending();
  v8::Global<v8::Promise::Resolver> take_pending(uint32_t slot);
  void drop_pending(uint32_t slot);
  void free_collected();
  static v8::MaybeLocal<v8::Value> prepare_stack_trace(v8::Local<v8::Context>, v8::Local<v8::Value> error,
                                                       v8::Local<v8::Array> sites);
  static size_t near_heap_limit(void* self, size_t current, size_t initial);

  v8::Isolate* m_isolate = nullptr;
  std::unique_ptr<MemoryLimit> m_memory;
  v8::StartupData m_startup{};
  std::string_view m_library;
  v8::Global<v8::Context> m_context;
  v8::Global<v8::Object> m_entry_object;
  v8::Global<v8::ObjectTemplate> m_handle_template;
  // Intrusive lists. What is left of the first is freed at disposal, the second is what the garbage collector found in this turn.
  NativeHolder* m_holders = nullptr;
  NativeHolder* m_collected = nullptr;
  IsolateObserver* m_observer = nullptr;
  std::vector<ServiceEntry> m_services;
  std::vector<Pending> m_pending;
  uint32_t m_first_free = UINT32_MAX;
  size_t m_pending_count = 0;
  int m_depth = 0;
  bool m_condemned = false;
};

// Being inside an isolate, for one native event. The outermost one runs the microtasks at its end and tells the observer.
class Entry {
 public:
  explicit Entry(Isolate& isolate);
  ~Entry();
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Isolate& m_isolate;
  v8::Isolate::Scope m_isolate_scope;
  v8::HandleScope m_handle_scope;
  v8::Context::Scope m_context_scope;
};

}  // namespace adit::js
