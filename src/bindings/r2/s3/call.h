// One request of the S3 API while it is being answered, and what all of them share. The operations (operations.h) are functions over it.
// Owner: the shard that serves the S3 API. Lifecycle: held by whoever still has to answer; the context outlives the server for them.
// Invariant: answered once; a failed operation answers with S3's error document.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bindings/r2/s3/access.h"
#include "bindings/r2/s3/body.h"
#include "bindings/r2/s3/directory.h"
#include "bindings/r2/s3/error.h"
#include "bindings/r2/s3/request.h"
#include "bindings/r2/service.h"
#include "net/http/exchange.h"

namespace adit::bindings::r2::s3 {

struct Context {
  worker::Shard& shard;
  Service& service;
  AccessKeys keys;
  std::shared_ptr<BucketDirectory> directory;
  bool closed = false;  // no answer goes anywhere any more
};

class Call final : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<Context> context, std::shared_ptr<net::HttpExchange> exchange);

  Context& context() { return *m_context; }
  const S3Request& request() const { return m_request; }
  const AccessKey& access() const { return m_access; }
  // Parses, checks the signature and that the key may do this.
  Result<void> begin();
  bool is_write() const { return m_request.method != "GET" && m_request.method != "HEAD"; }

  // The bucket of this request, or another that its key sees; NoSuchBucket, AccessDenied.
  Result<std::shared_ptr<Bucket>> bucket() { return bucket(m_request.bucket); }
  Result<std::shared_ptr<Bucket>> bucket(const std::string& name);
  Result<std::shared_ptr<RequestBodySource>> body();
  // The request's document, checked like every body.
  Result<void> with_document(Function<Result<void>(std::string)> work);

  void respond(int status, std::string lines = {}, net::HttpBody body = {});
  void respond_xml(std::string xml, std::string lines = {});
  void fail(const Error& error);
  // For operations' beginnings: fails when they did.
  void started(Result<void> result) {
    if (result.is_error()) fail(result.error());
  }
  void set_cors_lines(std::string lines) { m_cors_lines = std::move(lines); }

 private:
  std::shared_ptr<Context> m_context;
  std::shared_ptr<net::HttpExchange> m_exchange;
  S3Request m_request;
  VerifiedSignature m_signature;
  AccessKey m_access;
  std::string m_request_id;
  std::string m_cors_lines;
};
using CallPtr = std::shared_ptr<Call>;

// A callback that answers with the error, or goes on with the value.
template <typename T, typename Work>
Callback<T> or_fail(CallPtr call, Work work) {
  return [call = std::move(call), work = std::move(work)](Result<T> result) mutable {
    if (result.is_error()) return call->fail(result.error());
    if constexpr (std::is_void_v<T>) call->started(work());
    else call->started(work(std::move(result).value()));
  };
}

}  // namespace adit::bindings::r2::s3
