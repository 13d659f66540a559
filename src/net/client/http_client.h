// HttpClient: outbound HTTP/1.1 and HTTP/2, over TCP and TLS, with pooled connections. It makes one exchange per call: redirects,
// retries, cookies and content codings belong to the caller (builtins/web/fetch.ts follows the Fetch standard there).
// Owner: the loop's thread. Lifecycle: outlives nothing: destroying it ends every transfer with ErrorKind::aborted.
// Invariant: memory per transfer is bounded in both directions; callbacks come from the loop, never from inside fetch().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/function.h"
#include "base/result.h"
#include "net/byte_source.h"
#include "net/loop.h"
#include "net/stream.h"

namespace adit::net {

struct HttpClientOptions {
  uint64_t connect_timeout_ms = 30'000;
  long max_idle_connections = 256;
  size_t body_buffer_bytes = 256 * 1024;  // of a response, before the network is no longer read
  std::string ca_file;                    // empty: the system's bundle
  std::string extra_ca_file;              // trusted besides it: a private CA, a test's
  std::string proxy;                      // empty: none, whatever the environment says
};

struct OutgoingRequest {
  std::string method;  // as sent
  std::string url;     // absolute http: or https:
  // "Name: value", validated, Latin-1 octets. Lines about the connection (Host, Content-Length, Transfer-Encoding, Connection, ...)
  // are left out: the client makes them.
  std::vector<std::string> header_lines;
  std::shared_ptr<ByteSource> body;  // null: none. Its remaining_bytes() decides between Content-Length and chunks.
};

struct IncomingResponse {
  int status = 0;
  std::string status_text;
  std::string header_block;  // "name\0value\0name\0value\0...": as received and in order, names in their own case
  std::string http_version;  // "1.0", "1.1", "2"
  std::shared_ptr<ByteSource> body;  // as received, not decoded; empty where the response has none
  // The value of the first header with this name, whatever its case.
  std::optional<std::string_view> header(std::string_view name) const;
  // All of them, joined with ", "; empty when there is none.
  std::string joined_header(std::string_view name) const;
};

// A transfer that can be given up. Letting go of it does nothing.
class Abortable {
 public:
  virtual ~Abortable() = default;
  // Before the response: it becomes this error. During the body: reading it fails with this error. Afterwards: nothing.
  virtual void abort(Error reason) = 0;
};

struct StreamTarget {
  std::string host;  // a name or an address; an IPv6 address without brackets
  uint16_t port = 0;
  bool is_tls = false;
};

class HttpClient {
 public:
  static Result<std::unique_ptr<HttpClient>> create(Loop& loop, HttpClientOptions options = {});
  virtual ~HttpClient() = default;

  virtual std::shared_ptr<Abortable> fetch(OutgoingRequest request,
                                           Function<void(Result<IncomingResponse>)> on_response) = 0;
  // A raw connection, for protocols that are not HTTP (WebSocket after its handshake, sockets).
  virtual std::shared_ptr<Abortable> connect(StreamTarget target,
                                             Function<void(Result<std::unique_ptr<Stream>>)> on_connected) = 0;
  virtual Loop& loop() = 0;
};

// The first bundle of certificate authorities that this system has, where the distributions keep it; empty when there is none.
std::string find_system_ca_file();

}  // namespace adit::net
