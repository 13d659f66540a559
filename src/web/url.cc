#include "web/url.h"

#include <ada.h>

#include "base/verify.h"
#include "web/url_mask.h"

namespace adit::web {

static ParsedUrl take_apart(const ada::url_aggregator& url) {
  const auto& parts = url.get_components();
  return {std::string(url.get_href()),
          {parts.protocol_end, parts.username_end, parts.host_start, parts.host_end, parts.pathname_start,
           parts.search_start, parts.hash_start, parts.port}};
}

// URL § 4.5: a "/." before the path is for a URL that has no host and a path that begins with two slashes. ada 3.4 leaves it there when the
// URL gets a host, which would then seem to end with it.
static ParsedUrl without_stray_dot(ParsedUrl url) {
  auto& [protocol_end, username_end, host_start, host_end, path_start, search_start, hash_start, port] = url.offsets;
  if (std::string_view(url.href).substr(protocol_end, 2) != "//") return url;
  if (path_start < host_end + 2 || std::string_view(url.href).substr(path_start - 2, 2) != "/.") return url;
  url.href.erase(path_start - 2, 2);
  for (auto* offset : {&path_start, &search_start, &hash_start})
    if (*offset != ada::url_components::omitted) *offset -= 2;
  return url;
}

static std::optional<ParsedUrl> take_apart(const ada::url_aggregator& url, std::string_view mask) {
  auto parsed = take_apart(url);
  if (!unmask(parsed.href, parsed.offsets[2], parsed.offsets[3], mask)) return std::nullopt;
  return parsed;
}

static std::optional<ParsedUrl> parse_masked(std::string_view input, std::optional<std::string_view> base) {
  auto mask = find_mask(input, base.value_or(""));
  if (!mask) return std::nullopt;
  if (!base) {
    auto url = ada::parse<ada::url_aggregator>(mask_url(input, "", *mask));
    if (!url) return std::nullopt;
    return take_apart(*url, *mask);
  }
  auto parsed_base = ada::parse<ada::url_aggregator>(mask_url(*base, "", *mask));
  if (!parsed_base) return std::nullopt;
  auto scheme = parsed_base->get_protocol();
  scheme.remove_suffix(1);
  auto url = ada::parse<ada::url_aggregator>(mask_url(input, scheme, *mask), &*parsed_base);
  if (!url) return std::nullopt;
  return take_apart(*url, *mask);
}

std::optional<ParsedUrl> parse_url(std::string_view input, std::optional<std::string_view> base) {
  if (!base) {
    auto url = ada::parse<ada::url_aggregator>(input);
    if (!url) return parse_masked(input, base);
    return take_apart(*url);
  }
  auto parsed_base = ada::parse<ada::url_aggregator>(*base);
  if (!parsed_base) return parse_masked(input, base);
  auto url = ada::parse<ada::url_aggregator>(input, &*parsed_base);
  if (!url) return parse_masked(input, base);
  return take_apart(*url);
}

bool can_parse_url(std::string_view input, std::optional<std::string_view> base) {
  bool good = base ? ada::can_parse(input, &*base) : ada::can_parse(input);
  return good || parse_masked(input, base).has_value();
}

static bool set_part(ada::url_aggregator& url, UrlPart part, std::string_view value) {
  switch (part) {
    case UrlPart::protocol:
      return url.set_protocol(value);
    case UrlPart::username:
      return url.set_username(value);
    case UrlPart::password:
      return url.set_password(value);
    case UrlPart::host:
      return url.set_host(value);
    case UrlPart::hostname:
      return url.set_hostname(value);
    case UrlPart::port:
      return url.set_port(value);
    case UrlPart::pathname:
      return url.set_pathname(value);
    case UrlPart::search:
      url.set_search(value);
      return true;
    case UrlPart::hash:
      url.set_hash(value);
      return true;
  }
  VERIFY_NOT_REACHED();
}

ParsedUrl set_url(std::string_view href, UrlPart part, std::string_view value) {
  bool is_host = part == UrlPart::host || part == UrlPart::hostname;
  auto url = ada::parse<ada::url_aggregator>(href);
  if (url && (set_part(*url, part, value) || !is_host)) return without_stray_dot(take_apart(*url));

  // The old host or the new one is one that ada refuses.
  if (auto mask = find_mask(href, value)) {
    auto masked = ada::parse<ada::url_aggregator>(mask_url(href, "", *mask));
    if (masked) {
      set_part(*masked, part, is_host ? mask_host(value, *mask) : std::string(value));
      if (auto result = take_apart(*masked, *mask)) return without_stray_dot(std::move(*result));
    }
  }
  auto unchanged = parse_url(href, std::nullopt);
  VERIFY(unchanged);
  return *unchanged;
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text) {
  std::string output;
  output.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        output.push_back(static_cast<char>(high << 4 | low));
        i += 2;
        continue;
      }
    }
    output.push_back(text[i]);
  }
  return output;
}

}  // namespace adit::web
