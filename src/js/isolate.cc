#include "js/isolate.h"

#include "js/memory_limit.h"
#include "js/ops.h"

namespace adit::js {

struct Isolate::NativeHolder {
  std::shared_ptr<void> pointer;
  v8::Global<v8::Object> object;
  Isolate* owner = nullptr;
  NativeHolder* previous = nullptr;
  NativeHolder* next = nullptr;

  void link(NativeHolder*& list) {
    previous = nullptr;
    next = list;
    if (next) next->previous = this;
    list = this;
  }
  void unlink(NativeHolder*& list) {
    (previous ? previous->next : list) = next;
    if (next) next->previous = previous;
  }
  // During a collection, where V8 must not be called, and the pointer's destructor may: it runs at the end of the turn. Nothing here waits
  // for V8's second pass of callbacks, which comes by a task of V8's own, at the latest while the isolate is disposed.
  void collected() {
    object.Reset();
    unlink(owner->m_holders);
    link(owner->m_collected);
  }
};

Result<std::shared_ptr<Isolate>> Isolate::create(const IsolateOptions& options) {
  std::shared_ptr<Isolate> self(new Isolate());
  self->m_memory = std::make_unique<MemoryLimit>(options.heap_limit_bytes);
  self->m_startup = {options.snapshot.data, static_cast<int>(options.snapshot.size_bytes)};
  self->m_library = options.snapshot.library;
  v8::Isolate::CreateParams params;
  params.array_buffer_allocator = self->m_memory.get();
  params.snapshot_blob = &self->m_startup;
  params.external_references = options.external_references;
  params.constraints.set_max_old_generation_size_in_bytes(options.heap_limit_bytes);
  // Three semi-spaces of 1 MB: a request's garbage is small and short-lived, and every shard pays for this memory.
  params.constraints.set_max_young_generation_size_in_bytes(3 * 1024 * 1024);
  auto* isolate = v8::Isolate::New(params);
  self->m_isolate = isolate;
  isolate->SetData(0, self.get());
  self->m_memory->attach(isolate);
  isolate->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
  isolate->SetCaptureStackTraceForUncaughtExceptions(true, 20);
  isolate->AddNearHeapLimitCallback(&Isolate::near_heap_limit, self.get());

  isolate->SetPrepareStackTraceCallback(&Isolate::prepare_stack_trace);
  // As on Workers, WebAssembly is what a worker was deployed with: modules.cc compiles what it imports, scripts compile nothing.
  isolate->SetAllowWasmCodeGenerationCallback([](v8::Local<v8::Context>, v8::Local<v8::String>) { return false; });

  v8::Isolate::Scope isolate_scope(isolate);
  v8::HandleScope handles(isolate);
  auto context = v8::Context::New(isolate);
  if (context.IsEmpty()) return Error::failed("the start-up snapshot has no context");
  context->AllowCodeGenerationFromStrings(false);
  context->SetErrorMessageForCodeGenerationFromStrings(
      v8::String::NewFromUtf8Literal(isolate, "Code generation from strings disallowed for this context"));
  v8::Local<v8::Object> entry;
  if (!context->GetDataFromSnapshotOnce<v8::Object>(0).ToLocal(&entry))
    return Error::failed("the start-up snapshot has no entry object");
  self->m_context.Reset(isolate, context);
  self->m_entry_object.Reset(isolate, entry);
  auto handle_template = v8::ObjectTemplate::New(isolate);
  handle_template->SetInternalFieldCount(2);
  self->m_handle_template.Reset(isolate, handle_template);
  return self;
}

Isolate::~Isolate() {
  VERIFY(m_depth == 0);
  {
    v8::Isolate::Scope scope(m_isolate);
    m_pending.clear();
    while (m_holders) m_holders->collected();
    free_collected();
    m_handle_template.Reset();
    m_entry_object.Reset();
    m_context.Reset();
  }
  m_isolate->Dispose();
}

void Isolate::free_collected() {
  while (m_collected) {
    std::unique_ptr<NativeHolder> holder(m_collected);
    holder->unlink(m_collected);
  }
}

v8::MaybeLocal<v8::Value> Isolate::prepare_stack_trace(v8::Local<v8::Context> context, v8::Local<v8::Value> error,
                                                       v8::Local<v8::Array> sites) {
  auto* isolate = context->GetIsolate();
  v8::Local<v8::Value> prepare;
  if (!of(isolate).entry_object()->Get(context, intern(isolate, "prepareStackTrace")).ToLocal(&prepare) ||
      !prepare->IsFunction())
    return v8::Undefined(isolate).As<v8::Value>();
  v8::Local<v8::Value> arguments[] = {error, sites};
  return prepare.As<v8::Function>()->Call(context, v8::Undefined(isolate), 2, arguments);
}

size_t Isolate::near_heap_limit(void* self, size_t current, size_t) {
  // No more JavaScript will run in this isolate. The heap gets room for what is being allocated and cannot be refused any more, a native
  // string of half a gigabyte at the most, and a little to unwind in; without it V8 would end the process.
  auto* isolate = static_cast<Isolate*>(self);
  isolate->m_condemned = true;
  isolate->m_isolate->TerminateExecution();
  return current + (size_t{1} << 30) + 32 * 1024 * 1024;
}

void Isolate::condemn() {
  m_condemned = true;
  if (m_depth > 0) m_isolate->TerminateExecution();
}

size_t Isolate::used_bytes() const { return m_memory->used_bytes(); }

int32_t Isolate::current_invocation() const {
  auto data = m_isolate->GetContinuationPreservedEmbedderData();
  if (data->IsInt32()) return data.As<v8::Int32>()->Value();
  if (!data->IsArray()) return -1;
  v8::Local<v8::Value> first;  // an async-context frame: [invocation, ...]
  if (!data.As<v8::Array>()->Get(m_isolate->GetCurrentContext(), 0).ToLocal(&first) || !first->IsInt32()) return -1;
  return first.As<v8::Int32>()->Value();
}

void Isolate::set_current_invocation(int32_t invocation) {
  m_isolate->SetContinuationPreservedEmbedderData(v8::Integer::New(m_isolate, invocation));
}

std::pair<v8::Local<v8::Promise>, uint32_t> Isolate::add_pending() {
  auto resolver = v8::Promise::Resolver::New(m_isolate->GetCurrentContext()).ToLocalChecked();
  uint32_t slot = m_first_free;
  if (slot == UINT32_MAX) {
    slot = static_cast<uint32_t>(m_pending.size());
    m_pending.emplace_back();
  } else {
    m_first_free = m_pending[slot].next_free;
  }
  m_pending[slot].resolver.Reset(m_isolate, resolver);
  m_pending[slot].invocation = current_invocation();
  ++m_pending_count;
  if (m_observer) m_observer->pending_changed(m_pending[slot].invocation, 1);
  return {resolver->GetPromise(), slot};
}

v8::Global<v8::Promise::Resolver> Isolate::take_pending(uint32_t slot) {
  auto resolver = std::move(m_pending[slot].resolver);
  auto invocation = m_pending[slot].invocation;
  m_pending[slot].next_free = m_first_free;
  m_first_free = slot;
  --m_pending_count;
  if (m_observer) m_observer->pending_changed(invocation, -1);
  return resolver;
}

void Isolate::drop_pending(uint32_t slot) { take_pending(slot).Reset(); }

SettleErased::~SettleErased() {
  if (auto isolate = m_isolate.lock()) isolate->drop_pending(m_slot);
}

SettleErased& SettleErased::operator=(SettleErased&& other) noexcept {
  if (this == &other) return *this;
  if (auto isolate = m_isolate.lock()) isolate->drop_pending(m_slot);
  m_isolate = std::exchange(other.m_isolate, {});
  m_slot = other.m_slot;
  return *this;
}

std::shared_ptr<Isolate> SettleErased::held_in() const {
  auto isolate = m_isolate.lock();
  if (!isolate || !isolate->m_observer || !isolate->m_observer->is_held(isolate->m_pending[m_slot].invocation))
    return nullptr;
  return isolate;
}

void SettleErased::hold(Isolate& isolate, uint32_t slot, Function<void()> settle) {
  isolate.m_observer->hold(isolate.m_pending[slot].invocation, std::move(settle));
}

void SettleErased::resolve_with(MakeValue make, void* state) {
  auto isolate = std::exchange(m_isolate, {}).lock();
  if (!isolate) return;
  // The entry comes first: the count may drop to zero only inside it, so that hang detection sees the turn's outcome.
  Entry entry(*isolate);
  auto resolver = isolate->take_pending(m_slot);
  if (isolate->is_condemned()) return;
  resolver.Get(isolate->v8())->Resolve(isolate->context(), make(isolate->v8(), state)).FromMaybe(false);
}

void SettleErased::reject_with(const Error& error) {
  auto isolate = std::exchange(m_isolate, {}).lock();
  if (!isolate) return;
  Entry entry(*isolate);
  auto resolver = isolate->take_pending(m_slot);
  if (isolate->is_condemned()) return;
  resolver.Get(isolate->v8())->Reject(isolate->context(), to_exception(isolate->v8(), error)).FromMaybe(false);
}

Entry::Entry(Isolate& isolate)
    : m_isolate(isolate),
      m_isolate_scope(isolate.v8()),
      m_handle_scope(isolate.v8()),
      m_context_scope(isolate.context()) {
  if (isolate.m_depth++ == 0 && isolate.m_observer) isolate.m_observer->entered();
}

Entry::~Entry() {
  if (m_isolate.m_depth > 1) {
    --m_isolate.m_depth;
    return;
  }
  if (!m_isolate.m_condemned) m_isolate.m_isolate->PerformMicrotaskCheckpoint();
  m_isolate.m_isolate->SetContinuationPreservedEmbedderData(v8::Undefined(m_isolate.m_isolate));
  // The turn is over before the observer hears of it: what it settles is a turn of its own.
  m_isolate.m_depth = 0;
  if (m_isolate.m_observer) m_isolate.m_observer->left();
  m_isolate.free_collected();
  m_isolate.m_memory->turn_ended();
}

v8::Local<v8::Object> wrap_erased(v8::Isolate* v8_isolate, const void* tag, std::shared_ptr<void> pointer) {
  auto& isolate = Isolate::of(v8_isolate);
  auto object =
      isolate.m_handle_template.Get(v8_isolate)->NewInstance(v8_isolate->GetCurrentContext()).ToLocalChecked();
  auto holder = std::make_unique<Isolate::NativeHolder>();
  holder->pointer = std::move(pointer);
  holder->owner = &isolate;
  object->SetAlignedPointerInInternalField(0, const_cast<void*>(tag));
  object->SetAlignedPointerInInternalField(1, holder.get());
  holder->object.Reset(v8_isolate, object);
  using Holder = Isolate::NativeHolder;
  holder->object.SetWeak(
      holder.get(), [](const v8::WeakCallbackInfo<Holder>& info) { info.GetParameter()->collected(); },
      v8::WeakCallbackType::kParameter);
  holder.release()->link(isolate.m_holders);
  return object;
}

std::shared_ptr<void> unwrap_erased(v8::Isolate*, v8::Local<v8::Value> value, const void* tag) {
  if (!value->IsObject()) return nullptr;
  auto object = value.As<v8::Object>();
  if (object->InternalFieldCount() != 2 || !object->IsApiWrapper()) return nullptr;
  if (object->GetAlignedPointerFromInternalField(0) != tag) return nullptr;
  return static_cast<Isolate::NativeHolder*>(object->GetAlignedPointerFromInternalField(1))->pointer;
}

}  // namespace adit::js
