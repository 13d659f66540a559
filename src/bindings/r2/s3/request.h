// A request of the S3 API, taken apart: bucket and key (path-style, or BUCKET.localhost), query, headers. Owner: none; a value that outlives
// the exchange's buffers. Invariant: bucket, key and query values are decoded; names of headers are lower-case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace adit::bindings::r2::s3 {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct S3Request {
  std::string method;
  std::string path;  // decoded, with the bucket if it is there: what was signed
  Fields query;
  Fields headers;
  std::string bucket;  // empty: the request is for the service
  std::string key;     // empty: for the bucket

  std::optional<std::string_view> header(std::string_view name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;
  bool has(std::string_view parameter_name) const { return parameter(parameter_name).has_value(); }
};

// `target` and `header_block` as HttpExchange has them.
Result<S3Request> parse_request(std::string_view method, std::string_view target, std::string_view header_block);

// RFC 3986 § 2.1; `plus_is_space` for queries. What is no valid escape fails with InvalidArgument.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
// All but RFC 3986's unreserved characters, and "/" where it is kept: what SigV4 and encoding-type=url want.
std::string percent_encode(std::string_view text, bool keep_slash);

// The letters, digits, "-" and "." that a bucket's name may have, 3 to 63 of them.
bool is_bucket_name(std::string_view name);

// "name\0value\0..." as pairs.
Fields fields_of(std::string_view header_block);

}  // namespace adit::bindings::r2::s3
