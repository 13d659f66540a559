// Message digests and HMAC (WebCrypto § 30 and § 31) over OpenSSL's EVP, and comparison in constant time.
// Owner: any thread; a Digest belongs to one at a time. Invariant: a finished Digest is not used again.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;

namespace adit::web {

class Digest {
 public:
  // By the standard's names (SHA-1, SHA-256, SHA-384, SHA-512) or MD5, which Workers have too; case does not matter.
  static Result<std::unique_ptr<Digest>> create(std::string_view algorithm);
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void update(BytesView data);
  Result<Bytes> finish();

 private:
  Digest() = default;
  EVP_MD_CTX* m_context = nullptr;
  bool m_finished = false;
};

// OpenSSL's object for a hash, by the names that Digest::create takes.
Result<const EVP_MD*> digest_type(std::string_view algorithm);
Result<Bytes> digest(std::string_view algorithm, BytesView data);
Result<Bytes> hmac(std::string algorithm, BytesView key, BytesView data);
// The time it takes depends on the lengths only.
bool equal_in_constant_time(BytesView a, BytesView b);

}  // namespace adit::web
