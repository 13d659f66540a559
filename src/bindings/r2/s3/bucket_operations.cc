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

}  // namespace

Result<void> list_buckets(CallPtr call) {
  XmlWriter xml("ListAllMyBucketsResult");
  xml.open("Owner").text("ID", call->access().id).text("DisplayName", call->access().id).close();
  xml.open("Buckets");
  for (const auto& [name, record] : call->context().directory->all())
    if (call->access().sees(name))
      xml.open("Bucket").text("Name", name).time("CreationDate", record.created_ms).close();
  call->respond_xml(xml.finish());
  return {};
}

Result<void> create_bucket(CallPtr call) {
  const auto& name = call->request().bucket;
  if (!is_bucket_name(name)) return error("InvalidBucketName");
  if (call->access().buckets) return error("AccessDenied");
  auto& directory = *call->context().directory;
  if (directory.find(name)) return error("BucketAlreadyOwnedByYou");
  BucketRecord record;
  record.created_ms = call->context().shard.clock().unix_ms();
  directory.put(name, &record, or_fail<void>(call, [call]() -> Result<void> {
                  call->respond(200, "location: /" + call->request().bucket + "\r\n");
                  return {};
                }));
  return {};
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
