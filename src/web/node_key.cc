// The ops behind node:crypto's asymmetric keys: read and write (PEM, DER, JWK), generate, sign, verify, encrypt, agree; over OpenSSL.
// Owner: the isolate's thread; RSA keys are also made on the blocking pool.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string>
#include <vector>

#include "js/ops.h"
#include "web/crypto_key.h"
#include "web/node_crypto.h"
#include "web/platform_services.h"

namespace adit::web {
namespace {

using node::data_or_empty;
using node::Key;
using node::openssl_error;
using node::Owned;
using KeyHandle = js::Handle<Key>;
using PkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

KeyHandle own(EVP_PKEY* key) { return std::make_shared<Key>(key); }

// format: "pem" or "der"; structure: "" (whatever it is), "pkcs1", "pkcs8", "spki", "sec1" in OpenSSL's words.
Result<KeyHandle> node_key_read(BytesView data, std::string format, std::string structure, bool is_private,
                                std::optional<BytesView> passphrase) {
  EVP_PKEY* key = nullptr;
  auto selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  const char* kind = structure.empty() ? nullptr : structure.c_str();
  Owned<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free> context(
      OSSL_DECODER_CTX_new_for_pkey(&key, format == "pem" ? "PEM" : "DER", kind, nullptr, selection, nullptr, nullptr));
  // Without a passphrase OpenSSL would ask on the terminal.
  BytesView phrase = passphrase.value_or(BytesView{});
  if (!context || OSSL_DECODER_CTX_set_passphrase(context.get(), data_or_empty(phrase), phrase.size()) != 1)
    return openssl_error("the key cannot be read");
  const uint8_t* at = data.data();
  size_t left = data.size();
  if (OSSL_DECODER_from_data(context.get(), &at, &left) != 1 || !key) {
    if (is_private) return openssl_error("error:1E08010C:DECODER routines::unsupported");
    return openssl_error("error:1E08010C:DECODER routines::unsupported");
  }
  return own(key);
}

// structure: "SubjectPublicKeyInfo", "PrivateKeyInfo", "EncryptedPrivateKeyInfo" or "type-specific" (PKCS#1, SEC 1).
Result<Bytes> node_key_write(KeyHandle key, std::string format, std::string structure, bool is_private,
                             std::optional<std::string> cipher, std::optional<BytesView> passphrase) {
  auto selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  Owned<OSSL_ENCODER_CTX, OSSL_ENCODER_CTX_free> context(OSSL_ENCODER_CTX_new_for_pkey(
      key->get(), selection, format == "pem" ? "PEM" : "DER", structure.c_str(), nullptr));
  if (!context) return openssl_error("the key cannot be written");
  if (cipher) {
    auto phrase = passphrase.value_or(BytesView{});
    if (OSSL_ENCODER_CTX_set_cipher(context.get(), cipher->c_str(), nullptr) != 1 ||
        OSSL_ENCODER_CTX_set_passphrase(context.get(), data_or_empty(phrase), phrase.size()) != 1)
      return openssl_error("Unknown cipher");
  }
  unsigned char* data = nullptr;
  size_t size = 0;
  if (OSSL_ENCODER_to_data(context.get(), &data, &size) != 1) return openssl_error("the key cannot be written");
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

std::string node_key_type(KeyHandle key) {
  const char* name = EVP_PKEY_get0_type_name(key->get());
  return name ? name : "";
}

double node_key_bits(KeyHandle key) { return EVP_PKEY_get_bits(key->get()); }

std::string node_key_group(KeyHandle key) {
  char name[80] = "";
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key->get(), name, sizeof name, &size) != 1) ERR_clear_error();
  return name;
}

Bytes bytes_of_number(const BIGNUM* number, int width) {
  Bytes out(static_cast<size_t>(std::max(width, BN_num_bytes(number))));
  BN_bn2binpad(number, out.data(), static_cast<int>(out.size()));
  return out;
}

// A number of the key by OpenSSL's name, big-endian, at least `width` octets; undefined when it has none.
std::optional<Bytes> node_key_number(KeyHandle key, std::string name, int32_t width) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key->get(), name.c_str(), &number) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  Owned<BIGNUM, BN_clear_free> owned(number);
  return bytes_of_number(owned.get(), width);
}

