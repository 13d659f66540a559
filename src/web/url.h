// The URL ops: parsing and setting through ada. An answer is the serialisation and where its parts are, so that builtins/web/url.ts
// can slice every getter's value out of the text. Stateless; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adit::js {
class OpTable;
}

namespace adit::web {

struct ParsedUrl {
  std::string href;
  // Ends of protocol and username, start and end of the host, starts of pathname, search and hash (UINT32_MAX: absent), port (the same).
  std::array<uint32_t, 8> offsets;
};

// What set_url changes; url.ts has the same numbers.
enum class UrlPart : uint32_t { protocol, username, password, host, hostname, port, pathname, search, hash };

std::optional<ParsedUrl> parse_url(std::string_view input, std::optional<std::string_view> base);
bool can_parse_url(std::string_view input, std::optional<std::string_view> base);
// URL § 6.1, the setter of a part. The href is a serialisation made by parse_url; a value that the standard ignores changes nothing.
ParsedUrl set_url(std::string_view href, UrlPart part, std::string_view value);
// Percent-decoding (URL § 1.3); what is no escape stays.
std::string percent_decode(std::string_view text);

void register_url(js::OpTable& ops);

}  // namespace adit::web
