#include "bindings/r2/s3/error.h"

#include <array>

#include "bindings/r2/object.h"
#include "bindings/r2/s3/xml.h"

namespace adit::bindings::r2::s3 {
namespace {

struct Known {
  std::string_view code;
  int status;
  std::string_view message;
};

constexpr auto known = std::to_array<Known>({
    {"AccessDenied", 403, "Access Denied"},
    {"AuthorizationHeaderMalformed", 400, "The authorization header that you provided is not valid."},
    {"AuthorizationQueryParametersError", 400, "The authorization query parameters are not valid."},
    {"BadDigest", 400, "The checksum that you specified did not match what we received."},
    {"BucketAlreadyOwnedByYou", 409,
     "Your previous request to create the named bucket succeeded and you already own it."},
    {"BucketNotEmpty", 409, "The bucket you tried to delete is not empty."},
    {"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed object size."},
    {"EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed object size."},
    {"ExpiredRequest", 400, "Request has expired"},
    {"IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header."},
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"InvalidArgument", 400, "Invalid Argument"},
    {"InvalidBucketName", 400, "The specified bucket name is not valid."},
    {"InvalidDigest", 400, "The Content-MD5 or checksum value that you specified is not valid."},
    {"InvalidPart", 400, "One or more of the specified parts could not be found."},
    {"InvalidObjectName", 400, "The specified object name is not valid."},
    {"InvalidPartOrder", 400, "The list of parts was not in ascending order."},
    {"InvalidRange", 416, "The requested range is not satisfiable."},
    {"InvalidRegionName", 400, "The specified region is not valid."},
    {"InvalidRequest", 400, "Invalid Request"},
    {"InvalidStorageClass", 400, "The storage class you specified is not valid."},
    {"MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema."},
    {"MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size."},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"MissingContentLength", 411, "You must provide the Content-Length HTTP header."},
    {"NoSuchBucket", 404, "The specified bucket does not exist."},
    {"NoSuchCORSConfiguration", 404, "The CORS configuration does not exist."},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist."},
    {"NoSuchUpload", 404, "The specified multipart upload does not exist."},
    {"NotImplemented", 501, "A header or operation you requested is not implemented."},
    {"NotModified", 304, "Not Modified"},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold."},
    {"RequestTimeTooSkewed", 403, "The difference between the request time and the server's time is too large."},
    {"ServerSideEncryptionConfigurationNotFoundError", 404, "The server side encryption configuration was not found."},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your secret access key and "
     "signing method."},
    {"Unauthorized", 401, "Missing or invalid authentication credentials."},
    {"XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."},
});

const Known* find(std::string_view code) {
  for (const auto& entry : known)
    if (entry.code == code) return &entry;
  return nullptr;
}

std::string_view code_for(Code code) {
  switch (code) {
    case Code::no_such_key:
      return "NoSuchKey";
    case Code::entity_too_large:
      return "EntityTooLarge";
    case Code::entity_too_small:
      return "EntityTooSmall";
    case Code::metadata_too_large:
      return "MetadataTooLarge";
    case Code::invalid_object_name:
      return "InvalidObjectName";
    case Code::no_such_upload:
      return "NoSuchUpload";
    case Code::invalid_part:
    case Code::bad_upload:
      return "InvalidPart";
    case Code::precondition_failed:
      return "PreconditionFailed";
    case Code::bad_digest:
      return "BadDigest";
    case Code::invalid_range:
      return "InvalidRange";
    case Code::invalid_storage_class:
      return "InvalidStorageClass";
    case Code::ssec_key_required:
      return "InvalidRequest";
    case Code::ssec_key_mismatch:
      return "AccessDenied";
    case Code::invalid_max_keys:
      return "InvalidArgument";
    case Code::internal_error:
      break;
  }
  return "InternalError";
}

}  // namespace

Error error(std::string_view code, std::string_view message) {
  const auto* entry = find(code);
  VERIFY(entry);
  return Error(ErrorKind::failed, std::string(code) + ": " + std::string(message.empty() ? entry->message : message));
}

Failure failure_of(const Error& error) {
  auto text = error.full_message();
  if (auto colon = text.find(": "); colon != std::string::npos)
    if (const auto* entry = find(std::string_view(text).substr(0, colon)))
      return {entry->status, std::string(entry->code), text.substr(colon + 2)};
  auto code = code_of(error);
  const auto* entry = find(code ? code_for(*code) : "InternalError");
  // What goes wrong inside is the log's business, not the client's.
  return {entry->status, std::string(entry->code), entry->code == "InternalError" ? std::string(entry->message) : text};
}

std::string to_xml(const Failure& failure, std::string_view resource, std::string_view request_id) {
  XmlWriter xml("Error", false);
  xml.text("Code", failure.code).text("Message", failure.message);
  xml.text("Resource", resource).text("RequestId", request_id);
  return xml.finish();
}

}  // namespace adit::bindings::r2::s3
