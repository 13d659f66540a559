// Keys from secrets: HKDF (RFC 5869) and PBKDF2 (RFC 8018 § 5.2). Owner: any thread; pure functions.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web {

// At most 255 digests long, else an operation_error.
Result<Bytes> hkdf(std::string hash, BytesView key, BytesView salt, BytesView info, uint32_t size_bytes);
Result<Bytes> pbkdf2(std::string hash, BytesView password, BytesView salt, uint32_t iterations, uint32_t size_bytes);

}  // namespace adit::web
