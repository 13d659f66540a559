// The built-in modules that are not in the start-up snapshot (nodejs_compat): an archive in the program, made by
// tools/bundle-node-modules.mjs, of ES modules that are compiled when a worker first imports them.
// Invariant: texts are ASCII and live as long as the process, so V8 reads them in place and no isolate copies them.
#pragma once

#include <v8.h>

#include <optional>
#include <string_view>

namespace adit::js {

// The module's text in the archive. Entries are "NAME SIZE\n", the text, "\n".
std::optional<std::string_view> find_in_library(std::string_view archive, std::string_view name);

// A string over static ASCII text, without a copy.
v8::Local<v8::String> external_string(v8::Isolate* isolate, std::string_view text);

}  // namespace adit::js
