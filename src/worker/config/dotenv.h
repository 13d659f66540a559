// Reads .dev.vars and .env files: the syntax of npm's dotenv, and the expansion of ${NAME} that wrangler applies to .env files.
// Pure functions; no owner. Takes any octets.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/config/document.h"

namespace adit::worker {

struct DotenvEntry {
  std::string name;
  std::string value;
  Place place;
};

// In the order of the file; a name that is given twice stands once, with its last value. Lines that are neither an assignment nor a
// comment are skipped with a warning.
std::vector<DotenvEntry> parse_dotenv(std::string_view text, Reporter& reporter);

// Replaces $NAME, ${NAME}, ${NAME:-default} (unset or empty) and ${NAME-default} (unset); \$ is a dollar sign. Unset names become
// empty.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;
std::string expand_variables(std::string_view value, const Lookup& lookup);

}  // namespace adit::worker
