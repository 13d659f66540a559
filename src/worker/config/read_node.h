// Tolerant readers of tree values: check_type has already reported what is wrong, so a value of the wrong kind reads as absent.
// Pure functions; no owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/config/document.h"

namespace adit::worker {

inline std::string read_text(const Node* node, std::string_view fallback = {}) {
  return node && node->is(Node::Kind::text) ? node->text : std::string(fallback);
}
inline bool read_flag(const Node* node, bool fallback) {
  return node && node->is(Node::Kind::boolean) ? node->boolean : fallback;
}

inline std::optional<uint32_t> read_integer(const Node* node) {
  if (!node || !node->is(Node::Kind::number) || !(node->number >= 0 && node->number <= 4294967295.0))
    return std::nullopt;
  return static_cast<uint32_t>(node->number);
}

// A list of strings; one string reads as a list of it.
inline std::vector<std::string> read_texts(const Node* node) {
  std::vector<std::string> out;
  if (!node) return out;
  if (node->is(Node::Kind::text)) out.push_back(node->text);
  for (const Node& item : node->items) {
    if (item.is(Node::Kind::text)) out.push_back(item.text);
  }
  return out;
}

// The objects of a list.
inline std::vector<const Node*> read_objects(const Node* node) {
  std::vector<const Node*> out;
  if (!node) return out;
  for (const Node& item : node->items) {
    if (item.is(Node::Kind::object)) out.push_back(&item);
  }
  return out;
}

}  // namespace adit::worker
