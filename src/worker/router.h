// From a request's scheme, host and path to the worker that serves it, by Cloudflare's route patterns and custom domains.
// Owner: one shard (each has its own copy). Invariant: routes are kept most specific first, so the first match is the answer.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace adit::worker {

// One pattern, taken apart: [http:// or https://] host [path]. A host may begin with *, a path may end with *.
struct RoutePattern {
  enum class Scheme { any, http, https };
  Scheme scheme = Scheme::any;
  bool any_prefix = false;  // the host begins with *; `host` is what follows
  std::string host;         // lower case, without a port
  bool any_suffix = false;  // the path ends with *; `path` is what stands before
  std::string path;
  bool custom_domain = false;  // the host with every path; less specific than any route on the same host

  static Result<RoutePattern> parse(std::string_view pattern, bool custom_domain);
};

class Router {
 public:
  // A route without a worker says that no worker serves what it matches, whatever less specific routes say. When two patterns
  // are the same, the later one counts.
  void add(RoutePattern pattern, std::optional<size_t> worker);

  // What serves requests that no route matches: a worker without routes, or none.
  void set_fallback(std::optional<size_t> worker) { m_fallback = worker; }

  // `host` may carry a port; `path` is path and query as the request has them. https tells the request's scheme.
  std::optional<size_t> match(bool https, std::string_view host, std::string_view path) const;

 private:
  struct Entry {
    RoutePattern pattern;
    std::optional<size_t> worker;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Hosts = std::unordered_map<std::string, std::vector<Entry>, Hash, std::equal_to<>>;

  static const Entry* find(const Hosts& hosts, std::string_view host, bool https, std::string_view path);

  Hosts m_exact;      // by the whole host
  Hosts m_wildcards;  // by the end of the host
  std::optional<size_t> m_fallback;
};

}  // namespace adit::worker
