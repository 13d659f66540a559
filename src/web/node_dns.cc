// The ops behind node:dns: the system's resolver, asked on the blocking pool. Owner: the isolate's thread.
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <string>
#include <vector>

#include "js/ops.h"
#include "web/platform_services.h"

namespace adit::web {
namespace {

// Errors are named by the code that Node gives them.
const char* code_of_getaddrinfo(int status) {
  switch (status) {
    case EAI_AGAIN:
      return "EAI_AGAIN";
    case EAI_MEMORY:
      return "EAI_MEMORY";
    case EAI_FAIL:
      return "EAI_FAIL";
    default:
      return "ENOTFOUND";
  }
}

Result<std::vector<std::string>> look_up(const std::string& name, uint32_t family) {
  addrinfo hints{};
  hints.ai_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int status = getaddrinfo(name.c_str(), nullptr, &hints, &found); status != 0)
    return Error::failed(code_of_getaddrinfo(status));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  std::vector<std::string> addresses;
  for (auto* entry = found; entry; entry = entry->ai_next) {
    char text[INET6_ADDRSTRLEN];
    const void* address = entry->ai_family == AF_INET
                              ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(entry->ai_addr)->sin_addr)
                              : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(entry->ai_addr)->sin6_addr);
    if (inet_ntop(entry->ai_family, address, text, sizeof text)) addresses.emplace_back(text);
  }
  return addresses;
}

// The name servers' answer as it came (RFC 1035 § 4.1).
Result<Bytes> query(const std::string& name, int type) {
  struct __res_state state {};
  if (res_ninit(&state) != 0) return Error::failed("ECONNREFUSED");
  std::unique_ptr<struct __res_state, void (*)(struct __res_state*)> owned(&state,
                                                                           [](auto* open) { res_nclose(open); });
  state.retry = 2;
  Bytes answer(65536);
  int size = res_nquery(&state, name.c_str(), ns_c_in, type, answer.data(), static_cast<int>(answer.size()));
  if (size >= 0) {
    answer.resize(std::min(static_cast<size_t>(size), answer.size()));
    return answer;
  }
  switch (state.res_h_errno) {
    case HOST_NOT_FOUND:
      return Error::failed("ENOTFOUND");
    case NO_DATA:
      return Error::failed("ENODATA");
    case TRY_AGAIN:
      return Error::failed("ETIMEOUT");
    default:
      return Error::failed("ESERVFAIL");
  }
}

template <typename T, typename Work>
js::Promise<T> on_pool(js::Call& call, Work work) {
  auto [promise, settle] = call.promise<T>();
  auto result = std::make_shared<Result<T>>(T());
  call.service<PlatformServices>().loop.run_blocking(
      [result, work = std::move(work)] { *result = work(); },
      [result, settle = std::move(settle)]() mutable { settle(std::move(*result)); });
  return promise;
}

js::Promise<std::vector<std::string>> node_dns_lookup(js::Call& call, std::string name, uint32_t family) {
  return on_pool<std::vector<std::string>>(call, [name, family] { return look_up(name, family); });
}
js::Promise<Bytes> node_dns_query(js::Call& call, std::string name, uint32_t type) {
  return on_pool<Bytes>(call, [name, type] { return query(name, static_cast<int>(type)); });
}

}  // namespace

void register_node_dns(js::OpTable& ops) {
  ops.add<node_dns_lookup>("node_dns_lookup");
  ops.add<node_dns_query>("node_dns_query");
}

}  // namespace adit::web
