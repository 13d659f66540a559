#include "bindings/r2/s3/server.h"

#include <array>

#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

using Operation = Result<void> (*)(CallPtr);

struct Route {
  std::string_view method;
  std::string_view parameter;  // the query parameter that chooses it; empty: none of the others
  Operation operation;
};

// The first that fits; what has no parameter of its own comes last.
constexpr std::array bucket_routes = {
    Route{"GET", "location", get_bucket_location},
    Route{"GET", "versioning", get_bucket_versioning},
    Route{"GET", "encryption", get_bucket_encryption},
    Route{"GET", "cors", get_bucket_cors},
    Route{"PUT", "cors", put_bucket_cors},
    Route{"DELETE", "cors", delete_bucket_cors},
    Route{"GET", "lifecycle", get_bucket_lifecycle},
    Route{"PUT", "lifecycle", put_bucket_lifecycle},
    Route{"DELETE", "lifecycle", delete_bucket_lifecycle},
    Route{"GET", "uploads", list_uploads},
    Route{"POST", "delete", delete_objects},
    Route{"GET", "list-type", list_objects_v2},
    Route{"GET", "", list_objects},
    Route{"PUT", "", create_bucket},
    Route{"HEAD", "", head_bucket},
    Route{"DELETE", "", delete_bucket},
};

constexpr std::array object_routes = {
    Route{"POST", "uploads", create_upload},
    Route{"POST", "uploadId", complete_upload},
    Route{"PUT", "uploadId", upload_part},
    Route{"GET", "uploadId", list_parts},
    Route{"DELETE", "uploadId", abort_upload},
    Route{"GET", "", get_object},
    Route{"HEAD", "", head_object},
    Route{"PUT", "", put_object},
    Route{"DELETE", "", delete_object},
};

// Sub-resources of Amazon's that R2 does not have: without this list, "PUT /bucket?acl" would make a bucket.
constexpr auto not_implemented = std::to_array<std::string_view>({"accelerate",
                                                                  "acl",
                                                                  "analytics",
                                                                  "attributes",
                                                                  "encryption",
                                                                  "intelligent-tiering",
                                                                  "inventory",
                                                                  "legal-hold",
                                                                  "logging",
                                                                  "metrics",
                                                                  "notification",
                                                                  "object-lock",
                                                                  "ownershipControls",
                                                                  "policy",
                                                                  "policyStatus",
                                                                  "publicAccessBlock",
                                                                  "replication",
                                                                  "requestPayment",
                                                                  "restore",
                                                                  "retention",
                                                                  "select",
                                                                  "tagging",
                                                                  "torrent",
                                                                  "versions",
                                                                  "website"});

Result<Operation> route(const S3Request& request) {
  if (request.bucket.empty()) {
    if (request.method != "GET") return error("MethodNotAllowed");
    return &list_buckets;
  }
  for (auto name : not_implemented)
    if (request.has(name) && !(name == "encryption" && request.method == "GET" && request.key.empty()))
      return error("NotImplemented", "The sub-resource " + std::string(name) + " is not implemented");
  auto find = [&](const auto& routes) -> Operation {
    for (const auto& entry : routes)
      if (entry.method == request.method && (entry.parameter.empty() || request.has(entry.parameter)))
        return entry.operation;
    return nullptr;
  };
  auto operation = request.key.empty() ? find(bucket_routes) : find(object_routes);
  if (!operation) return error("MethodNotAllowed");
  bool is_copy = request.header("x-amz-copy-source").has_value();
  if (is_copy && operation == &put_object) return &copy_object;
  if (is_copy && operation == &upload_part) return &upload_part_copy;
  return operation;
}

Result<void> begin(CallPtr call) {
  TRY(call->begin());
  if (call->request().method == "OPTIONS") return answer_preflight(call);
  if (const auto* bucket = call->context().directory->find(call->request().bucket))
    call->set_cors_lines(cors_lines(*bucket, call->request()));
  return TRY(route(call->request()))(call);
}

}  // namespace

Server::Server(std::shared_ptr<Context> context, const ServerOptions& options)
    : m_context(std::move(context)),
      m_lifecycle(std::make_unique<Lifecycle>(m_context, options.lifecycle_interval_ms, options.lifecycle_day_ms)) {}

Server::~Server() {
  m_context->closed = true;
  m_server.reset();
}

void Server::start(worker::Shard& shard, Service& service, ShardState& state, ServerOptions options,
                   Callback<std::unique_ptr<Server>> done) {
  BucketDirectory::open(state, [&shard, &service, options = std::move(options),
                                done = std::move(done)](Result<std::shared_ptr<BucketDirectory>> directory) mutable {
    if (directory.is_error()) return done(std::move(directory.error()));
    auto context = std::make_shared<Context>(Context{shard, service, options.keys, std::move(directory).value()});
    std::unique_ptr<Server> self(new Server(std::move(context), options));
    if (auto ensured = self->ensure_buckets(options.buckets); ensured.is_error())
      return done(std::move(ensured.error()));
    net::HttpServerOptions http;
    http.host = options.host;
    http.port = options.port;
    http.clock = &shard.clock();
    auto server = net::HttpServer::create(shard.loop(), http, *self);
    if (server.is_error()) return done(std::move(server.error()));
    self->m_server = std::move(server).value();
    done(std::move(self));
  });
}

Result<void> Server::ensure_buckets(const std::vector<std::string>& names) {
  for (const auto& name : names) TRY(m_context->directory->ensure(name, m_context->shard.clock().unix_ms()));
  return {};
}

void Server::on_request(std::shared_ptr<net::HttpExchange> exchange) {
  auto call = std::make_shared<Call>(m_context, std::move(exchange));
  call->started(begin(call));
}

}  // namespace adit::bindings::r2::s3
