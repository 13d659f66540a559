// Fuzzes what the S3 API reads before it knows who sent it, and what a signed request may carry: targets, headers, signatures, chunks and
// documents. The first octet chooses.
#include "bindings/r2/checksum.h"
#include "bindings/r2/s3/chunked.h"
#include "bindings/r2/s3/headers.h"
#include "bindings/r2/s3/signature.h"
#include "bindings/r2/s3/xml.h"

using namespace adit;
using namespace adit::bindings::r2;

namespace {

// What of it there is lies within the object.
void fuzz_range(std::string_view text) {
  auto range = s3::parse_range(text);
  if (!range) return;
  for (uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{1000}, uint64_t{1} << 62}) {
    auto resolved = resolve_range(*range, size);
    VERIFY(!resolved || (resolved->offset_bytes <= size && resolved->length_bytes <= size - resolved->offset_bytes));
  }
}

void fuzz_request(std::string_view text) {
  auto line = text.substr(0, text.find('\n'));
  auto block = line.size() < text.size() ? text.substr(line.size() + 1) : std::string_view();
  auto request = s3::parse_request("GET", line, block);
  if (request.is_error()) return;
  s3::verify_signature(request.value(), 1'700'000'000'000, [](std::string_view) {
    return std::optional<std::string>("secret");
  }).ignore();
  s3::object_options(request.value()).ignore();
  s3::conditions(request.value()).ignore();
  s3::ssec_key(request.value()).ignore();
  if (auto range = request.value().header("range")) fuzz_range(*range);
}

// In pieces, so that every state meets an end of input.
void fuzz_chunks(BytesView input, bool is_signed) {
  s3::VerifiedSignature seed;
  seed.signing_key = Bytes(32, 1);
  s3::ChunkDecoder decoder(is_signed ? std::optional(seed) : std::nullopt);
  Bytes out;
  for (size_t at = 0; at < input.size(); at += 7)
    if (decoder.write(input.subspan(at, std::min<size_t>(7, input.size() - at)), out).is_error()) return;
}

void fuzz_documents(std::string_view text) {
  s3::parse_complete_upload(text).ignore();
  s3::parse_delete(text).ignore();
  // What was understood is understood again after it was written.
  if (auto rules = s3::parse_cors(text); rules.is_ok()) VERIFY(s3::parse_cors(s3::to_xml(rules.value())).is_ok());
  if (auto rules = s3::parse_lifecycle(text); rules.is_ok())
    VERIFY(s3::parse_lifecycle(s3::to_xml(rules.value())).is_ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  BytesView input(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      fuzz_request(text_of(input));
      break;
    case 1:
    case 2:
      fuzz_chunks(input, data[0] % 4 == 2);
      break;
    default:
      fuzz_documents(text_of(input));
  }
  return 0;
}
