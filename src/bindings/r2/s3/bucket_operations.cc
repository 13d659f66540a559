#include <algorithm>

#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

Result<BucketRecord> record_of(Call& call) {
  const auto* record = call.context().directory->find(call.request().bucket);
  if (!record) return error("NoSuchBucket");
  return *record;
}

// Stores the changed record and answers with this status.
void put_record(CallPtr call, const BucketRecord& record, int status) {
  call->context().directory->put(call->request().bucket, &record, or_fail<void>(call, [call, status]() -> Result<void> {
                                   call->respond(status);
                                   return {};
                                 }));
}

void delete_if_empty(CallPtr call, std::shared_ptr<Bucket> bucket) {
  bucket->list_uploads({.limit = 1}, or_fail<UploadPage>(call, [call](UploadPage page) -> Result<void> {
                         if (!page.uploads.empty())
                           return error("BucketNotEmpty", "The bucket has multipart uploads in progress.");
                         call->context().directory->put(call->request().bucket, nullptr,
                                                        or_fail<void>(call, [call]() -> Result<void> {
                                                          call->respond(204);
                                                          return {};
                                                        }));
                         return {};
                       }));
}

// The bucket of this request, durably, and then the rest.
Result<void> make_bucket(CallPtr call, Function<Result<void>()> then) {
  const auto& name = call->request().bucket;
  if (!is_bucket_name(name)) return error("InvalidBucketName");
  if (call->access().buckets) return error("AccessDenied");
  BucketRecord record;
  record.created_ms = call->context().shard.clock().unix_ms();
  call->context().directory->put(name, &record, or_fail<void>(call, std::move(then)));
  return {};
}

// A CreateBucketConfiguration, or nothing. All places are here.
Result<void> check_location(const std::string& document) {
  if (document.empty()) return {};
  auto location = TRY(parse_location(document));
  for (const auto* known : {"", "auto", "us-east-1", "wnam", "enam", "weur", "eeur", "apac", "oc"})
    if (location == known) return {};
  return error("InvalidRegionName", "The region name '" + location +
                                        "' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto");
}

struct BucketList {
  std::string prefix;
  std::string start_after;
  std::string token;
  std::string after;  // the last name that is not wanted
  size_t limit = 1000;
  bool is_amazons = false;  // ContinuationToken is the next page's for Amazon's clients, this one's for R2's
};

Result<BucketList> bucket_list(const S3Request& request) {
  auto text = [&](std::string_view name) {
    return std::string(request.header("cf-" + std::string(name)).value_or(request.parameter(name).value_or("")));
  };
  BucketList list;
  list.prefix = text("prefix");
  list.start_after = list.after = text("start-after");
  list.token = text("continuation-token");
  if (!list.token.empty()) {
    auto name = bytes_of_base64(list.token);
    if (!name) return error("InvalidArgument", "The continuation token provided is incorrect");
    list.after = text_of(*name);
  }
  list.is_amazons = request.has("max-buckets");
  S3Request numbers;
  for (const auto* name : {"max-buckets", "max-keys"})
    if (auto value = text(name); !value.empty()) numbers.query.assign({{"max-keys", value}});
  list.limit = std::min<size_t>(TRY(number_parameter(numbers, "max-keys", 1000, INT32_MAX)), 1000);
  return list;
}

}  // namespace

// R2's extension: ListBuckets has the parameters of ListObjectsV2, in the query or, which wins, as headers. Amazon's max-buckets is max-keys.
Result<void> list_buckets(CallPtr call) {
  auto list = TRY(bucket_list(call->request()));
  std::vector<std::pair<std::string, int64_t>> found;
  bool is_truncated = false;
  const auto& all = call->context().directory->all();
  for (auto at = all.lower_bound(list.prefix); at != all.end() && at->first.starts_with(list.prefix); ++at) {
    if (at->first <= list.after || !call->access().sees(at->first)) continue;
    is_truncated = found.size() == list.limit;
    if (is_truncated) break;
    found.emplace_back(at->first, at->second.created_ms);
  }
  XmlWriter xml("ListAllMyBucketsResult");
  xml.open("Owner").text("ID", call->access().id).text("DisplayName", call->access().id).close();
  xml.open("Buckets");
  for (const auto& [name, created_ms] : found)
    xml.open("Bucket").text("Name", name).time("CreationDate", created_ms).close();
  xml.close();
  if (!list.prefix.empty()) xml.text("Prefix", list.prefix);
  if (!list.start_after.empty()) xml.text("StartAfter", list.start_after);
  if (!list.token.empty() && !list.is_amazons) xml.text("ContinuationToken", list.token);
  xml.number("MaxKeys", list.limit).number("KeyCount", found.size()).boolean("IsTruncated", is_truncated);
  std::string lines = is_truncated ? "cf-is-truncated: true\r\n" : "cf-is-truncated: false\r\n";
  if (is_truncated && !found.empty()) {
    auto token = base64_of(bytes_of(found.back().first));
    xml.text(list.is_amazons ? "ContinuationToken" : "NextContinuationToken", token);
    lines += "cf-next-continuation-token: " + token + "\r\n";
  }
  call->respond_xml(xml.finish(), std::move(lines));
  return {};
}

