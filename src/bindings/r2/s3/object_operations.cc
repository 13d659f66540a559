// Objects in the S3 API: get, head, put, copy, delete.
#include "bindings/r2/index.h"
#include "bindings/r2/s3/dates.h"
#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/operations.h"
#include "web/digest.h"

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

// The key that came is the object's, or none came and there is none.
Result<void> check_customers_key(const ObjectInfo& object, const std::optional<SsecKey>& key) {
  if (object.ssec_key_md5.empty() && key)
    return error("InvalidRequest", "The encryption parameters are not applicable to this object.");
  if (object.ssec_key_md5.empty()) return {};
  if (!key) return failure(Code::ssec_key_required);
  if (hex_of(TRY(web::digest("MD5", *key))) != object.ssec_key_md5) return failure(Code::ssec_key_mismatch);
  return {};
}

Result<void> refuse_versions(const S3Request& request) {
  if (request.has("versionId")) return error("NotImplemented", "Versions of objects are not implemented");
  return {};
}

Result<std::optional<uint32_t>> part_number(const S3Request& request) {
  if (!request.has("partNumber")) return std::optional<uint32_t>();
  auto number = TRY(number_parameter(request, "partNumber", 0, max_part_number));
  if (number == 0) return error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
  if (request.header("range"))
    return error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
  return std::optional(number);
}

bool wants_checksum(const S3Request& request) {
  return request.header("x-amz-checksum-mode").value_or("") == "ENABLED";
}

// The answer's status; `lines` get the range, or the checksum of the whole.
int describe_range(const Call& call, const GetRequest& get, const GetResult& found, std::string& lines) {
  if (get.part_number && found.info.part_count > 0)
    lines += "x-amz-mp-parts-count: " + std::to_string(found.info.part_count) + "\r\n";
  bool is_whole = get.range.is_whole() && !get.part_number;
  if (is_whole && wants_checksum(call.request())) lines += checksum_lines(found.info);
  // No Content-Range can say that a part is empty.
  if (is_whole || found.range.length_bytes == 0) return 200;
  auto first = found.range.offset_bytes;
  auto last = first + found.range.length_bytes - 1;
  lines += "content-range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
           std::to_string(found.info.size_bytes) + "\r\n";
  return 206;
}

void answer_object(Call& call, const GetRequest& get, GetResult found) {
  override_metadata(call.request(), found.info);
  auto lines = object_lines(found.info, true) + ssec_lines(call.request());
  auto status = describe_range(call, get, found, lines);
  call.respond(status, std::move(lines), std::move(found.body));
}

// The part as GetObject would answer with it, without the octets.
void head_part(CallPtr call, std::shared_ptr<Bucket> bucket, GetRequest get) {
  auto answer = [call, get](std::optional<GetResult> found) -> Result<void> {
    if (!found) return error("NoSuchKey");
    if (!found->body) return error(is_not_modified(get.conditions, found->info) ? "NotModified" : "PreconditionFailed");
    found->body->cancel(Error(ErrorKind::aborted, "not wanted"));
    override_metadata(call->request(), found->info);
    auto lines = object_lines(found->info, true) + ssec_lines(call->request());
    auto status = describe_range(*call, get, *found, lines);
    lines += "content-length: " + std::to_string(found->range.length_bytes) + "\r\n";
    call->respond(status, std::move(lines));
    return {};
  };
  bucket->get(std::move(get), or_fail<std::optional<GetResult>>(call, std::move(answer)));
}

bool is_satisfiable(const RangeRequest& range, uint64_t size_bytes) {
  auto resolved = resolve_range(range, size_bytes);
  return resolved && resolved->length_bytes > 0 && resolved->offset_bytes < size_bytes;
}

// R2's MERGE: the source's metadata, with what the request names in its place.
void merge_metadata(ObjectOptions& options, const ObjectInfo& source) {
  auto http = http_metadata_of(source.http_metadata);
  auto given = http_metadata_of(options.http_metadata);
  for (auto field : {&HttpMetadata::content_type, &HttpMetadata::content_language, &HttpMetadata::content_disposition,
                     &HttpMetadata::content_encoding, &HttpMetadata::cache_control})
    if (given.*field) http.*field = given.*field;
  if (given.cache_expiry_ms) http.cache_expiry_ms = given.cache_expiry_ms;
  options.http_metadata = to_json(http);
  auto custom = custom_metadata_of(source.custom_metadata);
  for (auto& [name, value] : custom_metadata_of(options.custom_metadata)) {
    std::erase_if(custom, [&key = name](const auto& field) { return field.first == key; });
    custom.emplace_back(name, value);
  }
  options.custom_metadata = to_json(custom);
}

