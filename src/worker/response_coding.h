// Workers' encodeBody: a worker sees bodies decoded, so a response under "Content-Encoding: gzip" or "br" is encoded on its way to the
// client, unless the worker says that it has done so itself. Owner: none; pure functions over the response's parts.
#pragma once

#include <string_view>

#include "net/http/exchange.h"

namespace adit::worker {

enum class EncodeBody { automatic, manual };

// header_lines: "name: value\r\n" each, names lower-cased.
net::HttpBody encode_response_body(std::string_view header_lines, net::HttpBody body);

}  // namespace adit::worker
