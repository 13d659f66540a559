// What a shard remembers of namespaces that another shard owns: values read lately, and keys found absent. The owner tells it of each
// change before the change is acknowledged (service.h), so a remembered value is as good as the owner's.
// Owner: one shard. Invariant: holds at most its bound of octets, the least recently used go first.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bindings/blobs/segment.h"

namespace adit::bindings::kv {

// An entry on its way between shards: never changes, so shards share it.
struct Value {
  std::string bytes;
  std::optional<std::string> metadata;
  std::optional<int64_t> expiration_s;
  // Of a long value instead of bytes: where it is, and what keeps it there.
  std::optional<blobs::Segment> long_value;
  std::shared_ptr<blobs::BlobPin> pin;
  size_t size_bytes() const { return long_value ? long_value->size_bytes : bytes.size(); }
};
using SharedValue = std::shared_ptr<const Value>;  // null: there is no such entry

class ReadCache {
 public:
  explicit ReadCache(size_t max_bytes) : m_max_bytes(max_bytes) {}

  // The remembered answer, which may be "no such entry"; null when nothing is remembered or what was has expired.
  const SharedValue* find(std::string_view space, std::string_view key, int64_t now_s);
  void remember(std::string_view space, std::string_view key, SharedValue value);
  void forget(std::string_view space, std::string_view key);
  size_t size_bytes() const { return m_size_bytes; }

 private:
  struct Item {
    std::string name;
    SharedValue value;
  };
  using Items = std::list<Item>;
  const std::string& name_of(std::string_view space, std::string_view key);
  static size_t cost_of(const Item& item);
  void drop(Items::iterator item);

  size_t m_max_bytes;
  size_t m_size_bytes = 0;
  Items m_items;                                                  // least recently used first
  std::unordered_map<std::string_view, Items::iterator> m_index;  // names are the items'
  std::string m_name;
};

}  // namespace adit::bindings::kv
