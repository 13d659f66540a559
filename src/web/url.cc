#include "web/url.h"

#include <ada.h>

#include "base/verify.h"

namespace adit::web {

static ParsedUrl take_apart(const ada::url_aggregator& url) {
  const auto& parts = url.get_components();
  return {std::string(url.get_href()),
          {parts.protocol_end, parts.username_end, parts.host_start, parts.host_end, parts.pathname_start, parts.search_start, parts.hash_start, parts.port}};
}

std::optional<ParsedUrl> parse_url(std::string_view input, std::optional<std::string_view> base) {
  if (!base) {
    auto url = ada::parse<ada::url_aggregator>(input);
    if (!url) return std::nullopt;
    return take_apart(*url);
  }
  auto parsed_base = ada::parse<ada::url_aggregator>(*base);
  if (!parsed_base) return std::nullopt;
  auto url = ada::parse<ada::url_aggregator>(input, &*parsed_base);
  if (!url) return std::nullopt;
  return take_apart(*url);
}

ParsedUrl set_url(std::string_view href, UrlPart part, std::string_view value) {
  auto url = ada::parse<ada::url_aggregator>(href);
  VERIFY(url);
  switch (part) {
    case UrlPart::protocol: url->set_protocol(value); break;
    case UrlPart::username: url->set_username(value); break;
    case UrlPart::password: url->set_password(value); break;
    case UrlPart::host: url->set_host(value); break;
    case UrlPart::hostname: url->set_hostname(value); break;
    case UrlPart::port: url->set_port(value); break;
    case UrlPart::pathname: url->set_pathname(value); break;
    case UrlPart::search: url->set_search(value); break;
    case UrlPart::hash: url->set_hash(value); break;
  }
  return take_apart(*url);
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
