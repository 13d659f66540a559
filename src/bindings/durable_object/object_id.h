// The id of a Durable Object: 32 octets, 64 hex digits to a worker. The first half comes from the object's name or is random, the second is
// a tag that only the class's namespace key makes, so that an id of another class, or an invented one, is told apart without a directory. Each
// jurisdiction has tags of its own, so that the text alone says which one an id is restricted to.
// Value type. Invariant: the same key and name give the same id for ever, since data is found by it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace adit::bindings::durable_object {

// The secret of a namespace, made with it (migrations.h).
using NamespaceKey = std::array<uint8_t, 16>;

// Those that Cloudflare has. Here they only keep ids apart: where the data is, the operator decides.
constexpr std::array<std::string_view, 4> jurisdictions{"eu", "fedramp", "fedramp-high", "us"};
// 0: none; else one more than the index in `jurisdictions`.
using Jurisdiction = uint8_t;

class ObjectId {
 public:
  static ObjectId from_name(const NamespaceKey& key, std::string_view name, Jurisdiction jurisdiction = 0);
  static ObjectId make_unique(const NamespaceKey& key, Random& random, Jurisdiction jurisdiction = 0);
  // Of 64 hex digits in either case; nullopt for other text. jurisdiction() tells whose it is.
  static std::optional<ObjectId> parse(std::string_view text);

  // Nullopt: the id is none of the namespace.
  std::optional<Jurisdiction> jurisdiction(const NamespaceKey& key) const;
  std::string text() const;
  // All 32, as stored where many ids are.
  const std::array<uint8_t, 32>& octets() const { return m_octets; }
  static std::optional<ObjectId> from_octets(std::span<const uint8_t> octets);
  // Evenly spread: the first octets of a hash, or random ones.
  uint64_t hash() const;
  bool operator==(const ObjectId& other) const { return m_octets == other.m_octets; }

 private:
  void tag(const NamespaceKey& key, Jurisdiction jurisdiction);
  std::array<uint8_t, 32> m_octets{};
};

}  // namespace adit::bindings::durable_object

template <>
struct std::hash<adit::bindings::durable_object::ObjectId> {
  size_t operator()(const adit::bindings::durable_object::ObjectId& id) const noexcept { return id.hash(); }
};
