// Objects in the S3 API: get, head, put, copy, delete.
#include "bindings/r2/s3/dates.h"
#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

// response-content-type and the like change the answer to this one request.
void override_metadata(const S3Request& request, ObjectInfo& object) {
  auto http = http_metadata_of(object.http_metadata);
  bool changed = false;
  auto set = [&](std::string_view name, std::optional<std::string>& field) {
    auto value = request.parameter(name);
    if (!value) return;
    field = std::string(*value);
    changed = true;
  };
  set("response-content-type", http.content_type);
  set("response-content-language", http.content_language);
  set("response-content-disposition", http.content_disposition);
  set("response-content-encoding", http.content_encoding);
  set("response-cache-control", http.cache_control);
  if (auto expires = request.parameter("response-expires")) {
    http.cache_expiry_ms = parse_http_date(*expires);
    changed = true;
  }
  if (changed) object.http_metadata = to_json(http);
}

// What an answer repeats of the customer's key.
std::string ssec_lines(const S3Request& request) {
  constexpr std::string_view name = "x-amz-server-side-encryption-customer-key-md5";
  auto md5 = request.header(name);
  return md5 ? header_line(name, *md5) : std::string();
}

Result<void> refuse_part_number(const S3Request& request) {
  if (request.has("partNumber"))
    return error("NotImplemented", "GetObject and HeadObject with partNumber are not implemented");
  if (request.has("versionId")) return error("NotImplemented", "Versions of objects are not implemented");
  return {};
}

void answer_object(Call& call, const GetRequest& get, GetResult found) {
  override_metadata(call.request(), found.info);
  auto lines = object_lines(found.info, true) + ssec_lines(call.request());
  if (get.range.is_whole()) return call.respond(200, std::move(lines), std::move(found.body));
  auto first = found.range.offset_bytes;
  auto last = first + found.range.length_bytes - 1;
  lines += "content-range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
           std::to_string(found.info.size_bytes) + "\r\n";
  call.respond(206, std::move(lines), std::move(found.body));
}

bool is_satisfiable(const RangeRequest& range, uint64_t size_bytes) {
  auto resolved = resolve_range(range, size_bytes);
  return resolved && resolved->length_bytes > 0 && resolved->offset_bytes < size_bytes;
}

Result<ObjectOptions> copied_options(const S3Request& request, const ObjectInfo& source) {
  auto directive = request.header("x-amz-metadata-directive").value_or("COPY");
  if (directive != "COPY" && directive != "REPLACE") return error("InvalidArgument", "Unknown metadata directive.");
  auto options = TRY(object_options(request));
  if (directive == "REPLACE") return options;
  options.http_metadata = source.http_metadata;
  options.custom_metadata = source.custom_metadata;
  return options;
}

}  // namespace

Result<void> get_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  TRY(refuse_part_number(request));
  GetRequest get;
  get.key = request.key;
  get.conditions = TRY(conditions(request));
  get.ssec_key = TRY(ssec_key(request));
  if (auto range = request.header("range"))
    if (auto parsed = parse_range(*range)) get.range = *parsed;
  bucket->get(get, or_fail<std::optional<GetResult>>(call, [call, get](std::optional<GetResult> found) -> Result<void> {
                if (!found) return error("NoSuchKey");
                if (!found->body)
                  return error(is_not_modified(get.conditions, found->info) ? "NotModified" : "PreconditionFailed");
                if (!get.range.is_whole() && !is_satisfiable(get.range, found->info.size_bytes)) {
                  found->body->cancel(Error(ErrorKind::aborted, "not wanted"));
                  return error("InvalidRange");
                }
                answer_object(*call, get, std::move(*found));
                return {};
              }));
  return {};
}

Result<void> head_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  TRY(refuse_part_number(call->request()));
  auto wanted = TRY(conditions(call->request()));
  bucket->head(
      call->request().key,
      or_fail<std::optional<ObjectInfo>>(call, [call, wanted](std::optional<ObjectInfo> found) -> Result<void> {
        if (!found) return error("NoSuchKey");
        if (!wanted.is_empty() && !conditions_hold(wanted, &*found))
          return error(is_not_modified(wanted, *found) ? "NotModified" : "PreconditionFailed");
        if (!found->ssec_key_md5.empty() && !call->request().header("x-amz-server-side-encryption-customer-key"))
          return error("InvalidRequest", "The object is encrypted with a customer's key");
        override_metadata(call->request(), *found);
        auto lines = object_lines(*found, true) + ssec_lines(call->request());
        lines += "content-length: " + std::to_string(found->size_bytes) + "\r\n";
        call->respond(200, std::move(lines));
        return {};
      }));
  return {};
}

