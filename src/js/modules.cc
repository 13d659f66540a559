#include "js/modules.h"

#include <filesystem>

#include "js/errors.h"
#include "js/library.h"

namespace adit::js {
namespace {

constexpr int loader_slot = 1;  // the context's embedder data slot

Error exception_error(v8::Isolate* isolate, v8::TryCatch& caught) {
  auto context = isolate->GetCurrentContext();
  if (caught.HasTerminated())
    return Error(ErrorKind::limit, "the script was stopped: it exceeded its CPU or memory limit at start-up");
  auto description = describe_exception(isolate, context, caught.Exception());
  auto message = caught.Message();
  // A syntax error's stack does not say where it is; the message does.
  if (!message.IsEmpty() && description.stack == description.message) {
    auto resource = message->GetScriptResourceName();
    if (resource->IsString())
      description.stack += "\n    at " + to_utf8(isolate, resource.As<v8::String>()) + ":" +
                           std::to_string(message->GetLineNumber(context).FromMaybe(0)) + ":" +
                           std::to_string(message->GetStartColumn(context).FromMaybe(0) + 1);
  }
  return Error::failed(description.stack);
}

v8::ScriptOrigin origin_of(v8::Isolate* isolate, const std::string& name, bool is_module) {
  return v8::ScriptOrigin(from_utf8(isolate, name), 0, 0, false, -1, {}, false, false, is_module);
}

v8::ScriptCompiler::CompileOptions compile_options(const std::shared_ptr<const Bytes>& cached) {
  return cached ? v8::ScriptCompiler::kConsumeCodeCache : v8::ScriptCompiler::kNoCompileOptions;
}

bool is_of_library(std::string_view name) { return name.starts_with("node:") || name.starts_with("node-internal:"); }

void reject(v8::Local<v8::Context> context, v8::Local<v8::Promise::Resolver> resolver, v8::Local<v8::Value> reason) {
  resolver->Reject(context, reason).Check();
}

}  // namespace

ModuleLoader::ModuleLoader(Isolate& isolate, const std::vector<ModuleSource>& sources, CodeCache& cache)
    : m_isolate(isolate), m_sources(sources), m_cache(cache) {
  Entry entry(isolate);
  isolate.context()->SetAlignedPointerInEmbedderData(loader_slot, this);
  isolate.v8()->SetHostImportModuleDynamicallyCallback(&ModuleLoader::import_dynamically);
  isolate.v8()->SetHostInitializeImportMetaObjectCallback(
      [](v8::Local<v8::Context> context, v8::Local<v8::Module> module, v8::Local<v8::Object> meta) {
        auto* v8_isolate = context->GetIsolate();
        meta->CreateDataProperty(context, intern(v8_isolate, "url"),
                                 from_utf8(v8_isolate, "file:///" + of(context).name_of(module)))
            .Check();
      });
}

ModuleLoader::~ModuleLoader() = default;

ModuleLoader& ModuleLoader::of(v8::Local<v8::Context> context) {
  return *static_cast<ModuleLoader*>(context->GetAlignedPointerFromEmbedderData(loader_slot));
}

Result<v8::Local<v8::Object>> ModuleLoader::import_main(const std::string& name) {
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  v8::TryCatch caught(isolate);
  v8::Local<v8::Module> module;
  if (!load(name).ToLocal(&module) || module->InstantiateModule(context, &ModuleLoader::resolve_callback).IsNothing())
    return exception_error(isolate, caught);
  v8::Local<v8::Value> result;
  if (!module->Evaluate(context).ToLocal(&result)) return exception_error(isolate, caught);
  isolate->PerformMicrotaskCheckpoint();
  if (caught.HasTerminated()) return exception_error(isolate, caught);
  auto promise = result.As<v8::Promise>();
  if (promise->State() == v8::Promise::kRejected) {
    promise->MarkAsHandled();
    return Error::failed(describe_exception(isolate, context, promise->Result()).stack);
  }
  if (promise->State() == v8::Promise::kPending)
    return Error::failed("the top-level await of " + name +
                         " never settles: at start-up a worker can wait only for what needs no I/O or timers");
  keep_code();
  return module->GetModuleNamespace().As<v8::Object>();
}

v8::MaybeLocal<v8::Object> ModuleLoader::import_builtin(const std::string& specifier) {
  auto context = m_isolate.v8()->GetCurrentContext();
  v8::Local<v8::Module> module;
  v8::Local<v8::Value> result;
  bool is_internal = specifier.starts_with("node-internal:");
  if (!(is_internal ? load_library(specifier) : load_builtin(specifier)).ToLocal(&module) ||
      module->InstantiateModule(context, &ModuleLoader::resolve_callback).IsNothing() ||
      !module->Evaluate(context).ToLocal(&result))
    return {};
  auto promise = result.As<v8::Promise>();
  if (promise->State() == v8::Promise::kRejected) {
    promise->MarkAsHandled();
    m_isolate.v8()->ThrowException(promise->Result());
    return {};
  }
  keep_code();
  return module->GetModuleNamespace().As<v8::Object>();
}

// Compiled code, now with the functions that ran at top level, for the next isolates of this version and the next process.
void ModuleLoader::keep_code() {
  std::vector<Uncached> unfinished;
  for (auto& [name, text] : m_uncached) {
    auto module = m_loaded.at(name).module.Get(m_isolate.v8());
    if (m_cache.has(name)) continue;
    if (module->GetStatus() != v8::Module::kEvaluated) unfinished.push_back({name, text});
    else m_cache.put(name, text, take_from_v8(v8::ScriptCompiler::CreateCodeCache(module->GetUnboundModuleScript())));
  }
  m_uncached = std::move(unfinished);
}

Result<void> ModuleLoader::run_script(const std::string& name) {
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  v8::TryCatch caught(isolate);
  for (const auto& source : m_sources) {
    if (source.name != name) continue;
    auto origin = origin_of(isolate, name, false);
    auto cached = m_cache.find(name, source.content);
    v8::ScriptCompiler::Source text(from_utf8(isolate, source.content), origin, lend_to_v8(cached));
    v8::Local<v8::Script> script;
    if (!v8::ScriptCompiler::Compile(context, &text, compile_options(cached)).ToLocal(&script) ||
        script->Run(context).IsEmpty())
      return exception_error(isolate, caught);
    if (!cached || text.GetCachedData()->rejected)
      m_cache.put(name, source.content, take_from_v8(v8::ScriptCompiler::CreateCodeCache(script->GetUnboundScript())));
    return {};
  }
  return Error::failed("there is no script " + name);
}

v8::MaybeLocal<v8::Module> ModuleLoader::load(const std::string& name) {
  if (auto found = m_loaded.find(name); found != m_loaded.end()) return found->second.module.Get(m_isolate.v8());
  auto* isolate = m_isolate.v8();
  for (const auto& source : m_sources) {
    if (source.name != name) continue;
    if (source.kind == ModuleKind::esm) return compile_esm(source);
    v8::Local<v8::Value> value;
    if (!value_of(source).ToLocal(&value)) return {};
    auto exports = v8::Object::New(isolate);
    exports->Set(isolate->GetCurrentContext(), intern(isolate, "default"), value).Check();
    return make_synthetic(name, exports);
  }
  return {};
}

v8::MaybeLocal<v8::Module> ModuleLoader::compile_esm(const ModuleSource& source) {
  return compile(source.name, source.content, from_utf8(m_isolate.v8(), source.content));
}

v8::MaybeLocal<v8::Module> ModuleLoader::compile(const std::string& name, std::string_view text,
                                                 v8::Local<v8::String> content) {
  auto* isolate = m_isolate.v8();
  auto cached = m_cache.find(name, text);
  v8::ScriptCompiler::Source source(content, origin_of(isolate, name, true), lend_to_v8(cached));
  v8::Local<v8::Module> module;
  if (!v8::ScriptCompiler::CompileModule(isolate, &source, compile_options(cached)).ToLocal(&module)) return {};
  if (cached && source.GetCachedData()->rejected) {
    m_cache.drop(name);
    cached = nullptr;
  }
  if (!cached) m_uncached.push_back({name, text});
  m_names_by_hash.emplace(module->GetIdentityHash(), name);
  m_loaded[name] = {v8::Global<v8::Module>(isolate, module), name};
  return module;
}

v8::MaybeLocal<v8::Module> ModuleLoader::make_synthetic(const std::string& name, v8::Local<v8::Object> exports) {
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  auto keys = exports->GetOwnPropertyNames(context).ToLocalChecked();
  v8::LocalVector<v8::String> names(isolate);
  for (uint32_t i = 0; i < keys->Length(); ++i)
    names.push_back(keys->Get(context, i).ToLocalChecked().As<v8::String>());
  auto module = v8::Module::CreateSyntheticModule(
      isolate, from_utf8(isolate, name), v8::MemorySpan<const v8::Local<v8::String>>(names.data(), names.size()),
      &ModuleLoader::evaluate_synthetic);
  m_names_by_hash.emplace(module->GetIdentityHash(), name);
  m_loaded[name] = {v8::Global<v8::Module>(isolate, module), name};
  m_synthetic_exports[name].Reset(isolate, exports);
  return module;
}

v8::MaybeLocal<v8::Value> ModuleLoader::evaluate_synthetic(v8::Local<v8::Context> context,
                                                           v8::Local<v8::Module> module) {
  auto* isolate = context->GetIsolate();
  auto& self = of(context);
  auto exports = self.m_synthetic_exports[self.name_of(module)].Get(isolate);
  auto keys = exports->GetOwnPropertyNames(context).ToLocalChecked();
  for (uint32_t i = 0; i < keys->Length(); ++i) {
    auto key = keys->Get(context, i).ToLocalChecked().As<v8::String>();
    v8::Local<v8::Value> value;
    if (!exports->Get(context, key).ToLocal(&value) ||
        module->SetSyntheticModuleExport(isolate, key, value).IsNothing())
      return {};
  }
  auto resolver = v8::Promise::Resolver::New(context).ToLocalChecked();
  resolver->Resolve(context, v8::Undefined(isolate)).Check();
  return resolver->GetPromise();
}

v8::MaybeLocal<v8::Module> ModuleLoader::load_builtin(const std::string& name) {
  if (auto found = m_loaded.find(name); found != m_loaded.end()) return found->second.module.Get(m_isolate.v8());
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  v8::Local<v8::Value> maker;
  v8::Local<v8::Value> argument = from_utf8(isolate, name);
  v8::Local<v8::Value> exports;
  if (!m_isolate.entry_object()->Get(context, intern(isolate, "builtinModule")).ToLocal(&maker) ||
      !maker->IsFunction() ||
      !maker.As<v8::Function>()->Call(context, v8::Undefined(isolate), 1, &argument).ToLocal(&exports))
    return {};
  // A module of the library is named, the others are given.
  if (exports->IsString()) return load_library(to_utf8(isolate, exports.As<v8::String>()));
  if (!exports->IsObject()) return {};
  return make_synthetic(name, exports.As<v8::Object>());
}

namespace {

// Scripts compile no WebAssembly (isolate.cc); the loader may, while it does.
class WasmPermission {
 public:
  explicit WasmPermission(v8::Isolate* isolate) : m_isolate(isolate) { set<true>(); }
  ~WasmPermission() { set<false>(); }
  WasmPermission(const WasmPermission&) = delete;
  WasmPermission& operator=(const WasmPermission&) = delete;

