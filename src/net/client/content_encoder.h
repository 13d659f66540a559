// A response whose Content-Encoding says gzip or br and whose body JavaScript holds decoded must leave encoded (Workers'
// encodeBody: "automatic"). A body that came encoded and was not read goes on as it came; anything else is compressed here.
// Owner: one reader. Invariant: memory is bounded by one chunk of input and what it becomes.
#pragma once

#include <memory>
#include <string_view>

#include "net/byte_source.h"

namespace adit::net {

// The body in this coding. Codings that are not gzip or br give the body back as it is: whoever set the header encoded it.
std::shared_ptr<ByteSource> encode_body(std::shared_ptr<ByteSource> body, std::string_view coding);

}  // namespace adit::net
