// Durable Object migrations: reading them and what classes they leave. Owner: load_config.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/config/config.h"
#include "worker/config/document.h"

namespace adit::worker {

std::vector<Migration> read_migrations(const Node* node);

// Applies the migrations in order and returns the classes that stand at the end, by name. Reports doubled tags, new classes that
// exist already, and renames and deletions of classes that do not.
std::vector<DurableObjectClass> apply_migrations(const std::vector<Migration>& migrations, Reporter& reporter);

// Warns about bindings to classes of this worker that no migration makes, and adds those classes (without SQLite), as wrangler does.
void add_unmigrated_classes(const std::vector<DurableObjectBinding>& bindings, const std::vector<Migration>& migrations,
                            std::vector<DurableObjectClass>& classes, Reporter& reporter);

}  // namespace adit::worker
