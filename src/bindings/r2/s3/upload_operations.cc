// Multipart uploads in the S3 API.
#include <charconv>

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

// What the request says that the object must turn out to be.
Result<Completion> completion_of(const S3Request& request, const std::string& document) {
  Completion completion;
  completion.parts = TRY(parse_complete_upload(document));
  if (auto size = request.header("x-amz-mp-object-size")) {
    uint64_t bytes = 0;
    auto [end, code] = std::from_chars(size->data(), size->data() + size->size(), bytes);
    if (code != std::errc() || end != size->data() + size->size())
      return error("InvalidRequest", "Value for x-amz-mp-object-size header is invalid.");
    completion.size_bytes = bytes;
  }
  for (const auto* name : {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"})
    if (auto value = request.header("x-amz-checksum-" + std::string(name)))
      completion.checksum = {name, std::string(*value)};
  return completion;
}

std::string upload_checksum_lines(const std::string& name) {
  if (name.empty()) return {};
  return "x-amz-checksum-algorithm: " + algorithm_of(name) +
         "\r\nx-amz-checksum-type: " + (name == "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE") + "\r\n";
}

}  // namespace

static Result<void> create_in(CallPtr call, std::shared_ptr<Bucket> bucket) {
  const auto& request = call->request();
  auto options = TRY(object_options(request));
  options.checksum_name = TRY(upload_checksum_name(request));
  bucket->create_upload(
      request.key, std::move(options), or_fail<UploadInfo>(call, [call](UploadInfo made) -> Result<void> {
        XmlWriter xml("InitiateMultipartUploadResult");
        xml.text("Bucket", call->request().bucket).text("Key", made.key).text("UploadId", made.upload_id);
        call->respond_xml(xml.finish(), upload_checksum_lines(made.checksum_name));
        return {};
      }));
  return {};
}

Result<void> create_upload(CallPtr call) {
  return with_bucket(call, [call](std::shared_ptr<Bucket> bucket) { return create_in(call, std::move(bucket)); });
}

Result<void> upload_part(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto number = TRY(part_number(request));
  auto key = TRY(ssec_key(request));
  auto body = TRY(call->body());
  bucket->upload_part(
      request.key, upload_id(request), number, std::shared_ptr<net::ByteSource>(body), key,
      [body] { return body->checksum(); }, or_fail<PartInfo>(call, [call](PartInfo part) -> Result<void> {
        auto lines = "etag: \"" + part.etag + "\"\r\n" + checksum_line(part.checksum);
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
    bucket->upload_part(call->request().key, upload_id(call->request()), number, std::move(source.body), key, nullptr,
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
    const auto& request = call->request();
    auto completion = TRY(completion_of(request, document));
    bucket->complete_upload(request.key, upload_id(request), std::move(completion),
                            or_fail<ObjectInfo>(call, [call](ObjectInfo made) -> Result<void> {
                              const auto& request = call->request();
                              XmlWriter xml("CompleteMultipartUploadResult");
                              xml.text("Location", "/" + request.bucket + "/" + percent_encode(request.key, true));
                              xml.text("Bucket", request.bucket).text("Key", request.key);
                              xml.text("ETag", "\"" + made.etag + "\"");
                              if (const auto& checksum = made.transfer_checksum; !checksum.name.empty())
                                xml.text(checksum_element(checksum.name), checksum.value)
                                    .text("ChecksumType", checksum.is_composite() ? "COMPOSITE" : "FULL_OBJECT");
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
