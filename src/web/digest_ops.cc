// The ops behind crypto.subtle.digest, crypto.DigestStream and timingSafeEqual. Owner: the isolate's thread; a large input is
// copied and digested on the blocking pool, so that it holds up nobody else's requests.
#include "js/ops.h"
#include "web/digest.h"
#include "web/platform_services.h"

namespace adit::web {
namespace {

Result<Bytes> digest_now(std::string algorithm, BytesView data) { return digest(algorithm, data); }

js::Promise<Bytes> digest_on_pool(js::Call& call, std::string algorithm, BytesView data) {
  auto [promise, settle] = call.promise<Bytes>();
  struct Work {
    Bytes data;
    Result<Bytes> result = Bytes();
  };
  auto work = std::make_shared<Work>(Work{copy_bytes(data)});
  call.service<PlatformServices>().loop.run_blocking(
      [work, algorithm] { work->result = digest(algorithm, work->data); },
      [work, settle = std::move(settle)]() mutable { settle(std::move(work->result)); });
  return promise;
}

Result<js::Handle<Digest>> digest_start(std::string algorithm) {
  return js::Handle<Digest>(TRY(Digest::create(algorithm)));
}
void digest_update(js::Handle<Digest> digest, BytesView data) { digest->update(data); }
Result<Bytes> digest_finish(js::Handle<Digest> digest) { return digest->finish(); }

bool bytes_equal(BytesView a, BytesView b) { return equal_in_constant_time(a, b); }

// Web Crypto § 10.1.1: the view is filled in place.
void random_fill(js::Call& call, v8::Local<v8::ArrayBufferView> view) {
  auto* data = static_cast<uint8_t*>(view->Buffer()->Data()) + view->ByteOffset();
  call.service<PlatformServices>().random.fill({data, view->ByteLength()});
}

js::ByteString random_uuid(js::Call& call) {
  uint8_t octets[16];
  call.service<PlatformServices>().random.fill(octets);
  // RFC 9562 § 5.4: version 4, variant 10.
  octets[6] = static_cast<uint8_t>((octets[6] & 0x0f) | 0x40);
  octets[8] = static_cast<uint8_t>((octets[8] & 0x3f) | 0x80);
  js::ByteString out;
  out.value.reserve(36);
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.value.push_back('-');
    out.value.push_back("0123456789abcdef"[octets[i] >> 4]);
    out.value.push_back("0123456789abcdef"[octets[i] & 15]);
  }
  return out;
}

}  // namespace

void register_digest(js::OpTable& ops) {
  ops.add<digest_now>("digest_now");
  ops.add<digest_on_pool>("digest_on_pool");
  ops.add<digest_start>("digest_start");
  ops.add<digest_update>("digest_update");
  ops.add<digest_finish>("digest_finish");
  ops.add<bytes_equal>("bytes_equal");
  ops.add<random_fill>("random_fill");
  ops.add<random_uuid>("random_uuid");
}

}  // namespace adit::web
