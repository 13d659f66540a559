// In development a worker sees the host of its route, and not the one that the client connected to, as under wrangler dev: in the URL and the headers of
// a request; in the headers of the response the client's host stands again. Value type; functions are pure.
#pragma once

#include <string>
#include <string_view>

#include "worker/config/config.h"

namespace adit::worker {

struct RouteHost {
  std::string scheme = "http";
  std::string host;  // empty: the client's

  bool is_set() const { return !host.empty(); }
};

// dev.host and dev.upstream_protocol of the configuration, else the host of the first route.
RouteHost route_host_of(const WorkerConfig& config);

// Headers with one host in the other's place, wherever it stands in their values. A cookie's domain has no port.
std::string with_host(std::string_view header_lines, std::string_view from, std::string_view to);

}  // namespace adit::worker
