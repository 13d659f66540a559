#include "bindings/kv/read_cache.h"

namespace adit::bindings::kv {
namespace {
constexpr size_t item_overhead_bytes = 200;
constexpr size_t smallest_share = 64;  // a value takes at most this fraction of the cache
}  // namespace

const std::string& ReadCache::name_of(std::string_view space, std::string_view key) {
  m_name.assign(space);
  m_name.push_back('\0');
  m_name.append(key);
  return m_name;
}

size_t ReadCache::cost_of(const Item& item) {
  auto cost = item_overhead_bytes + item.name.size();
  if (item.value) cost += item.value->bytes.size() + (item.value->metadata ? item.value->metadata->size() : 0);
  return cost;
}

const SharedValue* ReadCache::find(std::string_view space, std::string_view key, int64_t now_s) {
  auto found = m_index.find(name_of(space, key));
  if (found == m_index.end()) return nullptr;
  auto& value = found->second->value;
  if (value && value->expiration_s && *value->expiration_s <= now_s) {
    drop(found->second);
    return nullptr;
  }
  m_items.splice(m_items.end(), m_items, found->second);
  return &value;
}

void ReadCache::remember(std::string_view space, std::string_view key, SharedValue value) {
  forget(space, key);
  Item item{name_of(space, key), std::move(value)};
  auto cost = cost_of(item);
  if (cost > m_max_bytes / smallest_share) return;
  m_size_bytes += cost;
  m_items.push_back(std::move(item));
  auto place = std::prev(m_items.end());
  m_index.emplace(place->name, place);
  while (m_size_bytes > m_max_bytes) drop(m_items.begin());
}

void ReadCache::forget(std::string_view space, std::string_view key) {
  if (m_items.empty()) return;
  if (auto found = m_index.find(name_of(space, key)); found != m_index.end()) drop(found->second);
}

void ReadCache::drop(Items::iterator item) {
  m_size_bytes -= cost_of(*item);
  m_index.erase(item->name);
  m_items.erase(item);
}

}  // namespace adit::bindings::kv
