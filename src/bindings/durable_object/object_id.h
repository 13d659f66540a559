// Durable Object ids: 32 octets, shown as 64 hex digits. The first 24 are random or derived from the namespace and a name, the last 8 are a
// keyed check of the first with the namespace's key: an id of another class is told from one's own without looking anything up.
// Value functions; no owner. Invariant: the same namespace and name give the same id on every machine, for ever.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace adit::bindings::durable_object {

// `space` is the namespace's key (see migrations.h).
std::string id_from_name(std::string_view space, std::string_view name);
std::string unique_id(std::string_view space, Random& random);
// 64 lower-case hex digits made by one of the above for this namespace.
bool is_id_of(std::string_view space, std::string_view id);

}  // namespace adit::bindings::durable_object