Result<void> create_bucket(CallPtr call) {
  return call->with_document([call](std::string document) -> Result<void> {
    TRY(check_location(document));
    if (call->context().directory->find(call->request().bucket)) return error("BucketAlreadyOwnedByYou");
    return make_bucket(call, [call]() -> Result<void> {
      call->respond(200, "location: /" + call->request().bucket + "\r\n");
      return {};
    });
  });
}

Result<void> with_bucket(CallPtr call, Function<Result<void>(std::shared_ptr<Bucket>)> work) {
  bool may_make = call->request().header("cf-create-bucket-if-missing").value_or("") == "true";
  if (!may_make || call->context().directory->find(call->request().bucket)) return work(TRY(call->bucket()));
  return make_bucket(call,
                     [call, work = std::move(work)]() mutable -> Result<void> { return work(TRY(call->bucket())); });
}

Result<void> head_bucket(CallPtr call) {
  TRY(call->bucket());
  call->respond(200, "x-amz-bucket-region: auto\r\n");
  return {};
}

Result<void> delete_bucket(CallPtr call) {
  auto bucket = TRY(call->bucket());
  if (call->access().buckets) return error("AccessDenied");
  bucket->list({.limit = 1}, or_fail<ListPage>(call, [call, bucket](ListPage page) -> Result<void> {
                 if (!page.objects.empty()) return error("BucketNotEmpty");
                 delete_if_empty(call, bucket);
                 return {};
               }));
  return {};
}

Result<void> get_bucket_location(CallPtr call) {
  TRY(call->bucket());
  call->respond_xml(XmlWriter("LocationConstraint").finish());
  return {};
}

Result<void> get_bucket_versioning(CallPtr call) {
  TRY(call->bucket());
  call->respond_xml(XmlWriter("VersioningConfiguration").finish());
  return {};
}

// What is on the disk is as it came, unless a customer's key sealed it: there is no encryption to tell of.
Result<void> get_bucket_encryption(CallPtr call) {
  TRY(call->bucket());
  return error("ServerSideEncryptionConfigurationNotFoundError");
}

Result<void> get_bucket_cors(CallPtr call) {
  auto record = TRY(record_of(*call));
  if (record.cors.empty()) return error("NoSuchCORSConfiguration");
  call->respond_xml(to_xml(record.cors));
  return {};
}

Result<void> put_bucket_cors(CallPtr call) {
  TRY(record_of(*call));
  return call->with_document([call](std::string xml) -> Result<void> {
    auto record = TRY(record_of(*call));
    record.cors = TRY(parse_cors(xml));
    put_record(call, record, 200);
    return {};
  });
}

Result<void> delete_bucket_cors(CallPtr call) {
  auto record = TRY(record_of(*call));
  record.cors.clear();
  put_record(call, record, 204);
  return {};
}

Result<void> get_bucket_lifecycle(CallPtr call) {
  auto record = TRY(record_of(*call));
  if (record.lifecycle.empty()) return error("NoSuchLifecycleConfiguration");
  call->respond_xml(to_xml(record.lifecycle));
  return {};
}

Result<void> put_bucket_lifecycle(CallPtr call) {
  TRY(record_of(*call));
  return call->with_document([call](std::string xml) -> Result<void> {
    auto record = TRY(record_of(*call));
    record.lifecycle = TRY(parse_lifecycle(xml));
    put_record(call, record, 200);
    return {};
  });
}

Result<void> delete_bucket_lifecycle(CallPtr call) {
  auto record = TRY(record_of(*call));
  record.lifecycle.clear();
  put_record(call, record, 204);
  return {};
}

}  // namespace adit::bindings::r2::s3
