// The errors of the S3 API. An Error carries its S3 code at the beginning of its message ("NoSuchKey: ..."), so that it passes through
// Result, TRY and byte sources like any other; failure_of() takes it apart again, and gives R2's own errors their S3 code.
// Owner: none; values. Source: Amazon S3 API Reference, "Error Responses".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace adit::bindings::r2::s3 {

struct Failure {
  int status = 500;
  std::string code;
  std::string message;
};

// With the standard message of the code when none is given.
Error error(std::string_view code, std::string_view message = {});
Failure failure_of(const Error& error);
// <Error>...</Error>, S3's body of a failed request.
std::string to_xml(const Failure& failure, std::string_view resource, std::string_view request_id);

}  // namespace adit::bindings::r2::s3
