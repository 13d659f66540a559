#include "web/crypto_key.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <array>

#include "web/crypto_openssl.h"

namespace adit::web {
namespace {

using BigNumber = OpenSslOwner<BIGNUM, BN_clear_free>;
using ParamBuild = OpenSslOwner<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = OpenSslOwner<OSSL_PARAM, OSSL_PARAM_free>;

Error bad_data(std::string what) { return crypto_error(ErrorKind::data_error, std::move(what)); }
Error failed(std::string what) { return crypto_error(ErrorKind::operation_error, std::move(what)); }

int type_of(std::string_view family) {
  if (family == "RSA") return EVP_PKEY_RSA;
  if (family == "EC") return EVP_PKEY_EC;
  return family == "Ed25519" ? EVP_PKEY_ED25519 : EVP_PKEY_X25519;
}

// WebCrypto's name, OpenSSL's, and the octets of a coordinate.
struct Curve {
  const char* name;
  const char* group;
  size_t bytes;
};
constexpr std::array<Curve, 3> curves{
    {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}}};

const Curve* find_curve(std::string_view name) {
  for (const auto& curve : curves)
    if (name == curve.name || name == curve.group) return &curve;
  return nullptr;
}

Result<Curve> curve_named(std::string_view name) {
  const auto* curve = find_curve(name);
  if (!curve) return Error(ErrorKind::not_supported, "There is no curve " + std::string(name) + ".");
  return *curve;
}

Result<Curve> curve_of(EVP_PKEY* key) {
  char name[64];
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name, sizeof name, &size) != 1) return bad_data("The key has no named curve.");
  return curve_named({name, size});
}

KeyHandle own(Pkey key) { return std::make_shared<AsymmetricKey>(key.release()); }

Result<KeyHandle> generated(EVP_PKEY* key) {
  if (!key) return failed("The key cannot be generated.");
  return own(Pkey(key));
}

Result<KeyHandle> check_family(Pkey key, const std::string& family) {
  if (EVP_PKEY_get_base_id(key.get()) != type_of(family))
    return bad_data("Input was not " + std::string(family == "X25519" ? "a " : "an ") + family + " key.");
  return own(std::move(key));
}

Result<Params> built(OSSL_PARAM_BLD* builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder));
  if (!params) return failed("The key cannot be built.");
  return params;
}

Result<KeyHandle> from_params(const char* type, int selection, OSSL_PARAM* params, const char* otherwise) {
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params) != 1)
    return bad_data(otherwise);
  return own(Pkey(key));
}

bool is_consistent(EVP_PKEY* key, int (*check)(EVP_PKEY_CTX*)) {
  PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && check(context.get()) == 1;
}

Result<BigNumber> number_of(BytesView octets) {
  BigNumber number(BN_bin2bn(data_or_empty(octets), static_cast<int>(octets.size()), nullptr));
  if (!number) return failed("The number cannot be read.");
  return number;
}

Result<Bytes> octets_of(const BIGNUM* number, size_t width) {
  Bytes out(width);
  if (BN_bn2binpad(number, out.data(), static_cast<int>(width)) < 0) return failed("The number cannot be written.");
  return out;
}

Result<Bytes> der(EVP_PKEY* key, int (*write)(const EVP_PKEY*, unsigned char**)) {
  int size = write(key, nullptr);
  if (size <= 0) return failed("The key cannot be exported.");
  Bytes out(static_cast<size_t>(size));
  auto* end = out.data();
  if (write(key, &end) != size) return failed("The key cannot be exported.");
  return out;
}

}  // namespace

AsymmetricKey::~AsymmetricKey() { EVP_PKEY_free(m_key); }

Result<KeyHandle> generate_rsa_key(uint32_t modulus_bits, uint32_t exponent) {
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  BigNumber number(BN_new());
  EVP_PKEY* key = nullptr;
  if (!context || !number || BN_set_word(number.get(), exponent) != 1 || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(modulus_bits)) != 1 ||
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1)
    return failed("RSA operation failed.");
  return own(Pkey(key));
}

Result<KeyHandle> generate_ec_key(std::string curve) {
  return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", TRY(curve_named(curve)).group));
}

Result<KeyHandle> generate_okp_key(std::string family) {
  return generated(EVP_PKEY_Q_keygen(nullptr, nullptr, type_of(family) == EVP_PKEY_ED25519 ? "ED25519" : "X25519"));
}

Result<KeyHandle> import_spki(std::string family, BytesView der) {
  const auto* at = der.data();
  Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.data() + der.size()) return bad_data("Invalid SPKI input.");
  return check_family(std::move(key), family);
}

Result<KeyHandle> import_pkcs8(std::string family, BytesView der) {
  const auto* at = der.data();
  OpenSslOwner<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info || at != der.data() + der.size()) return bad_data("Invalid PKCS8 input.");
  Pkey key(EVP_PKCS82PKEY(info.get()));
  if (!key) return bad_data("Invalid PKCS8 input.");
  return check_family(std::move(key), family);
}

Result<Bytes> export_spki(KeyHandle key) { return der(key->get(), i2d_PUBKEY); }

Result<Bytes> export_pkcs8(KeyHandle key) {
  OpenSslOwner<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key->get()));
  unsigned char* out = nullptr;
  int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : -1;
  if (size <= 0) return failed("The key cannot be exported.");
  Bytes bytes(out, out + size);
  OPENSSL_clear_free(out, static_cast<size_t>(size));
  return bytes;
}