Result<ObjectOptions> copied_options(const S3Request& request, const ObjectInfo& source) {
  auto directive = request.header("x-amz-metadata-directive").value_or("COPY");
  if (directive != "COPY" && directive != "REPLACE" && directive != "MERGE")
    return error("InvalidArgument", "Unknown metadata directive.");
  auto options = TRY(object_options(request));
  if (directive == "REPLACE") return options;
  if (directive == "MERGE") {
    merge_metadata(options, source);
    return options;
  }
  options.http_metadata = source.http_metadata;
  options.custom_metadata = source.custom_metadata;
  return options;
}

// R2's own: the destination's state before, which CopyObject of Amazon's asks by If-Match and the like.
Result<Conditions> destination_conditions(const S3Request& request) {
  auto own = TRY(conditions(request, "cf-copy-destination-"));
  if (!own.is_empty()) return own;
  return conditions(request);
}

}  // namespace

Result<void> get_object(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  TRY(refuse_versions(request));
  GetRequest get;
  get.key = request.key;
  get.part_number = TRY(part_number(request));
  get.conditions = TRY(conditions(request));
  get.ssec_key = TRY(ssec_key(request));
  if (auto range = request.header("range"))
    if (auto parsed = parse_range(*range)) get.range = *parsed;
  bucket->get(get, or_fail<std::optional<GetResult>>(call, [call, get](std::optional<GetResult> found) -> Result<void> {
                if (!found) return error("NoSuchKey");
                if (auto good = check_customers_key(found->info, get.ssec_key); good.is_error()) {
                  if (found->body) found->body->cancel(Error(ErrorKind::aborted, "not wanted"));
                  return good;
                }
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
  TRY(refuse_versions(call->request()));
  auto wanted = TRY(conditions(call->request()));
  if (auto number = TRY(part_number(call->request()))) {
    GetRequest get{call->request().key, std::move(wanted), {}, TRY(ssec_key(call->request())), number};
    head_part(call, std::move(bucket), std::move(get));
    return {};
  }
  auto key = TRY(ssec_key(call->request()));
  bucket->head(
      call->request().key,
      or_fail<std::optional<ObjectInfo>>(call, [call, wanted, key](std::optional<ObjectInfo> found) -> Result<void> {
        if (!found) return error("NoSuchKey");
        if (!wanted.is_empty() && !conditions_hold(wanted, &*found))
          return error(is_not_modified(wanted, *found) ? "NotModified" : "PreconditionFailed");
        TRY(check_customers_key(*found, key));
        override_metadata(call->request(), *found);
        auto lines = object_lines(*found, true) + ssec_lines(call->request());
        if (wants_checksum(call->request())) lines += checksum_lines(*found);
        lines += "content-length: " + std::to_string(found->size_bytes) + "\r\n";
        call->respond(200, std::move(lines));
        return {};
      }));
  return {};
}

static Result<void> put_into(CallPtr call, std::shared_ptr<Bucket> bucket) {
  const auto& request = call->request();
  PutRequest put;
  put.key = request.key;
  put.options = TRY(object_options(request));
  put.conditions = TRY(conditions(request));
  auto body = TRY(call->body());
  put.transfer_checksum = [body] { return body->checksum(); };
  bucket->put(std::move(put), std::shared_ptr<net::ByteSource>(body),
              or_fail<std::optional<ObjectInfo>>(call, [call](std::optional<ObjectInfo> made) -> Result<void> {
                if (!made) return error("PreconditionFailed");
                auto lines = object_lines(*made, false) + ssec_lines(call->request());
                lines += checksum_lines(*made);
                call->respond(200, std::move(lines));
                return {};
              }));
  return {};
}

Result<void> put_object(CallPtr call) {
  return with_bucket(call, [call](std::shared_ptr<Bucket> bucket) { return put_into(call, std::move(bucket)); });
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
    put.conditions = TRY(destination_conditions(call->request()));
    auto checksum = source.info.transfer_checksum;
    if (!checksum.is_composite()) put.transfer_checksum = [checksum] { return checksum; };
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
  TRY(refuse_versions(call->request()));
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
