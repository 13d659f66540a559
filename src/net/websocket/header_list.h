// The two header syntaxes of the WebSocket handshake: RFC 9110 token lists, and RFC 6455 § 9.1 extension lists.
// Owner: none; pure functions. Invariant: what does not follow the grammar yields no element, never a half-read one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::net::websocket {

struct ExtensionElement {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

bool is_token(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Whether a comma-separated list has the token, without regard to case.
bool list_has_token(std::string_view list, std::string_view token);
// The list's elements, trimmed; empty ones left out.
std::vector<std::string> split_list(std::string_view list);
// Malformed elements come out with an empty name, so that a client can refuse them and a server can pass over them.
std::vector<ExtensionElement> parse_extensions(std::string_view header);

}  // namespace adit::net::websocket
