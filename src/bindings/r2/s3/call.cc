#include "bindings/r2/s3/call.h"

namespace adit::bindings::r2::s3 {
namespace {
constexpr size_t max_document_bytes = 2 * 1024 * 1024;
}

Call::Call(std::shared_ptr<Context> context, std::shared_ptr<net::HttpExchange> exchange)
    : m_context(std::move(context)), m_exchange(std::move(exchange)) {
  Bytes octets(8);
  m_context->shard.random().fill(octets);
  m_request_id = hex_of(octets);
}

Result<void> Call::begin() {
  m_request = TRY(parse_request(m_exchange->method(), m_exchange->target(), m_exchange->header_block()));
  if (m_request.method == "OPTIONS") return {};  // a browser asks before it signs
  const auto& keys = m_context->keys;
  m_signature = TRY(verify_signature(m_request, m_context->shard.clock().unix_ms(),
                                     [&keys](std::string_view id) -> std::optional<std::string> {
                                       const auto* key = keys.find(id);
                                       return key ? std::optional(key->secret) : std::nullopt;
                                     }));
  m_access = *keys.find(m_signature.access_key_id);
  if (is_write() && !m_access.may_write) return error("AccessDenied");
  if (!m_request.bucket.empty() && !m_access.sees(m_request.bucket)) return error("AccessDenied");
  if (m_request.key.size() > max_key_bytes) return error("InvalidObjectName");
  return {};
}

Result<std::shared_ptr<Bucket>> Call::bucket(const std::string& name) {
  if (!m_access.sees(name)) return error("AccessDenied");
  if (!m_context->directory->find(name)) return error("NoSuchBucket");
  return m_context->service.open(name);
}

Result<std::shared_ptr<RequestBodySource>> Call::body() {
  return RequestBodySource::create(m_request, m_signature, m_exchange->body());
}

Result<void> Call::with_document(Function<Result<void>(std::string)> work) {
  read_all(TRY(body()), max_document_bytes, or_fail<std::string>(shared_from_this(), std::move(work)));
  return {};
}

void Call::respond(int status, std::string lines, net::HttpBody body) {
  if (m_context->closed || m_exchange->is_responded()) return;
  lines += "x-amz-request-id: " + m_request_id + "\r\nserver: Adit\r\n" + m_cors_lines;
  // botocore takes an answer that came without the "100 Continue" it asked for as the answer to the connection's next request too.
  if (m_request.header("expect") && (!m_exchange->body() || status >= 400)) lines += "connection: close\r\n";
  m_exchange->respond(status, {}, lines, std::move(body));
}

void Call::respond_xml(std::string xml, std::string lines) {
  respond(200, "content-type: application/xml\r\n" + std::move(lines), copy_bytes(xml));
}

void Call::fail(const Error& error) {
  auto failure = failure_of(error);
  if (failure.status >= 500)
    m_context->shard.logger().error("S3 {} {}: {}", m_request.method, m_request.path, error.full_message());
  if (m_request.method == "HEAD" || failure.status == 304) return respond(failure.status);
  auto xml = to_xml(failure, m_request.path, m_request_id);
  respond(failure.status, "content-type: application/xml\r\n", copy_bytes(xml));
}

}  // namespace adit::bindings::r2::s3
