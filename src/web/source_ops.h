// The ops of docs/architecture.md, "Bodies": what JavaScript does with a net::ByteSource. Owner: the isolate's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "net/byte_source.h"

namespace adit::js {
class OpTable;
}

namespace adit::web {

void register_source(js::OpTable& ops);

// Two sources that both give everything that one gives. What one reader has not taken yet is kept for it, without a
// bound. The upstream is cancelled when both are.
std::pair<std::shared_ptr<net::ByteSource>, std::shared_ptr<net::ByteSource>> tee_source(
    std::shared_ptr<net::ByteSource> upstream);

// Reads to the end and answers once, with everything.
void read_all(std::shared_ptr<net::ByteSource> source, net::ReadCallback callback);

// A source that passes on what upstream gives and says how it ended: ok at the end, else the error; cancelling is an error too.
// With a length, more or fewer octets than that are an error, and remaining_bytes() knows it.
std::shared_ptr<net::ByteSource> link_source(std::shared_ptr<net::ByteSource> upstream,
                                             std::optional<uint64_t> length_bytes, Function<void(Result<void>)> ended);

}  // namespace adit::web
