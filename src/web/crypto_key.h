// Asymmetric keys of WebCrypto (Level 2 § 20 to 26, 31, 32): RSA, the NIST curves, Ed25519 and X25519, over OpenSSL's EVP_PKEY.
// Owner: any thread; a key does not change once made. Invariant: an AsymmetricKey's family is what its maker was asked for.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace adit::web {

class AsymmetricKey {
 public:
  explicit AsymmetricKey(EVP_PKEY* key) : m_key(key) {}
  ~AsymmetricKey();
  AsymmetricKey(const AsymmetricKey&) = delete;
  AsymmetricKey& operator=(const AsymmetricKey&) = delete;
  EVP_PKEY* get() const { return m_key; }

 private:
  EVP_PKEY* m_key;
};
using KeyHandle = std::shared_ptr<AsymmetricKey>;

// A family is "RSA", "EC", "Ed25519" or "X25519"; a curve is "P-256", "P-384" or "P-521".
Result<KeyHandle> generate_rsa_key(uint32_t modulus_bits, uint32_t exponent);
Result<KeyHandle> generate_ec_key(std::string curve);
Result<KeyHandle> generate_okp_key(std::string family);

// DER: SubjectPublicKeyInfo (RFC 5280) and PrivateKeyInfo (RFC 5208). A key of another family is a data_error.
Result<KeyHandle> import_spki(std::string family, BytesView der);
Result<KeyHandle> import_pkcs8(std::string family, BytesView der);
Result<Bytes> export_spki(KeyHandle key);
Result<Bytes> export_pkcs8(KeyHandle key);

// SEC 1 § 2.3.4, compressed or not; the private part `d` is that of a JWK (RFC 7518 § 6.2.2).
Result<KeyHandle> import_ec_point(std::string curve, BytesView point, std::optional<BytesView> d);
// RFC 8032, RFC 7748: 32 octets.
Result<KeyHandle> import_okp_public(std::string family, BytesView octets);
Result<KeyHandle> import_okp_private(std::string family, BytesView octets);
// RFC 7518 § 6.3, big-endian. With d: all five of p, q, dp, dq, qi or none.
Result<KeyHandle> import_rsa_numbers(BytesView n, BytesView e, std::optional<BytesView> d, std::optional<BytesView> p,
                                     std::optional<BytesView> q, std::optional<BytesView> dp,
                                     std::optional<BytesView> dq, std::optional<BytesView> qi);

// The uncompressed point of an EC key, the 32 public octets of another.
Result<Bytes> export_public_octets(KeyHandle key);
// An EC key's number in the width of its curve, the 32 private octets of Ed25519 and X25519.
Result<Bytes> export_private_octets(KeyHandle key);
// n, e and for a private key d, p, q, dp, dq, qi; without leading zeros. Those that the key was imported without are missing.
Result<std::vector<Bytes>> export_rsa_numbers(KeyHandle key, bool is_private);
// "P-256", "P-384", "P-521", or another name that WebCrypto has no word for.
std::string ec_curve(KeyHandle key);
uint32_t rsa_modulus_bits(KeyHandle key);

}  // namespace adit::web
