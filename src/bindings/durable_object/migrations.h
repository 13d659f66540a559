// Durable Object migrations, executed: which class has which data. Remembered in durable_objects.json of the state directory, written
// atomically. A class keeps its data through renames and when another worker takes it over (transferred_classes). Owner: main's thread. Invariant: each migration of a worker is applied once, in order; a deleted class's data is unreachable
// from then on, and leaves the disk at once, its folder at the next start.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "bindings/durable_object/classes.h"
#include "ledger/state_directory.h"
#include "worker/config/config.h"

namespace adit::bindings::durable_object {

// Applies what is new and returns every class of the worker. A bound class without a migration gets a space too, as in wrangler dev.
// destroy(space) deletes the ledgers of a space that no class has any more. An error names the migration that cannot be done; then none is.
Result<ClassTable> apply_migrations(const std::string& state_directory, const worker::WorkerConfig& config,
                                    const std::function<Result<void>(const std::string& space)>& destroy);

// Removes from disk what deleted classes left. At start only, while no ledger is open.
Result<void> remove_deleted_data(const ledger::StateDirectory& directory);

}  // namespace adit::bindings::durable_object
