// Compatibility flags (Workers docs, Configuration, Compatibility flags): the names that Workers know, the date from which each is on, and
// whether it changes anything here. Owner: none; constants. Invariant: sorted by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace adit::worker {

struct CompatibilityFlag {
  std::string_view name;
  std::string_view opposite;  // the flag that turns it off; empty: there is none
  std::string_view since;     // YYYY-MM-DD; empty: only when it is set
  bool is_applied;            // false: Adit behaves in one way, whatever is set
};

std::span<const CompatibilityFlag> compatibility_flags();

// Whether the behaviour named `flag` is on for a worker of that date with those flags. Unknown names are off.
bool is_enabled(std::string_view flag, std::string_view date, const std::vector<std::string>& flags);

// What is to be said about a flag that a configuration sets: empty when it does what it says.
std::string compatibility_warning(std::string_view flag);

}  // namespace adit::worker
