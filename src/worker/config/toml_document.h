// Reads TOML into the tree that all configuration syntaxes share, keeping every value's place. No owner.
#pragma once

#include <optional>
#include <string_view>

#include "worker/config/document.h"

namespace adit::worker {

std::optional<Node> parse_toml(std::string_view text, Reporter& reporter);

}  // namespace adit::worker
