// Compiled code kept beside its source: between the isolates of one worker version in memory, and between processes in a store on disk.
// Owner: any thread; shards share one cache, caches share one store.
// Invariant: a source is compiled from code that V8 made of the very same text, or from the text; which of the two changes nothing but the time.
#pragma once

#include <v8.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace adit::js {

// Where compiled code outlives the process.
class CodeStore {
 public:
  virtual ~CodeStore() = default;
  // The code kept for this text by a program that compiles as this one does; empty when there is none, or none that is whole.
  virtual std::optional<Bytes> find(std::string_view source) = 0;
  // Returns at once; the code is there for the next process, or not.
  virtual void keep(std::string_view source, std::shared_ptr<const Bytes> code) = 0;
};

// Changes with V8's version and flags; code of another version is of no use. Only after V8 has started.
uint32_t compiled_code_version();

class CodeCache {
 public:
  explicit CodeCache(std::shared_ptr<CodeStore> store = nullptr) : m_store(std::move(store)) {}

  // `name` is the module's, `source` its text. What is found in the store stays in memory.
  std::shared_ptr<const Bytes> find(const std::string& name, std::string_view source);
  // In memory alone.
  bool has(const std::string& name) const;
  void put(const std::string& name, std::string_view source, Bytes code);
  // V8 would not take it.
  void drop(const std::string& name);

 private:
  const std::shared_ptr<CodeStore> m_store;
  mutable std::mutex m_mutex;  // guards what is below
  std::map<std::string, std::shared_ptr<const Bytes>> m_entries;
};

// For V8, which borrows the octets: null when there are none. V8's Source owns the result.
v8::ScriptCompiler::CachedData* lend_to_v8(const std::shared_ptr<const Bytes>& code);
Bytes take_from_v8(v8::ScriptCompiler::CachedData* made);

}  // namespace adit::js
