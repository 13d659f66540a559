// The lists of the S3 API: objects (both versions), multipart uploads, parts.
#include <charconv>

#include "bindings/r2/checksum.h"
#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/operations.h"

namespace adit::bindings::r2::s3 {
namespace {

// Keys as the client asked for them.
class KeyText {
 public:
  static Result<KeyText> create(const S3Request& request) {
    auto type = request.parameter("encoding-type");
    if (type && *type != "url") return error("InvalidArgument", "Invalid Encoding Method specified in Request");
    return KeyText(type.has_value());
  }
  std::string operator()(std::string_view key) const { return m_is_url ? percent_encode(key, true) : std::string(key); }
  void write(XmlWriter& xml) const {
    if (m_is_url) xml.text("EncodingType", "url");
  }

 private:
  explicit KeyText(bool is_url) : m_is_url(is_url) {}
  bool m_is_url;
};

std::string parameter(const S3Request& request, std::string_view name) {
  return std::string(request.parameter(name).value_or(""));
}

void write_owner(XmlWriter& xml, const Call& call, const char* element) {
  xml.open(element).text("ID", call.access().id).text("DisplayName", call.access().id).close();
}

void write_checksum_kind(XmlWriter& xml, const ObjectInfo& object) {
  if (object.transfer_checksum.name.empty()) return;
  xml.text("ChecksumAlgorithm", algorithm_of(object.transfer_checksum.name));
  xml.text("ChecksumType", object.transfer_checksum.is_composite() ? "COMPOSITE" : "FULL_OBJECT");
}

void write_contents(XmlWriter& xml, const Call& call, const KeyText& text, const ListPage& page, bool with_owner) {
  for (const auto& object : page.objects) {
    xml.open("Contents").text("Key", text(object.key)).time("LastModified", object.uploaded_ms);
    xml.text("ETag", "\"" + object.etag + "\"").number("Size", object.size_bytes);
    xml.text("StorageClass", s3_storage_class(object.storage_class));
    write_checksum_kind(xml, object);
    if (with_owner) write_owner(xml, call, "Owner");
    xml.close();
  }
  for (const auto& prefix : page.prefixes) xml.open("CommonPrefixes").text("Prefix", text(prefix)).close();
}

Result<ListRequest> list_request(const S3Request& request) {
  ListRequest out;
  out.prefix = parameter(request, "prefix");
  out.delimiter = parameter(request, "delimiter");
  out.limit = TRY(number_parameter(request, "max-keys", max_list_keys, INT32_MAX));
  out.limit = std::min(out.limit, max_list_keys);
  return out;
}

// An empty page needs no look at the bucket.
void run_list(CallPtr call, std::shared_ptr<Bucket> bucket, ListRequest list, Function<Result<void>(ListPage)> work) {
  if (list.limit == 0) return call->started(work({}));
  bucket->list(std::move(list), or_fail<ListPage>(call, std::move(work)));
}

}  // namespace

Result<uint32_t> number_parameter(const S3Request& request, std::string_view name, uint32_t otherwise, uint32_t most) {
  auto text = request.parameter(name);
  if (!text || text->empty()) return otherwise;
  uint32_t value = 0;
  auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (code != std::errc() || end != text->data() + text->size() || value > most)
    return error("InvalidArgument", "Argument " + std::string(name) + " is not valid");
  return value;
}

Result<void> list_objects(CallPtr call) {
  auto bucket = TRY(call->bucket());
  auto text = TRY(KeyText::create(call->request()));
  auto list = TRY(list_request(call->request()));
  // A marker that is a common prefix passes over all of it, as R2's cursor does.
  auto marker = parameter(call->request(), "marker");
  list.cursor = marker;
  auto limit = list.limit;
  run_list(call, bucket, list, [call, text, list, marker, limit](ListPage page) -> Result<void> {
    const auto& request = call->request();
    XmlWriter xml("ListBucketResult");
    xml.text("Name", request.bucket).text("Prefix", text(list.prefix)).text("Marker", text(marker));
    if (!list.delimiter.empty()) xml.text("Delimiter", text(list.delimiter));
    xml.number("MaxKeys", limit).boolean("IsTruncated", page.is_truncated());
    if (page.is_truncated()) xml.text("NextMarker", text(page.cursor));
    text.write(xml);
    write_contents(xml, *call, text, page, true);
    call->respond_xml(xml.finish());
    return {};
  });
  return {};
}

Result<void> list_objects_v2(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto text = TRY(KeyText::create(request));
  auto list = TRY(list_request(request));
  list.start_after = parameter(request, "start-after");
  auto token = parameter(request, "continuation-token");
  if (!token.empty()) {
    auto cursor = bytes_of_base64(token);
    if (!cursor) return error("InvalidArgument", "The continuation token provided is incorrect");
    list.cursor = text_of(*cursor);
  }
  bool with_owner = request.parameter("fetch-owner") == "true";
  run_list(call, bucket, list, [call, text, list, token, with_owner](ListPage page) -> Result<void> {
    const auto& request = call->request();
    XmlWriter xml("ListBucketResult");
    xml.text("Name", request.bucket).text("Prefix", text(list.prefix));
    if (!list.delimiter.empty()) xml.text("Delimiter", text(list.delimiter));
    xml.number("MaxKeys", list.limit).number("KeyCount", page.objects.size() + page.prefixes.size());
    xml.boolean("IsTruncated", page.is_truncated());
    if (!token.empty()) xml.text("ContinuationToken", token);
    if (page.is_truncated()) xml.text("NextContinuationToken", base64_of(bytes_of(page.cursor)));
    if (!list.start_after.empty()) xml.text("StartAfter", text(list.start_after));
    text.write(xml);
    write_contents(xml, *call, text, page, with_owner);
    call->respond_xml(xml.finish());
    return {};
  });
  return {};
}

Result<void> list_uploads(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto text = TRY(KeyText::create(request));
  ListUploadsRequest list;
  list.prefix = parameter(request, "prefix");
  list.delimiter = parameter(request, "delimiter");
  list.after_key = parameter(request, "key-marker");
  list.after_upload_id = parameter(request, "upload-id-marker");
  list.limit = std::min<size_t>(TRY(number_parameter(request, "max-uploads", 1000, INT32_MAX)), 1000);
  bucket->list_uploads(
      list, or_fail<UploadPage>(call, [call, text, list](UploadPage page) -> Result<void> {
        XmlWriter xml("ListMultipartUploadsResult");
        xml.text("Bucket", call->request().bucket).text("KeyMarker", text(list.after_key));
        xml.text("UploadIdMarker", list.after_upload_id).text("Prefix", text(list.prefix));
        if (!list.delimiter.empty()) xml.text("Delimiter", text(list.delimiter));
        if (page.is_truncated && !page.last_key.empty())
          xml.text("NextKeyMarker", text(page.last_key)).text("NextUploadIdMarker", page.last_upload_id);
        xml.number("MaxUploads", list.limit).boolean("IsTruncated", page.is_truncated);
        text.write(xml);
        for (const auto& upload : page.uploads) {
          xml.open("Upload").text("Key", text(upload.key)).text("UploadId", upload.upload_id);
          write_owner(xml, *call, "Initiator");
          write_owner(xml, *call, "Owner");
          xml.text("StorageClass", s3_storage_class(upload.storage_class)).time("Initiated", upload.created_ms);
          if (!upload.checksum_name.empty()) xml.text("ChecksumAlgorithm", algorithm_of(upload.checksum_name));
          xml.close();
        }
        for (const auto& prefix : page.prefixes) xml.open("CommonPrefixes").text("Prefix", text(prefix)).close();
        call->respond_xml(xml.finish());
        return {};
      }));
  return {};
}

Result<void> list_parts(CallPtr call) {
  auto bucket = TRY(call->bucket());
  const auto& request = call->request();
  auto text = TRY(KeyText::create(request));
  auto limit = std::min<uint32_t>(TRY(number_parameter(request, "max-parts", 1000, INT32_MAX)), 1000);
  auto after = TRY(number_parameter(request, "part-number-marker", 0, INT32_MAX));
  auto answer = [call, text, limit, after](PartPage page) -> Result<void> {
    XmlWriter xml("ListPartsResult");
    xml.text("Bucket", call->request().bucket)
        .text("Key", text(page.upload.key))
        .text("UploadId", page.upload.upload_id);
    write_owner(xml, *call, "Initiator");
    write_owner(xml, *call, "Owner");
    xml.text("StorageClass", s3_storage_class(page.upload.storage_class)).number("PartNumberMarker", after);
    if (page.is_truncated && !page.parts.empty()) xml.number("NextPartNumberMarker", page.parts.back().number);
    if (!page.upload.checksum_name.empty()) xml.text("ChecksumAlgorithm", algorithm_of(page.upload.checksum_name));
    xml.number("MaxParts", limit).boolean("IsTruncated", page.is_truncated);
    for (const auto& part : page.parts) {
      xml.open("Part").number("PartNumber", part.number).time("LastModified", part.uploaded_ms);
      xml.text("ETag", "\"" + part.etag + "\"").number("Size", part.size_bytes);
      if (!part.checksum.name.empty()) xml.text(checksum_element(part.checksum.name), part.checksum.value);
      xml.close();
    }
    call->respond_xml(xml.finish());
    return {};
  };
  bucket->list_parts(request.key, parameter(request, "uploadId"), after, limit, or_fail<PartPage>(call, answer));
  return {};
}

}  // namespace adit::bindings::r2::s3