Result<void> put_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  PutRequest put;
  put.key = request.key;
  put.options = TRY(object_options(request));
  put.conditions = TRY(conditions(request));
  auto body = TRY(call->body());
  bucket->put(std::move(put), std::shared_ptr<net::ByteSource>(body),
              or_fail<std::optional<ObjectInfo>>(call, [call, body](std::optional<ObjectInfo> made) -> Result<void> {
                if (!made) return error("PreconditionFailed");
                auto lines = object_lines(*made, false) + ssec_lines(call->request());
                if (const auto& checksum = body->checksum()) lines += header_line(checksum->first, checksum->second);
                call->respond(200, std::move(lines));
                return {};
              }));
  return {};
}

Result<void> open_copy_source(CallPtr call, RangeRequest range, Function<Result<void>(GetResult)> work) {
  const auto& request = call->request();
  std::string_view text = request.header("x-amz-copy-source").value_or("");
  if (auto version = text.find("?versionId="); version != std::string_view::npos)
    return error("NotImplemented", "Versions of objects are not implemented");
  auto source = TRY(percent_decode(text, false));
  if (source.starts_with('/')) source.erase(0, 1);
  auto slash = source.find('/');
  if (slash == std::string::npos || slash + 1 == source.size())
    return error("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  auto bucket = TRY(call->bucket(source.substr(0, slash)));
  GetRequest get;
  get.key = source.substr(slash + 1);
  get.range = range;
  get.conditions = TRY(conditions(request, "x-amz-copy-source-"));
  get.ssec_key = TRY(ssec_key(request, true));
  auto found = [range, work = std::move(work)](std::optional<GetResult> result) mutable -> Result<void> {
    if (!result) return error("NoSuchKey");
    if (!result->body) return error("PreconditionFailed");
    if (!range.is_whole() && !is_satisfiable(range, result->info.size_bytes)) return error("InvalidRange");
    return work(std::move(*result));
  };
  bucket->get(std::move(get), or_fail<std::optional<GetResult>>(call, std::move(found)));
  return {};
}

Result<void> copy_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  return open_copy_source(call, {}, [call, bucket](GetResult source) -> Result<void> {
    PutRequest put;
    put.key = call->request().key;
    put.options = TRY(copied_options(call->request(), source.info));
    put.conditions = TRY(conditions(call->request()));
    bucket->put(std::move(put), std::move(source.body),
                or_fail<std::optional<ObjectInfo>>(call, [call](std::optional<ObjectInfo> made) -> Result<void> {
                  if (!made) return error("PreconditionFailed");
                  XmlWriter xml("CopyObjectResult");
                  xml.text("ETag", "\"" + made->etag + "\"").time("LastModified", made->uploaded_ms);
                  call->respond_xml(xml.finish(), ssec_lines(call->request()));
                  return {};
                }));
    return {};
  });
}

Result<void> delete_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  TRY(refuse_part_number(call->request()));
  bucket->remove({call->request().key}, or_fail<void>(call, [call]() -> Result<void> {
                   call->respond(204);
                   return {};
                 }));
  return {};
}

Result<void> delete_objects(CallPtr call) {
  auto bucket = TRY(call->bucket());
  return call->with_document([call, bucket](std::string xml) -> Result<void> {
    auto request = TRY(parse_delete(xml));
    auto keys = request.keys;
    bucket->remove(std::move(keys), or_fail<void>(call, [call, request = std::move(request)]() -> Result<void> {
                     XmlWriter answer("DeleteResult");
                     if (!request.quiet)
                       for (const auto& key : request.keys) answer.open("Deleted").text("Key", key).close();
                     call->respond_xml(answer.finish());
                     return {};
                   }));
    return {};
  });
}

}  // namespace adit::bindings::r2::s3
