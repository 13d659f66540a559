// A worker's modules inside an isolate: compile, link, evaluate; dynamic import and import.meta; built-in modules from the builtins' entry object.
// Owner: the isolate's thread. Lifecycle: made after the isolate, destroyed before it.
// Invariant: every module is one of the worker's bundle or a built-in one; nothing is ever read from disk or network by an import.
#pragma once

#include <v8.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "js/code_cache.h"
#include "js/isolate.h"

namespace adit::js {

enum class ModuleKind { esm, common_js, text, data, json, wasm };

struct ModuleSource {
  std::string name;  // the path inside the bundle: "src/index.js"
  ModuleKind kind = ModuleKind::esm;
  std::string content;
  std::string source_map;  // JSON; empty when there is none
};

class ModuleLoader {
 public:
  // `sources` and `cache` outlive the loader.
  ModuleLoader(Isolate& isolate, const std::vector<ModuleSource>& sources, CodeCache& cache);
  ~ModuleLoader();
  ModuleLoader(const ModuleLoader&) = delete;
  ModuleLoader& operator=(const ModuleLoader&) = delete;

  // Links and evaluates the module and what it imports; top-level await included, as far as microtasks alone carry it.
  // Only inside an Entry. Errors carry the JavaScript stack.
  Result<v8::Local<v8::Object>> import_main(const std::string& name);
  // Runs a classic script (service-worker syntax).
  Result<void> run_script(const std::string& name);

  // The namespace of a built-in module, evaluated now if it was not; empty when it threw. For require(), getBuiltinModule() and globals
  // that are made at their first use.
  v8::MaybeLocal<v8::Object> import_builtin(const std::string& specifier);

  static ModuleLoader& of(v8::Local<v8::Context> context);

 private:
  struct Loaded {
    v8::Global<v8::Module> module;
    std::string name;
  };
  v8::MaybeLocal<v8::Module> load(const std::string& name);
  v8::MaybeLocal<v8::Module> compile_esm(const ModuleSource& source);
  v8::MaybeLocal<v8::Module> compile(const std::string& name, std::string_view text, v8::Local<v8::String> content);
  v8::MaybeLocal<v8::Module> make_synthetic(const std::string& name, v8::Local<v8::Object> exports);
  v8::MaybeLocal<v8::Module> load_builtin(const std::string& name);
  v8::MaybeLocal<v8::Module> load_library(const std::string& name);
  void keep_code();
  v8::MaybeLocal<v8::Value> value_of(const ModuleSource& source);
  v8::MaybeLocal<v8::Value> run_common_js(const ModuleSource& source);
  const ModuleSource* find_source(const std::string& referrer, const std::string& specifier) const;
  v8::MaybeLocal<v8::Module> resolve(const std::string& referrer, const std::string& specifier);
  std::string name_of(v8::Local<v8::Module> module) const;
  static v8::MaybeLocal<v8::Module> resolve_callback(v8::Local<v8::Context>, v8::Local<v8::String>,
                                                     v8::Local<v8::FixedArray>, v8::Local<v8::Module>);
  static v8::MaybeLocal<v8::Value> evaluate_synthetic(v8::Local<v8::Context>, v8::Local<v8::Module>);
  static v8::MaybeLocal<v8::Promise> import_dynamically(v8::Local<v8::Context>, v8::Local<v8::Data>,
                                                        v8::Local<v8::Value>, v8::Local<v8::String>,
                                                        v8::Local<v8::FixedArray>);
  static void require(const v8::FunctionCallbackInfo<v8::Value>& info);

  Isolate& m_isolate;
  const std::vector<ModuleSource>& m_sources;
  CodeCache& m_cache;
  std::unordered_map<std::string, Loaded> m_loaded;
  std::unordered_multimap<int, std::string> m_names_by_hash;
  std::unordered_map<std::string, v8::Global<v8::Object>> m_synthetic_exports;
  std::unordered_map<std::string, v8::Global<v8::Value>> m_common_js;
  // What was compiled here from its text.
  struct Uncached {
    std::string name;
    std::string_view text;
  };
  std::vector<Uncached> m_uncached;
};

}  // namespace adit::js
