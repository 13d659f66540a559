#include "web/url_mask.h"

#include <algorithm>

namespace adit::web {

static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

static bool has_prefix(std::string_view text, size_t at) {
  return text.size() - at >= 4 && lower(text[at]) == 'x' && lower(text[at + 1]) == 'n' && text[at + 2] == '-' &&
         text[at + 3] == '-';
}

static bool has_prefix_anywhere(std::string_view text) {
  for (size_t at = text.find("--"); at != std::string_view::npos; at = text.find("--", at + 1))
    if (at >= 2 && has_prefix(text, at - 2)) return true;
  return false;
}

static bool contains(std::string_view text, std::string_view mask) {
  return std::search(text.begin(), text.end(), mask.begin(), mask.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

std::optional<std::string> find_mask(std::string_view first, std::string_view second) {
  if (!has_prefix_anywhere(first) && !has_prefix_anywhere(second)) return std::nullopt;
  std::string mask = "zqja";
  for (mask[2] = 'a'; mask[2] <= 'z'; ++mask[2])
    for (mask[3] = 'a'; mask[3] <= 'z'; ++mask[3])
      if (!contains(first, mask) && !contains(second, mask)) return mask;
  return std::nullopt;
}

// Masks the labels in [start, end) of the text.
static void mask_labels(std::string& text, size_t start, size_t end, std::string_view mask) {
  for (size_t i = start; i < end; ++i)
    if (static_cast<unsigned char>(text[i]) >= 0x80 || text[i] == '%') return;
  for (size_t label = start; label < end;) {
    if (end - label >= 4 && has_prefix(text, label))
      std::copy(mask.begin(), mask.end(), text.begin() + static_cast<ptrdiff_t>(label));
    size_t dot = text.find('.', label);
    label = dot == std::string::npos ? end : dot + 1;
  }
}

std::string mask_url(std::string_view url, std::string_view base_scheme, std::string_view mask) {
  // § 4.4 basic URL parser, steps 1 to 3: spaces and controls around it, and tabs and newlines anywhere, do not count.
  std::string text;
  for (char c : url)
    if (c != '\t' && c != '\n' && c != '\r' && (!text.empty() || static_cast<unsigned char>(c) > 0x20))
      text.push_back(c);
  auto is_slash = [&](size_t at) { return at < text.size() && (text[at] == '/' || text[at] == '\\'); };

  size_t position = 0;
  size_t colon = text.find_first_of(":/\\?#");
  std::string scheme(base_scheme);
  bool has_scheme = colon != std::string::npos && text[colon] == ':';
  if (has_scheme) {
    scheme = text.substr(0, colon);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    position = colon + 1;
  }
  size_t slashes = 0;
  while (is_slash(position)) ++position, ++slashes;
  bool may_omit_slashes = has_scheme && scheme != "file" && scheme != base_scheme;
  if (scheme == "file" ? slashes != 2 : (slashes < 2 && !may_omit_slashes)) return text;

  size_t end = std::min(text.find_first_of("/\\?#", position), text.size());
  size_t at = text.rfind('@', end == 0 ? 0 : end - 1);
  if (at != std::string::npos && at >= position && at < end) position = at + 1;
  mask_labels(text, position, std::min(text.find(':', position), end), mask);
  return text;
}

std::string mask_host(std::string_view value, std::string_view mask) {
  std::string text;
  for (char c : value)
    if (c != '\t' && c != '\n' && c != '\r') text.push_back(c);
  mask_labels(text, 0, std::min(text.find_first_of(":/\\?#"), text.size()), mask);
  return text;
}

bool unmask(std::string& href, size_t start, size_t end, std::string_view mask) {
  for (size_t at = href.find(mask); at != std::string::npos; at = href.find(mask, at)) {
    if (at < start || at + mask.size() > end) return false;
    href.replace(at, mask.size(), "xn--");
  }
  return true;
}

}  // namespace adit::web
