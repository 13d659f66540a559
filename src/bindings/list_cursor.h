// The cursor of a list of KV or R2: the last key of the page before, in base64, as JavaScript carries it. A value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace adit::bindings {

std::string encode_list_cursor(std::string_view key);
// Nothing for what is not base64. What is may be any octets: it is no secret and proves nothing.
std::optional<std::string> decode_list_cursor(std::string_view cursor);

}  // namespace adit::bindings
