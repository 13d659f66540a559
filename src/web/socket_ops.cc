// The ops of cloudflare:sockets (builtins/web/socket.ts). Owner: the isolate's thread.
#include <vector>

#include "js/ops.h"
#include "web/connections.h"
#include "web/register.h"
#include "web/socket.h"

namespace adit::web {
namespace {

using Handle = js::Handle<Socket>;

void keep(js::Call& call, const Handle& socket) {
  call.service<NetworkServices>().sockets->add(call.isolate(), call.isolate().current_invocation(), socket);
}

using Settings = js::Handle<net::TlsClientSettings>;

// PEM and ALPN's octets; empty is none. What node:tls wants beyond the host.
Settings tls_settings(std::string authorities, std::string certificate, std::string key, std::string passphrase,
                      bool checks_certificate, bool checks_host, BytesView protocols) {
  return std::make_shared<net::TlsClientSettings>(net::TlsClientSettings{.host = {},
                                                                         .authorities = std::move(authorities),
                                                                         .certificate = std::move(certificate),
                                                                         .key = std::move(key),
                                                                         .passphrase = std::move(passphrase),
                                                                         .checks_certificate = checks_certificate,
                                                                         .checks_host = checks_host,
                                                                         .protocols = copy_bytes(protocols)});
}

net::TlsClientSettings settings_for(const std::string& host, const std::optional<Settings>& more) {
  net::TlsClientSettings settings;
  if (more) settings = **more;
  settings.host = host;
  return settings;
}

Handle socket_connect(js::Call& call, std::string host, uint32_t port, bool is_tls, bool allows_half_open) {
  auto socket = std::make_shared<Socket>(call.service<NetworkServices>(), allows_half_open);
  std::optional<net::TlsClientSettings> tls;
  if (is_tls) tls = settings_for(host, std::nullopt);
  keep(call, socket);
  begin_connection(call, [socket, host = std::move(host), port, tls = std::move(tls)](ConnectionSlot slot) mutable {
    socket->connect(host, static_cast<uint16_t>(port), std::move(tls), std::move(slot));
  });
  return socket;
}

Handle socket_start_tls(js::Call& call, Handle socket, std::string host, std::optional<Settings> settings) {
  auto upgraded = socket->start_tls(settings_for(host, settings));
  keep(call, upgraded);
  return upgraded;
}

// version, cipher, its standard name, protocol, what is wrong with the certificate; empty before TLS is there.
std::vector<std::string> socket_tls_peer(Handle socket) {
  const auto* peer = socket->tls_peer();
  if (!peer) return {};
  return {peer->version, peer->cipher, peer->standard_cipher, peer->protocol, peer->problem};
}
// DER.
Bytes socket_tls_certificate(Handle socket) {
  const auto* peer = socket->tls_peer();
  return peer ? peer->certificate : Bytes{};
}

js::Handle<net::ByteSource> socket_source(Handle socket) { return socket; }

js::Promise<void> socket_opened(js::Call& call, Handle socket) {
  auto [promise, settle] = call.promise<void>();
  socket->when_opened([settle = std::move(settle)](Result<void> outcome) mutable { settle(std::move(outcome)); });
  return promise;
}

js::Promise<void> socket_closed(js::Call& call, Handle socket) {
  auto [promise, settle] = call.promise<void>();
  socket->when_closed([settle = std::move(settle)](Result<void> outcome) mutable { settle(std::move(outcome)); });
  return promise;
}

// What an object writes leaves when what it stored before is durable.
js::Promise<void> socket_write(js::Call& call, Handle socket, BytesView data) {
  auto [promise, settle] = call.promise<void>();
  auto write = [socket, data = copy_bytes(data), settle = std::move(settle)]() mutable {
    socket->write(std::move(data),
                  [settle = std::move(settle)](Result<void> ready) mutable { settle(std::move(ready)); });
  };
  auto invocation = call.isolate().current_invocation();
  auto* hold = call.isolate().find_service<OutputHold>();
  if (hold && !hold->is_open(invocation)) hold->send(invocation, std::move(write));
  else write();
  return promise;
}

void socket_end(Handle socket) { socket->end(); }
void socket_close(Handle socket) { socket->close(); }

}  // namespace

void register_socket(js::OpTable& ops) {
  ops.add<socket_connect>("socket_connect");
  ops.add<socket_start_tls>("socket_start_tls");
  ops.add<tls_settings>("tls_settings");
  ops.add<socket_tls_peer>("socket_tls_peer");
  ops.add<socket_tls_certificate>("socket_tls_certificate");
  ops.add<socket_source>("socket_source");
  ops.add<socket_opened>("socket_opened");
  ops.add<socket_closed>("socket_closed");
  ops.add<socket_write>("socket_write");
  ops.add<socket_end>("socket_end");
  ops.add<socket_close>("socket_close");
}

}  // namespace adit::web
