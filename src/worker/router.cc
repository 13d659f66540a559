// Route patterns as Cloudflare's documentation of routes and custom domains describes them ("Matching behavior", "Validity").
// Owner: one shard.
#include "worker/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace adit::worker {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

bool is_upper_case(char c) { return c >= 'A' && c <= 'Z'; }

// A port is digits after the last colon that is not inside an IPv6 address's brackets.
std::string_view without_port(std::string_view host) {
  size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return host;
  return host.substr(0, colon);
}

bool matches(const RoutePattern& pattern, bool https, std::string_view path) {
  RoutePattern::Scheme scheme = https ? RoutePattern::Scheme::https : RoutePattern::Scheme::http;
  if (pattern.scheme != RoutePattern::Scheme::any && pattern.scheme != scheme) return false;
  return pattern.any_suffix ? path.starts_with(pattern.path) : path == pattern.path;
}

// The order in which the patterns of one host are tried: routes before a custom domain, then an exact path before a prefix, a
// longer prefix before a shorter one, and a pattern with a scheme before one without.
auto specificity(const RoutePattern& pattern) {
  return std::tuple(pattern.custom_domain, pattern.any_suffix, -static_cast<ptrdiff_t>(pattern.path.size()),
                    pattern.scheme == RoutePattern::Scheme::any);
}

bool same(const RoutePattern& a, const RoutePattern& b) {
  return std::tie(a.scheme, a.any_suffix, a.path, a.custom_domain) ==
         std::tie(b.scheme, b.any_suffix, b.path, b.custom_domain);
}

}  // namespace

Result<RoutePattern> RoutePattern::parse(std::string_view pattern, bool custom_domain) {
  RoutePattern out;
  auto wrong = [&](std::string_view why) {
    return Error::failed(fmt::format("\"{}\" is not a route: {}", pattern, why));
  };
  std::string_view rest = pattern;
  if (rest.starts_with("http://")) {
    out.scheme = Scheme::http;
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    out.scheme = Scheme::https;
    rest.remove_prefix(8);
  } else if (rest.find("://") != std::string_view::npos) {
    return wrong("its scheme is neither http nor https");
  }
  size_t slash = rest.find('/');
  std::string_view host = rest.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);

  if (custom_domain) {
    if (out.scheme != Scheme::any) return wrong("a custom domain has no scheme");
    if (host.find('*') != std::string_view::npos) return wrong("a custom domain has no wildcard");
    if (!path.empty()) return wrong("a custom domain has no path");
    out.custom_domain = true;
    out.any_suffix = true;
    out.path = "/";
  }
  if (rest.find_first_of("?#") != std::string_view::npos)
    return wrong("it has a query or fragment, which routes cannot match");
  if (host.starts_with('*')) {
    out.any_prefix = true;
    host.remove_prefix(1);
    // "*" alone, and "*/path", have a host of only a wildcard.
  } else if (host.empty()) {
    return wrong("it has no host");
  }
  if (host.find('*') != std::string_view::npos) return wrong("in the host, * may only stand at the beginning");
  if (host.find_first_of(" \t") != std::string_view::npos) return wrong("its host has white space");
  out.host = lower_case(without_port(host));
  if (custom_domain) return out;

  if (path.ends_with('*')) {
    out.any_suffix = true;
    path.remove_suffix(1);
  }
  if (path.find('*') != std::string_view::npos) return wrong("in the path, * may only stand at the end");
  // As with a URL, there is an implied path of / if none is given.
  out.path = path.empty() ? "/" : std::string(path);
  return out;
}

void Router::add(RoutePattern pattern, std::optional<size_t> worker) {
  std::vector<Entry>& entries = (pattern.any_prefix ? m_wildcards : m_exact)[pattern.host];
  for (Entry& entry : entries) {
    if (same(entry.pattern, pattern)) {
      entry.worker = worker;
      return;
    }
  }
  auto at = std::ranges::upper_bound(entries, specificity(pattern), {},
                                     [](const Entry& entry) { return specificity(entry.pattern); });
  entries.insert(at, Entry{std::move(pattern), worker});
}

const Router::Entry* Router::find(const Hosts& hosts, std::string_view host, bool https, std::string_view path) {
  auto found = hosts.find(host);
  if (found == hosts.end()) return nullptr;
  for (const Entry& entry : found->second) {
    if (matches(entry.pattern, https, path)) return &entry;
  }
  return nullptr;
}

std::optional<size_t> Router::match(bool https, std::string_view host, std::string_view path) const {
  host = without_port(host);
  std::string lowered;
  if (std::ranges::any_of(host, is_upper_case)) host = lowered = lower_case(host);
  if (const Entry* entry = find(m_exact, host, https, path)) return entry->worker;
  if (!m_wildcards.empty()) {
    // From the longest end of the host (all of it: * matches nothing too) to the shortest.
    for (size_t from = 0; from <= host.size(); from++) {
      if (const Entry* entry = find(m_wildcards, host.substr(from), https, path)) return entry->worker;
    }
  }
  return m_fallback;
}

}  // namespace adit::worker
