#include "js/code_cache.h"

namespace adit::js {
namespace {

// Below this, compiling costs less than asking the disk.
constexpr size_t stored_source_bytes = 4 * 1024;

}  // namespace

uint32_t compiled_code_version() { return v8::ScriptCompiler::CachedDataVersionTag(); }

std::shared_ptr<const Bytes> CodeCache::find(const std::string& name, std::string_view source) {
  {
    std::lock_guard lock(m_mutex);
    if (auto found = m_entries.find(name); found != m_entries.end()) return found->second;
  }
  if (!m_store || source.size() < stored_source_bytes) return nullptr;
  auto stored = m_store->find(source);
  if (!stored) return nullptr;
  std::lock_guard lock(m_mutex);
  return m_entries[name] = std::make_shared<const Bytes>(std::move(*stored));
}

bool CodeCache::has(const std::string& name) const {
  std::lock_guard lock(m_mutex);
  return m_entries.contains(name);
}

void CodeCache::put(const std::string& name, std::string_view source, Bytes code) {
  auto shared = std::make_shared<const Bytes>(std::move(code));
  {
    std::lock_guard lock(m_mutex);
    m_entries[name] = shared;
  }
  if (m_store && source.size() >= stored_source_bytes) m_store->keep(source, std::move(shared));
}

void CodeCache::drop(const std::string& name) {
  std::lock_guard lock(m_mutex);
  m_entries.erase(name);
}

v8::ScriptCompiler::CachedData* lend_to_v8(const std::shared_ptr<const Bytes>& code) {
  if (!code) return nullptr;
  return std::make_unique<v8::ScriptCompiler::CachedData>(code->data(), static_cast<int>(code->size())).release();
}

Bytes take_from_v8(v8::ScriptCompiler::CachedData* made) {
  std::unique_ptr<v8::ScriptCompiler::CachedData> owned(made);
  return owned ? Bytes(owned->data, owned->data + owned->length) : Bytes();
}

}  // namespace adit::js
