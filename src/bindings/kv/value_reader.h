// Gathers a value from a stream, up to the limit of a value. Owner: the writer's shard; keeps itself alive until it has answered.
// Invariant: answers once; a stream that is too long is cancelled as soon as that is known.
#pragma once

#include <memory>
#include <string>

#include "base/function.h"
#include "net/byte_source.h"

namespace adit::bindings::kv {

Error value_too_long(uint64_t length_bytes);
void read_value(std::shared_ptr<net::ByteSource> source, Function<void(Result<std::string>)> done);

}  // namespace adit::bindings::kv
