// The S3 API of this process: an HTTP server of its own that answers for the buckets of R2, and the lifecycle rules' executor.
// Owner: the first shard's thread. Lifecycle: started by adit dev --s3-port, closed with the shard's services, before R2's.
// Invariant: no operation begins before the request's signature is verified and its key may do it; preflight requests only see CORS rules.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/r2/s3/call.h"
#include "bindings/r2/s3/lifecycle.h"
#include "net/http/server.h"

namespace adit::bindings::r2::s3 {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
  AccessKeys keys;
  std::vector<std::string> buckets;  // of the configuration
  uint64_t lifecycle_interval_ms = 3'600'000;
  int64_t lifecycle_day_ms = 86'400'000;  // a test's days are short
};

class Server final : public net::HttpHandler {
 public:
  // Calls back with the server, which listens.
  static void start(worker::Shard& shard, Service& service, ShardState& state, ServerOptions options,
                    Callback<std::unique_ptr<Server>> done);
  ~Server();
  uint16_t port() const { return m_server->port(); }
  // Buckets that the configuration has now.
  Result<void> ensure_buckets(const std::vector<std::string>& names);

  void on_request(std::shared_ptr<net::HttpExchange> exchange) override;

 private:
  Server(std::shared_ptr<Context> context, const ServerOptions& options);

  std::shared_ptr<Context> m_context;
  std::unique_ptr<net::HttpServer> m_server;
  std::unique_ptr<Lifecycle> m_lifecycle;
};

}  // namespace adit::bindings::r2::s3
