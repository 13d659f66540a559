#include "web/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

namespace adit::web {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view upper) {
  if (a.size() != upper.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    char unit = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 0x20) : a[i];
    if (unit != upper[i]) return false;
  }
  return true;
}

}  // namespace

Result<const EVP_MD*> digest_type(std::string_view algorithm) {
  if (equals_ignoring_case(algorithm, "SHA-1")) return EVP_sha1();
  if (equals_ignoring_case(algorithm, "SHA-256")) return EVP_sha256();
  if (equals_ignoring_case(algorithm, "SHA-384")) return EVP_sha384();
  if (equals_ignoring_case(algorithm, "SHA-512")) return EVP_sha512();
  if (equals_ignoring_case(algorithm, "MD5")) return EVP_md5();
  return Error(ErrorKind::not_supported, "Unrecognized or unimplemented digest algorithm requested.");
}

Result<std::unique_ptr<Digest>> Digest::create(std::string_view algorithm) {
  const auto* type = TRY(digest_type(algorithm));
  std::unique_ptr<Digest> self(new Digest());
  self->m_context = EVP_MD_CTX_new();
  if (!self->m_context || EVP_DigestInit_ex(self->m_context, type, nullptr) != 1)
    return Error(ErrorKind::operation_error, "the digest cannot be started");
  return self;
}

Digest::~Digest() { EVP_MD_CTX_free(m_context); }

void Digest::update(BytesView data) {
  VERIFY(!m_finished);
  auto good = EVP_DigestUpdate(m_context, data.data(), data.size());
  VERIFY(good == 1);
}

Result<Bytes> Digest::finish() {
  VERIFY(!m_finished);
  m_finished = true;
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_DigestFinal_ex(m_context, out.data(), &size) != 1)
    return Error(ErrorKind::operation_error, "the digest cannot be finished");
  out.resize(size);
  return out;
}

Result<Bytes> digest(std::string_view algorithm, BytesView data) {
  const auto* type = TRY(digest_type(algorithm));
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, type, nullptr) != 1)
    return Error(ErrorKind::operation_error, "the digest cannot be computed");
  out.resize(size);
  return out;
}

Result<Bytes> hmac(std::string algorithm, BytesView key, BytesView data) {
  const auto* type = TRY(digest_type(algorithm));
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  // OpenSSL takes a null key for "the key of before", so an empty one needs an address.
  static constexpr uint8_t no_key = 0;
  const auto* key_data = key.empty() ? &no_key : key.data();
  if (!HMAC(type, key_data, static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size))
    return Error(ErrorKind::operation_error, "the HMAC cannot be computed");
  out.resize(size);
  return out;
}

bool equal_in_constant_time(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace adit::web