Result<KeyHandle> import_ec_point(std::string curve_name, BytesView point, std::optional<BytesView> d) {
  auto curve = TRY(curve_named(curve_name));
  ParamBuild builder(OSSL_PARAM_BLD_new());
  BigNumber secret;
  bool good =
      builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, data_or_empty(point), point.size());
  if (good && d) {
    secret = TRY(number_of(*d));
    good = OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get(), curve.bytes);
  }
  if (!good) return bad_data("Invalid EC key.");
  auto params = TRY(built(builder.get()));
  auto key = TRY(from_params("EC", d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params.get(),
                             "Failed to import raw EC key data: Invalid point encoding."));
  if (!is_consistent(key->get(), EVP_PKEY_public_check)) return bad_data("The EC key's point is not on its curve.");
  if (d && !is_consistent(key->get(), EVP_PKEY_pairwise_check)) return bad_data("Invalid EC key in JSON Web Key.");
  return key;
}

Result<KeyHandle> import_okp_public(std::string family, BytesView octets) {
  Pkey key(EVP_PKEY_new_raw_public_key(type_of(family), nullptr, octets.data(), octets.size()));
  if (!key) return bad_data("Invalid " + family + " public key.");
  return own(std::move(key));
}

Result<KeyHandle> import_okp_private(std::string family, BytesView octets) {
  Pkey key(EVP_PKEY_new_raw_private_key(type_of(family), nullptr, octets.data(), octets.size()));
  if (!key) return bad_data("Invalid " + family + " private key.");
  return own(std::move(key));
}

Result<KeyHandle> import_rsa_numbers(BytesView n, BytesView e, std::optional<BytesView> d, std::optional<BytesView> p,
                                     std::optional<BytesView> q, std::optional<BytesView> dp,
                                     std::optional<BytesView> dq, std::optional<BytesView> qi) {
  ParamBuild builder(OSSL_PARAM_BLD_new());
  if (!builder) return failed("The key cannot be built.");
  std::array<BigNumber, 8> numbers;  // the builder points into them until its parameters are made
  size_t used = 0;
  auto push = [&](const char* name, std::optional<BytesView> octets) -> Result<void> {
    if (!octets) return {};
    auto& number = numbers[used++] = TRY(number_of(*octets));
    if (OSSL_PARAM_BLD_push_BN(builder.get(), name, number.get()) != 1) return failed("The key cannot be built.");
    return {};
  };
  TRY(push(OSSL_PKEY_PARAM_RSA_N, n));
  TRY(push(OSSL_PKEY_PARAM_RSA_E, e));
  TRY(push(OSSL_PKEY_PARAM_RSA_D, d));
  TRY(push(OSSL_PKEY_PARAM_RSA_FACTOR1, p));
  TRY(push(OSSL_PKEY_PARAM_RSA_FACTOR2, q));
  TRY(push(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp));
  TRY(push(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq));
  TRY(push(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi));
  auto params = TRY(built(builder.get()));
  return from_params("RSA", d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params.get(),
                     "Invalid RSA key in JSON Web Key.");
}

Result<Bytes> export_public_octets(KeyHandle key) {
  size_t size = 0;
  if (EVP_PKEY_get_base_id(key->get()) != EVP_PKEY_EC) {
    Bytes out(32);
    size = out.size();
    if (EVP_PKEY_get_raw_public_key(key->get(), out.data(), &size) != 1) return failed("The key cannot be exported.");
    return out;
  }
  // A key that was imported with a compressed point would come out so; the coordinates always come whole.
  auto curve = TRY(curve_of(key->get()));
  Bytes out{4};
  for (const auto* name : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key->get(), name, &number) != 1) return failed("The key cannot be exported.");
    auto coordinate = TRY(octets_of(BigNumber(number).get(), curve.bytes));
    out.insert(out.end(), coordinate.begin(), coordinate.end());
  }
  return out;
}

Result<Bytes> export_private_octets(KeyHandle key) {
  if (EVP_PKEY_get_base_id(key->get()) != EVP_PKEY_EC) {
    Bytes out(32);
    size_t size = out.size();
    if (EVP_PKEY_get_raw_private_key(key->get(), out.data(), &size) != 1) return failed("The key cannot be exported.");
    return out;
  }
  auto curve = TRY(curve_of(key->get()));
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key->get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1)
    return failed("The key cannot be exported.");
  return octets_of(BigNumber(number).get(), curve.bytes);
}

Result<std::vector<Bytes>> export_rsa_numbers(KeyHandle key, bool is_private) {
  static constexpr std::array names{OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  std::vector<Bytes> out;
  for (size_t i = 0; i < (is_private ? names.size() : 2); ++i) {
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(key->get(), names[i], &value) != 1) break;
    BigNumber number(value);
    out.push_back(TRY(octets_of(number.get(), static_cast<size_t>(BN_num_bytes(number.get())))));
  }
  ERR_clear_error();
  if (out.size() < 2) return failed("The key cannot be exported.");
  return out;
}

std::string ec_curve(KeyHandle key) {
  auto curve = curve_of(key->get());
  ERR_clear_error();
  return curve.is_error() ? "unknown" : curve.value().name;
}

uint32_t rsa_modulus_bits(KeyHandle key) { return static_cast<uint32_t>(EVP_PKEY_get_bits(key->get())); }

}  // namespace adit::web
