#include "worker/route_host.h"

#include "worker/router.h"

namespace adit::worker {
namespace {

std::string host_of(const Route& route) {
  auto pattern = RoutePattern::parse(route.pattern, route.custom_domain);
  if (pattern.is_error()) return {};
  auto host = pattern.value().host;
  // Of "*.example.com", the domain itself; of "*/path", the zone.
  if (host.starts_with('.')) host.erase(0, 1);
  return host.empty() ? route.zone_name : host;
}

void append_replaced(std::string& out, std::string_view text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  out.append(text);
}

std::string_view without_port(std::string_view host) {
  auto colon = host.rfind(':');
  return colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos ? host
                                                                                            : host.substr(0, colon);
}

}  // namespace

RouteHost route_host_of(const WorkerConfig& config) {
  RouteHost out;
  if (config.dev.host) out.host = *config.dev.host;
  else if (!config.routes.empty()) out.host = host_of(config.routes.front());
  if (!config.dev.upstream_protocol.empty()) out.scheme = config.dev.upstream_protocol;
  return out;
}

std::string with_host(std::string_view header_lines, std::string_view from, std::string_view to) {
  std::string out;
  if (from.empty()) return std::string(header_lines);
  out.reserve(header_lines.size() + 64);
  while (!header_lines.empty()) {
    auto end = header_lines.find("\r\n");
    auto line = header_lines.substr(0, end == std::string_view::npos ? end : end + 2);
    append_replaced(out, line, from, line.starts_with("set-cookie:") ? without_port(to) : to);
    header_lines.remove_prefix(line.size());
  }
  return out;
}

}  // namespace adit::worker