std::optional<Bytes> node_key_octets(KeyHandle key, std::string name) {
  size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(key->get(), name.c_str(), nullptr, 0, &size) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  Bytes out(size);
  if (EVP_PKEY_get_octet_string_param(key->get(), name.c_str(), out.data(), out.size(), &size) != 1)
    return std::nullopt;
  out.resize(size);
  return out;
}

// Builds a key of named parts, which lie one after another in `values`: numbers (big-endian), then octet strings.
Result<KeyHandle> node_key_build(std::string type, bool is_private, std::optional<std::string> group,
                                 std::vector<std::string> number_names, std::vector<std::string> octet_names,
                                 std::vector<uint32_t> sizes, BytesView values) {
  if (sizes.size() != number_names.size() + octet_names.size()) return Error::type_error("each part needs a size");
  Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  std::vector<Owned<BIGNUM, BN_clear_free>> numbers;
  if (group) OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group->c_str(), 0);
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > values.size()) return Error::type_error("the parts are longer than what is there");
    auto part = values.first(sizes[i]);
    values = values.subspan(sizes[i]);
    if (i < number_names.size()) {
      numbers.emplace_back(BN_bin2bn(data_or_empty(part), static_cast<int>(part.size()), nullptr));
      OSSL_PARAM_BLD_push_BN(builder.get(), number_names[i].c_str(), numbers.back().get());
    } else {
      const auto& name = octet_names[i - number_names.size()];
      OSSL_PARAM_BLD_push_octet_string(builder.get(), name.c_str(), data_or_empty(part), part.size());
    }
  }
  Owned<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type.c_str(), nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return openssl_error("Invalid key data");
  return own(key);
}

struct KeyPlan {
  std::string type;
  uint32_t bits = 0;
  uint32_t exponent = 65537;
  std::string group;
  std::string digest;
  std::string mgf_digest;
  int32_t salt_length = -1;
};

Result<KeyHandle> generate(const KeyPlan& plan) {
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, plan.type.c_str(), nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1)
    return openssl_error("keys of this type cannot be generated");
  bool good = true;
  if (plan.type == "RSA" || plan.type == "RSA-PSS") {
    Owned<BIGNUM, BN_free> exponent(BN_new());
    BN_set_word(exponent.get(), plan.exponent);
    good = EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(plan.bits)) == 1 &&
           EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get()) == 1;
    if (good && plan.type == "RSA-PSS" && !plan.digest.empty()) {
      const auto* type = TRY(node::find_digest(plan.digest));
      const auto* mgf = TRY(node::find_digest(plan.mgf_digest.empty() ? plan.digest : plan.mgf_digest));
      good = EVP_PKEY_CTX_set_rsa_pss_keygen_md(context.get(), type) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(context.get(), mgf) == 1;
      if (good && plan.salt_length >= 0)
        good = EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(context.get(), plan.salt_length) == 1;
    }
  } else if (!plan.group.empty()) {
    good = EVP_PKEY_CTX_set_group_name(context.get(), plan.group.c_str()) == 1;
    if (!good) {
      ERR_clear_error();
      return Error::type_error("Invalid EC curve name");
    }
  }
  EVP_PKEY* key = nullptr;
  if (!good || EVP_PKEY_generate(context.get(), &key) != 1) return openssl_error("the key cannot be generated");
  return own(key);
}

Result<KeyHandle> node_key_generate(std::string type, uint32_t bits, uint32_t exponent, std::string group,
                                    std::string digest, std::string mgf_digest, int32_t salt_length) {
  return generate({type, bits, exponent, group, digest, mgf_digest, salt_length});
}
js::Promise<KeyHandle> node_key_generate_async(js::Call& call, std::string type, uint32_t bits, uint32_t exponent,
                                               std::string group, std::string digest, std::string mgf_digest,
                                               int32_t salt_length) {
  auto [promise, settle] = call.promise<KeyHandle>();
  auto result = std::make_shared<Result<KeyHandle>>(KeyHandle());
  call.service<PlatformServices>().loop.run_blocking(
      [result, plan = KeyPlan{type, bits, exponent, group, digest, mgf_digest, salt_length}] {
        *result = generate(plan);
      },
      [result, settle = std::move(settle)]() mutable { settle(std::move(*result)); });
  return promise;
}

