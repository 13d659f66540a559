#include "web/crypto_signature.h"

#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "web/crypto_openssl.h"
#include "web/digest.h"

namespace adit::web {
namespace {

using DigestContext = OpenSslOwner<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcdsaSignature = OpenSslOwner<ECDSA_SIG, ECDSA_SIG_free>;

Error failed(std::string what) { return crypto_error(ErrorKind::operation_error, std::move(what)); }

bool is_ecdsa(EVP_PKEY* key) { return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC; }

size_t coordinate_bytes(EVP_PKEY* key) { return (static_cast<size_t>(EVP_PKEY_get_bits(key)) + 7) / 8; }

// OpenSSL's ECDSA signatures are DER (RFC 3279 § 2.2.3).
Result<Bytes> to_p1363(EVP_PKEY* key, BytesView der) {
  const auto* at = der.data();
  EcdsaSignature parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  auto width = coordinate_bytes(key);
  Bytes out(width * 2);
  if (!parsed || BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), static_cast<int>(width)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + width, static_cast<int>(width)) < 0)
    return failed("The signature cannot be written.");
  return out;
}

// Nothing for octets that are no signature of this curve's width.
std::optional<Bytes> to_der(EVP_PKEY* key, BytesView p1363) {
  auto width = coordinate_bytes(key);
  if (p1363.size() != width * 2) return std::nullopt;
  EcdsaSignature signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(p1363.data(), static_cast<int>(width), nullptr);
  BIGNUM* s = BN_bin2bn(p1363.data() + width, static_cast<int>(width), nullptr);
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* out = nullptr;
  int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return std::nullopt;
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

using Init = int (*)(EVP_MD_CTX*, EVP_PKEY_CTX**, const EVP_MD*, ENGINE*, EVP_PKEY*);

Result<DigestContext> start(Init init, EVP_PKEY* key, const std::string& scheme, const std::string& hash,
                            uint32_t salt_bytes) {
  const EVP_MD* type = scheme == "Ed25519" ? nullptr : TRY(digest_type(hash));
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // owned by the context
  if (!context || init(context.get(), &options, type, nullptr, key) != 1)
    return failed("The signature cannot be started.");
  if (scheme == "RSA-PSS" && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                              EVP_PKEY_CTX_set_rsa_pss_saltlen(options, static_cast<int>(salt_bytes)) != 1))
    return failed("The signature cannot be started.");
  return context;
}

Result<PkeyContext> start_oaep(int (*init)(EVP_PKEY_CTX*), EVP_PKEY* key, const std::string& hash, BytesView label) {
  const auto* type = TRY(digest_type(hash));
  PkeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  bool good =
      context && init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), type) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), type) == 1;
  if (good && !label.empty()) {
    auto* copy = static_cast<uint8_t*>(OPENSSL_memdup(label.data(), label.size()));
    good = copy && EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), copy, static_cast<int>(label.size())) == 1;
    if (!good) OPENSSL_free(copy);
  }
  if (!good) return failed("RSA-OAEP failed encrypt/decrypt.");
  return context;
}

using Transform = int (*)(EVP_PKEY_CTX*, unsigned char*, size_t*, const unsigned char*, size_t);

Result<Bytes> transform(EVP_PKEY_CTX* context, Transform function, BytesView data) {
  size_t size = 0;
  if (function(context, nullptr, &size, data_or_empty(data), data.size()) != 1)
    return failed("RSA-OAEP failed encrypt/decrypt.");
  Bytes out(size);
  if (function(context, out.data(), &size, data_or_empty(data), data.size()) != 1)
    return failed("RSA-OAEP failed encrypt/decrypt.");
  out.resize(size);
  return out;
}

}  // namespace

Result<Bytes> sign(KeyHandle key, std::string scheme, std::string hash, uint32_t salt_bytes, BytesView data) {
  auto context = TRY(start(EVP_DigestSignInit, key->get(), scheme, hash, salt_bytes));
  size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, data_or_empty(data), data.size()) != 1)
    return failed("The data cannot be signed.");
  Bytes out(size);
  if (EVP_DigestSign(context.get(), out.data(), &size, data_or_empty(data), data.size()) != 1)
    return failed(scheme == "RSA-PSS" ? "key too small for signing with given digest and salt length"
                                      : "The data cannot be signed.");
  out.resize(size);
  return is_ecdsa(key->get()) ? to_p1363(key->get(), out) : Result<Bytes>(std::move(out));
}

Result<bool> verify(KeyHandle key, std::string scheme, std::string hash, uint32_t salt_bytes, BytesView signature,
                    BytesView data) {
  Bytes der;
  if (is_ecdsa(key->get())) {
    auto converted = to_der(key->get(), signature);
    if (!converted) return false;
    der = std::move(*converted);
    signature = der;
  }
  auto context = TRY(start(EVP_DigestVerifyInit, key->get(), scheme, hash, salt_bytes));
  bool good = EVP_DigestVerify(context.get(), data_or_empty(signature), signature.size(), data_or_empty(data),
                               data.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<Bytes> rsa_oaep_encrypt(KeyHandle key, std::string hash, BytesView label, BytesView data) {
  auto context = TRY(start_oaep(EVP_PKEY_encrypt_init, key->get(), hash, label));
  return transform(context.get(), EVP_PKEY_encrypt, data);
}

Result<Bytes> rsa_oaep_decrypt(KeyHandle key, std::string hash, BytesView label, BytesView data) {
  auto context = TRY(start_oaep(EVP_PKEY_decrypt_init, key->get(), hash, label));
  return transform(context.get(), EVP_PKEY_decrypt, data);
}

Result<Bytes> shared_secret(KeyHandle key, KeyHandle peer) {
  PkeyContext context(EVP_PKEY_CTX_new(key->get(), nullptr));
  size_t size = 0;
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer->get()) != 1 || EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
    return failed("Failed to derive the shared secret.");
  Bytes out(size);
  if (EVP_PKEY_derive(context.get(), out.data(), &size) != 1) return failed("Failed to derive the shared secret.");
  out.resize(size);
  return out;
}

}  // namespace adit::web
