// TLS as a client over a Stream that is connected already: for sockets that speak TLS from the start, and for those that are upgraded to it.
// Owner: the loop's thread. Lifecycle: the handshake begins at once; what is written before it is done waits.
// Invariant: nothing of the peer is shown before its certificate has been verified for the host. A peer that ends without TLS's own goodbye
// ended all the same.
#pragma once

#include <memory>
#include <string>

#include "base/function.h"
#include "net/loop.h"
#include "net/stream.h"

namespace adit::net {

// The trusted authorities: the system's, or those that SSL_CERT_FILE names. Made once per shard: reading them takes milliseconds.
class TlsClientContext {
 public:
  static Result<std::shared_ptr<TlsClientContext>> create();
  virtual ~TlsClientContext() = default;
};

// ready comes once, from the loop: ok, or why there is no TLS. The host is a name or an address, and must be the certificate's.
std::unique_ptr<Stream> start_tls(Loop& loop, std::shared_ptr<TlsClientContext> context, std::unique_ptr<Stream> plain,
                                  const std::string& host, Function<void(Result<void>)> ready);

}  // namespace adit::net