// The public half as a key of its own.
Result<KeyHandle> node_key_public(KeyHandle key) {
  auto der = TRY(node_key_write(key, "der", "SubjectPublicKeyInfo", false, std::nullopt, std::nullopt));
  return node_key_read(der, "der", "SubjectPublicKeyInfo", false, std::nullopt);
}

// The same key as WebCrypto's.
KeyHandle node_key_of_crypto_key(js::Handle<AsymmetricKey> key) {
  EVP_PKEY_up_ref(key->get());
  return own(key->get());
}

bool node_key_equals(KeyHandle a, KeyHandle b) {
  bool same = EVP_PKEY_eq(a->get(), b->get()) == 1;
  ERR_clear_error();
  return same;
}

Result<Owned<EVP_MD_CTX, EVP_MD_CTX_free>> signature_context(const Key& key, const std::optional<std::string>& digest,
                                                             bool signs, int32_t padding, int32_t salt_length) {
  const EVP_MD* type = nullptr;
  if (digest) type = TRY(node::find_digest(*digest));
  Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // the context owns it
  bool good = signs ? EVP_DigestSignInit(context.get(), &options, type, nullptr, key.get()) == 1
                    : EVP_DigestVerifyInit(context.get(), &options, type, nullptr, key.get()) == 1;
  if (good && padding >= 0) good = EVP_PKEY_CTX_set_rsa_padding(options, padding) == 1;
  if (good && (padding == RSA_PKCS1_PSS_PADDING || EVP_PKEY_is_a(key.get(), "RSA-PSS")) && salt_length != INT32_MIN)
    good = EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt_length) == 1;
  if (!good) return openssl_error("the key cannot be used for this");
  return context;
}

// digest undefined: the key's own way (Ed25519). padding -1: the default; salt_length INT32_MIN: the default.
Result<Bytes> node_sign(KeyHandle key, std::optional<std::string> digest, BytesView data, int32_t padding,
                        int32_t salt_length) {
  auto context = TRY(signature_context(*key, digest, true, padding, salt_length));
  size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, data_or_empty(data), data.size()) != 1)
    return openssl_error("signing failed");
  Bytes out(size);
  if (EVP_DigestSign(context.get(), out.data(), &size, data_or_empty(data), data.size()) != 1)
    return openssl_error("signing failed");
  out.resize(size);
  return out;
}

Result<bool> node_verify(KeyHandle key, std::optional<std::string> digest, BytesView data, BytesView signature,
                         int32_t padding, int32_t salt_length) {
  auto context = TRY(signature_context(*key, digest, false, padding, salt_length));
  bool good = EVP_DigestVerify(context.get(), data_or_empty(signature), signature.size(), data_or_empty(data),
                               data.size()) == 1;
  ERR_clear_error();
  return good;
}

// An ECDSA signature between DER and IEEE P1363 (two numbers of one width).
Result<Bytes> node_signature_to_p1363(BytesView der, uint32_t width) {
  const uint8_t* at = der.data();
  Owned<ECDSA_SIG, ECDSA_SIG_free> signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return openssl_error("Malformed signature");
  Bytes out(size_t{width} * 2);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), static_cast<int>(width)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + width, static_cast<int>(width)) < 0)
    return openssl_error("Malformed signature");
  return out;
}
Result<Bytes> node_signature_to_der(BytesView p1363) {
  auto width = p1363.size() / 2;
  Owned<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  auto* r = BN_bin2bn(p1363.data(), static_cast<int>(width), nullptr);
  auto* s = BN_bin2bn(p1363.data() + width, static_cast<int>(width), nullptr);
  if (ECDSA_SIG_set0(signature.get(), r, s) != 1) return openssl_error("Malformed signature");
  unsigned char* data = nullptr;
  auto size = i2d_ECDSA_SIG(signature.get(), &data);
  if (size < 0) return openssl_error("Malformed signature");
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

// operation: 0 encrypt with the public key, 1 decrypt with the private one, 2 sign (privateEncrypt), 3 recover (publicDecrypt).
Result<Bytes> node_rsa(KeyHandle key, uint32_t operation, BytesView data, int32_t padding,
                       std::optional<std::string> oaep_digest, std::optional<BytesView> label) {
  using Init = int (*)(EVP_PKEY_CTX*);
  using Run = int (*)(EVP_PKEY_CTX*, unsigned char*, size_t*, const unsigned char*, size_t);
  constexpr Init inits[] = {EVP_PKEY_encrypt_init, EVP_PKEY_decrypt_init, EVP_PKEY_sign_init,
                            EVP_PKEY_verify_recover_init};
  constexpr Run runs[] = {EVP_PKEY_encrypt, EVP_PKEY_decrypt, EVP_PKEY_sign, EVP_PKEY_verify_recover};
  if (operation > 3) return Error::type_error("no such RSA operation");
  PkeyContext context(EVP_PKEY_CTX_new(key->get(), nullptr));
  bool good =
      context && inits[operation](context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1;
  if (good && oaep_digest && padding == RSA_PKCS1_OAEP_PADDING) {
    const auto* type = TRY(node::find_digest(*oaep_digest));
    good = EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), type) == 1;
  }
  if (good && label && !label->empty()) {
    auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(label->data(), label->size()));
    good = EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), copy, static_cast<int>(label->size())) == 1;
  }
  size_t size = 0;
  good = good && runs[operation](context.get(), nullptr, &size, data_or_empty(data), data.size()) == 1;
  Bytes out(size);
  good = good && runs[operation](context.get(), out.data(), &size, data_or_empty(data), data.size()) == 1;
  if (!good) return openssl_error("RSA failed");
  out.resize(size);
  return out;
}

