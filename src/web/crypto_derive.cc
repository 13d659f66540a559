#include "web/crypto_derive.h"

#include "web/crypto_openssl.h"
#include "web/digest.h"

namespace adit::web {

// Extract, then expand, each step an HMAC: OpenSSL's own HKDF refuses the empty key that WebCrypto allows.
Result<Bytes> hkdf(std::string hash, BytesView key, BytesView salt, BytesView info, uint32_t size_bytes) {
  auto digest_bytes = static_cast<size_t>(EVP_MD_get_size(TRY(digest_type(hash))));
  if (size_bytes > 255 * digest_bytes) return Error(ErrorKind::operation_error, "HKDF deriveBits failed.");
  // § 2.2: without a salt, as many zeros as the digest has octets; HMAC pads an empty key to the same.
  auto pseudorandom_key = TRY(hmac(hash, salt, key));
  Bytes out;
  Bytes block;
  for (uint8_t counter = 1; out.size() < size_bytes; ++counter) {
    block.insert(block.end(), info.begin(), info.end());
    block.push_back(counter);
    block = TRY(hmac(hash, pseudorandom_key, block));
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(size_bytes);
  return out;
}

Result<Bytes> pbkdf2(std::string hash, BytesView password, BytesView salt, uint32_t iterations, uint32_t size_bytes) {
  const auto* type = TRY(digest_type(hash));
  Bytes out(size_bytes);
  if (size_bytes == 0) return out;
  if (PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(data_or_empty(password)), static_cast<int>(password.size()),
                        data_or_empty(salt), static_cast<int>(salt.size()), static_cast<int>(iterations), type,
                        static_cast<int>(size_bytes), out.data()) != 1)
    return crypto_error(ErrorKind::operation_error, "PBKDF2 deriveBits failed.");
  return out;
}

}  // namespace adit::web