 private:
  template <bool Allowed>
  void set() {
    m_isolate->SetAllowWasmCodeGenerationCallback(
        [](v8::Local<v8::Context>, v8::Local<v8::String>) { return Allowed; });
  }
  v8::Isolate* m_isolate;
};

}  // namespace
v8::MaybeLocal<v8::Module> ModuleLoader::load_library(const std::string& name) {
  auto* isolate = m_isolate.v8();
  if (auto found = m_loaded.find(name); found != m_loaded.end()) return found->second.module.Get(isolate);
  auto text = find_in_library(m_isolate.library(), name);
  if (!text) {
    throw_error(isolate, Error::failed("No such module \"" + name + "\"."));
    return {};
  }
  return compile(name, *text, external_string(isolate, *text));
}

v8::MaybeLocal<v8::Value> ModuleLoader::value_of(const ModuleSource& source) {
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  switch (source.kind) {
    case ModuleKind::text:
      return from_utf8(isolate, source.content);
    case ModuleKind::json:
      return v8::JSON::Parse(context, from_utf8(isolate, source.content));
    case ModuleKind::data:
      return from_bytes(isolate, copy_bytes(source.content))->Buffer();
    case ModuleKind::wasm: {
      auto bytes = bytes_of(source.content);
      v8::MaybeLocal<v8::WasmModuleObject> module;
      {
        WasmPermission permission(isolate);
        module = v8::WasmModuleObject::Compile(isolate, {bytes.data(), bytes.size()});
      }
      return module;
    }
    case ModuleKind::common_js:
      return run_common_js(source);
    case ModuleKind::esm:
      break;
  }
  VERIFY_NOT_REACHED();
}

v8::MaybeLocal<v8::Value> ModuleLoader::run_common_js(const ModuleSource& source) {
  auto* isolate = m_isolate.v8();
  auto context = isolate->GetCurrentContext();
  auto module = v8::Object::New(isolate);
  auto exports = v8::Object::New(isolate);
  auto key = intern(isolate, "exports");
  module->Set(context, key, exports).Check();
  // A cycle of require() sees what is exported so far.
  m_common_js[source.name].Reset(isolate, module);
  auto origin = origin_of(isolate, source.name, false);
  v8::ScriptCompiler::Source text(from_utf8(isolate, source.content), origin);
  v8::Local<v8::String> parameters[] = {intern(isolate, "module"), key, intern(isolate, "require")};
  v8::Local<v8::Function> body;
  if (!v8::ScriptCompiler::CompileFunction(context, &text, 3, parameters).ToLocal(&body)) return {};
  auto require_function =
      v8::Function::New(context, &ModuleLoader::require, from_utf8(isolate, source.name)).ToLocalChecked();
  v8::Local<v8::Value> arguments[] = {module, exports, require_function};
  if (body->Call(context, exports, 3, arguments).IsEmpty()) return {};
  return module->Get(context, key);
}

void ModuleLoader::require(const v8::FunctionCallbackInfo<v8::Value>& info) {
  auto* isolate = info.GetIsolate();
  auto context = isolate->GetCurrentContext();
  auto& self = of(context);
  if (!info[0]->IsString()) return throw_error(isolate, Error::type_error("require() needs a string"));
  auto specifier = to_utf8(isolate, info[0].As<v8::String>());
  const auto* source = self.find_source(to_utf8(isolate, info.Data().As<v8::String>()), specifier);
  v8::Local<v8::Value> value;
  if (!source) {
    if (specifier.starts_with("node-internal:"))
      return throw_error(isolate, Error::failed("No such module \"" + specifier + "\"."));
    // A built-in module's default export, when it has one, else all of it.
    v8::Local<v8::Object> name_space;
    if (!self.import_builtin(specifier).ToLocal(&name_space)) return;
    auto key = intern(isolate, "default");
    value = name_space;
    if (name_space->Has(context, key).FromMaybe(false) && !name_space->Get(context, key).ToLocal(&value)) return;
    return info.GetReturnValue().Set(value);
  }
  if (auto loaded = self.m_common_js.find(source->name); loaded != self.m_common_js.end()) {
    if (loaded->second.Get(isolate).As<v8::Object>()->Get(context, intern(isolate, "exports")).ToLocal(&value))
      info.GetReturnValue().Set(value);
  } else if (source->kind == ModuleKind::esm) {
    throw_error(isolate, Error::failed("require() of the ES module " + source->name + " is not possible; use import"));
  } else if (self.value_of(*source).ToLocal(&value)) {
    info.GetReturnValue().Set(value);
  }
}

const ModuleSource* ModuleLoader::find_source(const std::string& referrer, const std::string& specifier) const {
  auto relative = (std::filesystem::path(referrer).parent_path() / specifier).lexically_normal().generic_string();
  for (const auto& source : m_sources)
    if (source.name == relative) return &source;
  // A bundle's modules are also found by their name from the root.
  auto rooted = std::filesystem::path(specifier).lexically_normal().generic_string();
  for (const auto& source : m_sources)
    if (source.name == rooted) return &source;
  return nullptr;
}

v8::MaybeLocal<v8::Module> ModuleLoader::resolve(const std::string& referrer, const std::string& specifier) {
  // Modules of the library import each other by their final names, and what no worker may.
  if (is_of_library(referrer)) return is_of_library(specifier) ? load_library(specifier) : load_builtin(specifier);
  if (specifier.starts_with("cloudflare:") || specifier.starts_with("node:")) {
    // The maker throws for a module that does not exist, in words of its own.
    return load_builtin(specifier);
  }
  if (const auto* source = find_source(referrer, specifier)) return load(source->name);
  // Node's modules have names without "node:" too, by compatibility flag.
  if (specifier.find(':') == std::string::npos && specifier[0] != '.' && specifier[0] != '/') {
    v8::TryCatch caught(m_isolate.v8());
    v8::Local<v8::Module> module;
    if (load_builtin(specifier).ToLocal(&module)) return module;
  }
  throw_error(m_isolate.v8(),
              Error::failed("No such module \"" + specifier + "\".\n  imported from \"" + referrer + "\""));
  return {};
}

std::string ModuleLoader::name_of(v8::Local<v8::Module> module) const {
  auto [begin, end] = m_names_by_hash.equal_range(module->GetIdentityHash());
  for (auto it = begin; it != end; ++it)
    if (m_loaded.at(it->second).module.Get(m_isolate.v8()) == module) return it->second;
  VERIFY_NOT_REACHED();
}

v8::MaybeLocal<v8::Module> ModuleLoader::resolve_callback(v8::Local<v8::Context> context,
                                                          v8::Local<v8::String> specifier, v8::Local<v8::FixedArray>,
                                                          v8::Local<v8::Module> referrer) {
  auto& self = of(context);
  return self.resolve(self.name_of(referrer), to_utf8(context->GetIsolate(), specifier));
}

v8::MaybeLocal<v8::Promise> ModuleLoader::import_dynamically(v8::Local<v8::Context> context, v8::Local<v8::Data>,
                                                             v8::Local<v8::Value> referrer,
                                                             v8::Local<v8::String> specifier,
                                                             v8::Local<v8::FixedArray>) {
  auto* isolate = context->GetIsolate();
  auto& self = of(context);
  auto resolver = v8::Promise::Resolver::New(context).ToLocalChecked();
  v8::TryCatch caught(isolate);
  v8::Local<v8::Module> module;
  auto from = referrer->IsString() ? to_utf8(isolate, referrer.As<v8::String>()) : std::string();
  v8::Local<v8::Value> evaluated;
  if (!self.resolve(from, to_utf8(isolate, specifier)).ToLocal(&module) ||
      module->InstantiateModule(context, &ModuleLoader::resolve_callback).IsNothing() ||
      !module->Evaluate(context).ToLocal(&evaluated)) {
    if (caught.HasTerminated()) {
      caught.ReThrow();
      return {};
    }
    reject(context, resolver, caught.Exception());
    return resolver->GetPromise();
  }
  // import() settles when the module's own evaluation does, with its namespace.
  auto give_namespace = v8::Function::New(
      context, [](const v8::FunctionCallbackInfo<v8::Value>& info) { info.GetReturnValue().Set(info.Data()); },
      module->GetModuleNamespace());
  return evaluated.As<v8::Promise>()->Then(context, give_namespace.ToLocalChecked());
}

}  // namespace adit::js