// The shared secret of a private and a public key (X25519, EC, DH).
Result<Bytes> node_agree(KeyHandle private_key, KeyHandle public_key, bool pad) {
  PkeyContext context(EVP_PKEY_CTX_new(private_key->get(), nullptr));
  size_t size = 0;
  bool good = context && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), public_key->get()) == 1;
  if (good && pad && EVP_PKEY_is_a(private_key->get(), "DH")) good = EVP_PKEY_CTX_set_dh_pad(context.get(), 1) == 1;
  good = good && EVP_PKEY_derive(context.get(), nullptr, &size) == 1;
  Bytes out(size);
  good = good && EVP_PKEY_derive(context.get(), out.data(), &size) == 1;
  if (!good) return openssl_error("Unspecified validation error");
  out.resize(size);
  return out;
}

// SEC 1 § 2.3.3: an EC point in another form. form: 2 compressed, 4 uncompressed, 6 hybrid.
Result<Bytes> node_ec_point(std::string group, BytesView point, uint32_t form) {
  Owned<EC_GROUP, EC_GROUP_free> curve(EC_GROUP_new_by_curve_name(OBJ_txt2nid(group.c_str())));
  if (!curve) return openssl_error("Invalid EC curve name");
  Owned<EC_POINT, EC_POINT_free> decoded(EC_POINT_new(curve.get()));
  if (EC_POINT_oct2point(curve.get(), decoded.get(), point.data(), point.size(), nullptr) != 1)
    return openssl_error("Failed to convert Buffer to EC_POINT");
  auto wanted = static_cast<point_conversion_form_t>(form);
  Bytes out(EC_POINT_point2oct(curve.get(), decoded.get(), wanted, nullptr, 0, nullptr));
  EC_POINT_point2oct(curve.get(), decoded.get(), wanted, out.data(), out.size(), nullptr);
  return out;
}
// The public point of a private number, uncompressed.
Result<Bytes> node_ec_public(std::string group, BytesView number) {
  Owned<EC_GROUP, EC_GROUP_free> curve(EC_GROUP_new_by_curve_name(OBJ_txt2nid(group.c_str())));
  if (!curve) return openssl_error("Invalid EC curve name");
  Owned<BIGNUM, BN_clear_free> scalar(BN_bin2bn(data_or_empty(number), static_cast<int>(number.size()), nullptr));
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(curve.get())) >= 0)
    return Error::failed("Private key is not valid for specified curve.");
  Owned<EC_POINT, EC_POINT_free> point(EC_POINT_new(curve.get()));
  if (EC_POINT_mul(curve.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1)
    return openssl_error("EC failed");
  Bytes out(EC_POINT_point2oct(curve.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, nullptr, 0, nullptr));
  EC_POINT_point2oct(curve.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(), nullptr);
  return out;
}

