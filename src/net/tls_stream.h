// TLS as a client over a Stream that is connected already: for sockets that speak TLS from the start, and for those that are upgraded to it.
// Owner: the loop's thread. Lifecycle: the handshake begins at once; what is written before it is done waits.
// Invariant: nothing of the peer is shown before its certificate has been verified for the host, unless the settings say otherwise. A peer that ends without TLS's own goodbye
// ended all the same.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/function.h"
#include "net/loop.h"
#include "net/stream.h"

namespace adit::net {

// How one connection wants it. Whose certificate and which authorities are in PEM; empty ones are none, and the system's.
struct TlsClientSettings {
  std::string host;  // a name or an address, and must be the certificate's
  std::string authorities;
  std::string certificate;
  std::string key;
  std::string passphrase;
  bool checks_certificate = true;  // else the connection goes on, and TlsPeer says what is wrong
  bool checks_host = true;
  Bytes protocols;  // RFC 7301: each name after its length

  bool needs_own_context() const { return !authorities.empty() || !certificate.empty(); }
};

// What the handshake found.
struct TlsPeer {
  std::string version;  // "TLSv1.3"
  std::string cipher;   // OpenSSL's name
  std::string standard_cipher;
  std::string protocol;  // of those offered; empty: none
  std::string problem;   // of a certificate that was not checked, in OpenSSL's words; empty: none
  Bytes certificate;     // DER
};

// The trusted authorities: the system's, or those that SSL_CERT_FILE names. Made once per shard: reading them takes milliseconds. One of its
// own for who brings authorities or a certificate.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<TlsClientContext>> create(const TlsClientSettings& settings = {});
  virtual ~TlsClientContext() = default;
};

// ready comes once, from the loop: what was found, or why there is no TLS.
std::unique_ptr<Stream> start_tls(Loop& loop, std::shared_ptr<TlsClientContext> context, std::unique_ptr<Stream> plain,
                                  const TlsClientSettings& settings, Function<void(Result<TlsPeer>)> ready);

}  // namespace adit::net
