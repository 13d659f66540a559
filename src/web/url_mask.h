// ASCII domains whose "xn--" labels are no valid Punycode. URL § 3.5 (domain to ASCII) lets a domain that is all ASCII through, lower-cased,
// whatever Unicode ToASCII says of it; ada 3.4 still refuses it. So where ada fails, the labels' "xn--" is masked with four other letters,
// the URL is parsed again, and the mask taken off the result. Lengths stay, and with them all offsets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace adit::web {

// Four letters that occur in neither text; nullopt when neither has an "xn--", so that masking cannot help.
std::optional<std::string> find_mask(std::string_view first, std::string_view second);
// Masks the host of a URL or of a reference relative to one (base_scheme: "http", or empty without a base). Unchanged where the host is
// not plain ASCII.
std::string mask_url(std::string_view url, std::string_view base_scheme, std::string_view mask);
// The same for the value of the host and hostname setters.
std::string mask_host(std::string_view value, std::string_view mask);
// Takes the mask off the host at [start, end) of the href. False when there is a mask elsewhere, so that the parse is not to be trusted.
bool unmask(std::string& href, size_t start, size_t end, std::string_view mask);

}  // namespace adit::web
