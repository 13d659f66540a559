// Reads JSON with comments and trailing commas (JSONC), keeping every value's place. No owner.
// Never fails without an error in the reporter; takes any octets.
#pragma once

#include <optional>
#include <string_view>

#include "worker/config/document.h"

namespace adit::worker {

std::optional<Node> parse_jsonc(std::string_view text, Reporter& reporter);

}  // namespace adit::worker
