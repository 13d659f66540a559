// Multipart uploads in the S3 API.
#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

std::string upload_id(const S3Request& request) { return std::string(request.parameter("uploadId").value_or("")); }

Result<uint32_t> part_number(const S3Request& request) {
  auto number = TRY(number_parameter(request, "partNumber", 0, max_part_number));
  if (number == 0) return error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
  return number;
}

}  // namespace

Result<void> create_upload(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto options = TRY(object_options(request));
  bucket->create_upload(
      request.key, std::move(options), or_fail<UploadInfo>(call, [call](UploadInfo made) -> Result<void> {
        XmlWriter xml("InitiateMultipartUploadResult");
        xml.text("Bucket", call->request().bucket).text("Key", made.key).text("UploadId", made.upload_id);
        call->respond_xml(xml.finish());
        return {};
      }));
  return {};
}

Result<void> upload_part(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto number = TRY(part_number(request));
  auto key = TRY(ssec_key(request));
  auto body = TRY(call->body());
  bucket->upload_part(request.key, upload_id(request), number, std::shared_ptr<net::ByteSource>(body), key,
                      or_fail<PartInfo>(call, [call, body](PartInfo part) -> Result<void> {
                        auto lines = "etag: \"" + part.etag + "\"\r\n";
                        if (const auto& sum = body->checksum()) lines += header_line(sum->first, sum->second);
                        call->respond(200, std::move(lines));
                        return {};
                      }));
  return {};
}

Result<void> upload_part_copy(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto number = TRY(part_number(request));
  auto key = TRY(ssec_key(request));
  RangeRequest range;
  if (auto text = request.header("x-amz-copy-source-range")) {
    auto parsed = parse_range(*text);
    if (!parsed || !parsed->length)
      return error("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last");
    range = *parsed;
  }
  return open_copy_source(call, range, [call, bucket, number, key](GetResult source) -> Result<void> {
    bucket->upload_part(call->request().key, upload_id(call->request()), number, std::move(source.body), key,
                        or_fail<PartInfo>(call, [call](PartInfo part) -> Result<void> {
                          XmlWriter xml("CopyPartResult");
                          xml.text("ETag", "\"" + part.etag + "\"").time("LastModified", part.uploaded_ms);
                          call->respond_xml(xml.finish());
                          return {};
                        }));
    return {};
  });
}

Result<void> complete_upload(CallPtr call) {
  auto bucket = TRY(call->bucket());
  return call->with_document([call, bucket](std::string document) -> Result<void> {
    auto parts = TRY(parse_complete_upload(document));
    const auto& request = call->request();
    bucket->complete_upload(request.key, upload_id(request), std::move(parts),
                            or_fail<ObjectInfo>(call, [call](ObjectInfo made) -> Result<void> {
                              const auto& request = call->request();
                              XmlWriter xml("CompleteMultipartUploadResult");
                              xml.text("Location", "/" + request.bucket + "/" + percent_encode(request.key, true));
                              xml.text("Bucket", request.bucket).text("Key", request.key);
                              xml.text("ETag", "\"" + made.etag + "\"");
                              call->respond_xml(xml.finish());
                              return {};
                            }));
    return {};
  });
}

Result<void> abort_upload(CallPtr call) {
  auto bucket = TRY(call->bucket());
  bucket->abort_upload(call->request().key, upload_id(call->request()),
                       or_fail<bool>(call, [call](bool existed) -> Result<void> {
                         if (!existed) return error("NoSuchUpload");
                         call->respond(204);
                         return {};
                       }));
  return {};
}

}  // namespace adit::bindings::r2::s3
