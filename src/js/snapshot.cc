#include "js/snapshot.h"

#include <v8.h>

namespace adit::js {
namespace {

Result<v8::Local<v8::Object>> run_bundle(v8::Isolate* isolate, v8::Local<v8::Context> context, const OpTable& table,
                                         std::string_view bundle) {
  v8::Context::Scope scope(context);
  auto global = context->Global();
  auto ops = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
  for (const auto& op : table.ops()) {
    auto function = v8::FunctionTemplate::New(isolate, op.callback, {}, {}, 0, v8::ConstructorBehavior::kThrow)
                        ->GetFunction(context)
                        .ToLocalChecked();
    function->SetName(intern(isolate, op.name));
    ops->Set(context, intern(isolate, op.name), function).Check();
  }
  global->Set(context, intern(isolate, "__adit_ops"), ops).Check();
  v8::TryCatch caught(isolate);
  v8::ScriptOrigin origin(intern(isolate, "adit:builtins"));
  v8::ScriptCompiler::Source source(from_utf8(isolate, bundle), origin);
  v8::Local<v8::Script> script;
  v8::Local<v8::Value> entry;
  if (!v8::ScriptCompiler::Compile(context, &source).ToLocal(&script) || script->Run(context).IsEmpty())
    return Error::failed("the builtins' bundle threw: " +
                         describe_exception(isolate, context, caught.Exception()).stack);
  isolate->PerformMicrotaskCheckpoint();
  if (!global->Get(context, intern(isolate, "__adit_entry")).ToLocal(&entry) || !entry->IsObject())
    return Error::failed("the builtins' bundle did not set __adit_entry");
  global->Delete(context, intern(isolate, "__adit_entry")).Check();
  global->Delete(context, intern(isolate, "__adit_ops")).Check();
  return entry.As<v8::Object>();
}

}  // namespace

Result<std::string> build_snapshot(const OpTable& table, std::string_view bundle) {
  auto references = table.external_references();
  std::unique_ptr<v8::ArrayBuffer::Allocator> allocator(v8::ArrayBuffer::Allocator::NewDefaultAllocator());
  v8::Isolate::CreateParams params;
  params.array_buffer_allocator = allocator.get();
  params.external_references = references.data();
  v8::SnapshotCreator creator(params);
  auto* isolate = creator.GetIsolate();
  std::optional<Error> failure;
  {
    v8::HandleScope handles(isolate);
    auto context = v8::Context::New(isolate);
    auto entry = run_bundle(isolate, context, table, bundle);
    if (entry.is_ok()) VERIFY(creator.AddData(context, entry.value()) == 0);
    else failure = entry.error();
    creator.SetDefaultContext(context);
  }
  auto blob = creator.CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
  std::unique_ptr<const char[]> owned(blob.data);
  if (failure) return *failure;
  return std::string(owned.get(), static_cast<size_t>(blob.raw_size));
}

}  // namespace adit::js
