// Any text as a URL, a base and a setter's value, over the ops' functions (ada, and the mask over what ada refuses). Checked: what is
// parsed is ASCII whose offsets can be sliced, parses again to itself, before and after every setter; percent-decoding only shortens.
#include "base/verify.h"
#include "web/url.h"

using namespace adit::web;

namespace {

constexpr uint32_t absent = UINT32_MAX;

void check(const ParsedUrl& url) {
  for (char c : url.href) VERIFY(c > 0x20 ? c < 0x7f : c == ' ');  // spaces stay in an opaque path
  const auto& [protocol_end, username_end, host_start, host_end, path_start, search_start, hash_start, port] =
      url.offsets;
  VERIFY(protocol_end > 0 && url.href[protocol_end - 1] == ':');
  VERIFY(protocol_end <= username_end && username_end <= host_start && host_start <= host_end);
  VERIFY(host_end <= path_start && path_start <= url.href.size());
  VERIFY(port == absent || port <= 65535);
  VERIFY(hash_start == absent || (hash_start >= path_start && url.href.at(hash_start) == '#'));
  VERIFY(search_start == absent || (search_start >= path_start && url.href.at(search_start) == '?'));
  VERIFY(search_start == absent || hash_start == absent || search_start < hash_start);
  auto again = parse_url(url.href, std::nullopt);
  VERIFY(again && again->href == url.href && again->offsets == url.offsets);
}

// What is before the next NUL; the rest stays.
std::string_view cut(std::string_view& rest) {
  auto part = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  // On the heap and of their own size, so that reading past one is seen.
  std::string input(cut(rest)), base(cut(rest)), value(cut(rest));
  for (std::string* text : {&input, &base, &value}) text->shrink_to_fit();
  VERIFY(percent_decode(input).size() <= input.size());

  auto related = parse_url(input, base);
  VERIFY(related.has_value() == can_parse_url(input, base));
  if (related) check(*related);

  auto url = parse_url(input, std::nullopt);
  VERIFY(url.has_value() == can_parse_url(input, std::nullopt));
  if (!url) return 0;
  check(*url);
  for (uint32_t part = 0; part <= static_cast<uint32_t>(UrlPart::hash); ++part)
    check(set_url(url->href, static_cast<UrlPart>(part), value));
  return 0;
}
