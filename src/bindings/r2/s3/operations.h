// The operations of the S3 API. Each takes a call whose signature is good, begins its work and answers when it is done; what is wrong with
// the request itself is its result. Owner: the shard that serves the S3 API. Source: Amazon S3 API Reference, "Actions".
#pragma once

#include "bindings/r2/s3/call.h"

namespace adit::bindings::r2::s3 {

// bucket_operations.cc
Result<void> list_buckets(CallPtr call);
Result<void> create_bucket(CallPtr call);
Result<void> head_bucket(CallPtr call);
Result<void> delete_bucket(CallPtr call);
Result<void> get_bucket_location(CallPtr call);
Result<void> get_bucket_versioning(CallPtr call);
Result<void> get_bucket_encryption(CallPtr call);
Result<void> get_bucket_cors(CallPtr call);
Result<void> put_bucket_cors(CallPtr call);
Result<void> delete_bucket_cors(CallPtr call);
Result<void> get_bucket_lifecycle(CallPtr call);
Result<void> put_bucket_lifecycle(CallPtr call);
Result<void> delete_bucket_lifecycle(CallPtr call);

// list_operations.cc
Result<void> list_objects(CallPtr call);
Result<void> list_objects_v2(CallPtr call);
Result<void> list_uploads(CallPtr call);
Result<void> list_parts(CallPtr call);

// object_operations.cc
Result<void> get_object(CallPtr call);
Result<void> head_object(CallPtr call);
Result<void> put_object(CallPtr call);
Result<void> copy_object(CallPtr call);
Result<void> delete_object(CallPtr call);
Result<void> delete_objects(CallPtr call);

// upload_operations.cc
Result<void> create_upload(CallPtr call);
Result<void> upload_part(CallPtr call);
Result<void> upload_part_copy(CallPtr call);
Result<void> complete_upload(CallPtr call);
Result<void> abort_upload(CallPtr call);

// Runs work(bucket) for a write: cf-create-bucket-if-missing makes a bucket that is not there.
Result<void> with_bucket(CallPtr call, Function<Result<void>(std::shared_ptr<Bucket>)> work);
// Opens the source that x-amz-copy-source names, for copy_object and upload_part_copy. A source whose conditions do not hold fails.
Result<void> open_copy_source(CallPtr call, RangeRequest range, Function<Result<void>(GetResult)> work);
// The number of a query parameter, at most `most`; InvalidArgument.
Result<uint32_t> number_parameter(const S3Request& request, std::string_view name, uint32_t otherwise, uint32_t most);

// cors.cc: the lines for an answer to this origin, and the answer to a preflight request.
std::string cors_lines(const BucketRecord& bucket, const S3Request& request);
Result<void> answer_preflight(CallPtr call);

}  // namespace adit::bindings::r2::s3
