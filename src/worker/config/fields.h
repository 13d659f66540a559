// The one list of configuration fields: what wrangler documents, how environments inherit it, and what Adit does with it.
// docs/configuration.md is made from this table. Constant data; no owner.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace adit::worker {

enum class Scope {
  top_level,        // only at the top level
  inherited,        // an environment takes the top level's value unless it has its own
  per_environment,  // an environment has only what it says itself
};

enum class Support {
  supported,
  not_yet,    // understood; using what it declares fails with an error that names it
  no_effect,  // concerns Cloudflare's own services or its command line; accepted and ignored
};

struct Field {
  std::string_view name;
  Scope scope;
  Support support;
  std::string_view feature;  // what it configures, for messages: "D1 databases"
  std::string_view type;     // a type expression; empty: checked by hand (env)
  std::string_view note;
};

std::span<const Field> all_fields();
const Field* find_field(std::string_view name);

// The table of docs/configuration.md.
std::string fields_as_markdown();

}  // namespace adit::worker