// base^exponent mod modulus, as long as the modulus: for DiffieHellman.
Result<Bytes> node_mod_exp(BytesView base, BytesView exponent, BytesView modulus) {
  auto number = [](BytesView bytes) {
    return Owned<BIGNUM, BN_clear_free>(BN_bin2bn(data_or_empty(bytes), static_cast<int>(bytes.size()), nullptr));
  };
  auto b = number(base);
  auto e = number(exponent);
  auto m = number(modulus);
  Owned<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  Owned<BIGNUM, BN_clear_free> out(BN_new());
  if (BN_is_zero(m.get()) || BN_mod_exp(out.get(), b.get(), e.get(), m.get(), context.get()) != 1)
    return openssl_error("Invalid modulus");
  return bytes_of_number(out.get(), static_cast<int>(modulus.size()));
}

Result<bool> node_is_prime(BytesView candidate) {
  Owned<BIGNUM, BN_free> number(BN_bin2bn(data_or_empty(candidate), static_cast<int>(candidate.size()), nullptr));
  Owned<BN_CTX, BN_CTX_free> context(BN_CTX_new());
  int result = BN_check_prime(number.get(), context.get(), nullptr);
  if (result < 0) return openssl_error("the number cannot be checked");
  return result == 1;
}
Result<Bytes> node_generate_prime(uint32_t bits, bool safe, std::optional<BytesView> add,
                                  std::optional<BytesView> rem) {
  auto number = [](const std::optional<BytesView>& bytes) {
    if (!bytes) return Owned<BIGNUM, BN_free>();
    return Owned<BIGNUM, BN_free>(BN_bin2bn(data_or_empty(*bytes), static_cast<int>(bytes->size()), nullptr));
  };
  auto step = number(add);
  auto remainder = number(rem);
  Owned<BIGNUM, BN_free> prime(BN_new());
  if (BN_generate_prime_ex(prime.get(), static_cast<int>(bits), safe ? 1 : 0, step.get(), remainder.get(), nullptr) !=
      1)
    return openssl_error("invalid options.add");
  return bytes_of_number(prime.get(), static_cast<int>((bits + 7) / 8));
}

// The prime of a group that Node names "modp14" and the like (RFC 2409 § 6.1 and 6.2, RFC 3526), whose generator is 2; empty: no such group.
Bytes node_group_prime(std::string name) {
  using Prime = BIGNUM* (*)(BIGNUM*);
  constexpr std::pair<std::string_view, Prime> groups[] = {
      {"modp1", BN_get_rfc2409_prime_768},   {"modp2", BN_get_rfc2409_prime_1024},
      {"modp5", BN_get_rfc3526_prime_1536},  {"modp14", BN_get_rfc3526_prime_2048},
      {"modp15", BN_get_rfc3526_prime_3072}, {"modp16", BN_get_rfc3526_prime_4096},
      {"modp17", BN_get_rfc3526_prime_6144}, {"modp18", BN_get_rfc3526_prime_8192}};
  for (const auto& [known, prime] : groups) {
    if (known != name) continue;
    Owned<BIGNUM, BN_free> number(prime(nullptr));
    return bytes_of_number(number.get(), BN_num_bytes(number.get()));
  }
  return {};
}

}  // namespace

void register_node_key(js::OpTable& ops) {
  ops.add<node_key_read>("node_key_read");
  ops.add<node_key_write>("node_key_write");
  ops.add<node_key_type>("node_key_type");
  ops.add<node_key_bits>("node_key_bits");
  ops.add<node_key_group>("node_key_group");
  ops.add<node_key_number>("node_key_number");
  ops.add<node_key_octets>("node_key_octets");
  ops.add<node_key_build>("node_key_build");
  ops.add<node_key_generate>("node_key_generate");
  ops.add<node_key_generate_async>("node_key_generate_async");
  ops.add<node_key_public>("node_key_public");
  ops.add<node_key_of_crypto_key>("node_key_of_crypto_key");
  ops.add<node_key_equals>("node_key_equals");
  ops.add<node_sign>("node_sign");
  ops.add<node_verify>("node_verify");
  ops.add<node_signature_to_p1363>("node_signature_to_p1363");
  ops.add<node_signature_to_der>("node_signature_to_der");
  ops.add<node_rsa>("node_rsa");
  ops.add<node_agree>("node_agree");
  ops.add<node_ec_point>("node_ec_point");
  ops.add<node_ec_public>("node_ec_public");
  ops.add<node_mod_exp>("node_mod_exp");
  ops.add<node_is_prime>("node_is_prime");
  ops.add<node_generate_prime>("node_generate_prime");
  ops.add<node_group_prime>("node_group_prime");
}

}  // namespace adit::web
