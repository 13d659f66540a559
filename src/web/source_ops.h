// The ops of docs/architecture.md, "Bodies": what JavaScript does with a net::ByteSource. Owner: the isolate's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/memory_account.h"
#include "net/byte_source.h"

namespace adit::js {
class OpTable;
}

namespace adit::web {

void register_source(js::OpTable& ops);

// Two sources that both give everything that one gives. What one reader has not taken yet is kept for it, as far as the account's limit
// allows: then both end with an error. The upstream is cancelled when both are.
std::pair<std::shared_ptr<net::ByteSource>, std::shared_ptr<net::ByteSource>> tee_source(
    std::shared_ptr<net::ByteSource> upstream, std::shared_ptr<MemoryAccount> account = nullptr);

// Reads to the end and answers once, with everything; with an error when that is more than the account's limit allows.
void read_all(std::shared_ptr<net::ByteSource> source, net::ReadCallback callback,
              std::shared_ptr<MemoryAccount> account = nullptr);

Error too_much_memory();

// A source that passes on what upstream gives and says how it ended: ok at the end, else the error; cancelling is an error too.
// With a length, more or fewer octets than that are an error, and remaining_bytes() knows it.
std::shared_ptr<net::ByteSource> link_source(std::shared_ptr<net::ByteSource> upstream,
                                             std::optional<uint64_t> length_bytes, Function<void(Result<void>)> ended);

}  // namespace adit::web
