#include <gtest/gtest.h>

#include <openssl/err.h>

#include "web/crypto_cipher.h"
#include "web/crypto_derive.h"
#include "web/crypto_key.h"
#include "web/crypto_signature.h"

namespace adit::web {
namespace {

Bytes filled(size_t size, uint8_t value) { return Bytes(size, value); }

TEST(Cipher, a_key_of_another_size_is_an_error) {
  EXPECT_TRUE(aes_cbc_encrypt(filled(15, 0), filled(16, 0), {}).is_error());
  EXPECT_TRUE(aes_kw_wrap({}, filled(16, 0)).is_error());
}

TEST(Cipher, ctr_split_at_the_wrap_equals_two_messages) {
  auto key = filled(16, 1);
  Bytes counter(16, 0);
  counter[15] = 0xfe;  // two blocks before the low octet wraps
  auto data = filled(80, 7);
  auto whole = aes_ctr(key, counter, 8, data).value();
  auto first = aes_ctr(key, counter, 128, BytesView(data).first(32)).value();
  counter[15] = 0;
  auto rest = aes_ctr(key, counter, 128, BytesView(data).subspan(32)).value();
  first.insert(first.end(), rest.begin(), rest.end());
  EXPECT_EQ(whole, first);
}

TEST(Cipher, failures_leave_no_error_in_openssls_queue) {
  EXPECT_TRUE(aes_gcm_decrypt(filled(16, 0), filled(12, 0), {}, 16, filled(40, 0)).is_error());
  EXPECT_TRUE(aes_cbc_decrypt(filled(16, 0), filled(16, 0), filled(17, 0)).is_error());
  EXPECT_TRUE(import_spki("EC", filled(20, 0)).is_error());
  EXPECT_TRUE(import_pkcs8("RSA", filled(20, 0x30)).is_error());
  auto key = generate_ec_key("P-256").value();
  EXPECT_FALSE(verify(key, "ECDSA", "SHA-256", 0, filled(64, 1), {}).value());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(Derive, hkdf_stops_at_255_digests) {
  EXPECT_EQ(hkdf("SHA-256", {}, {}, {}, 255 * 32).value().size(), 255u * 32);
  EXPECT_TRUE(hkdf("SHA-256", {}, {}, {}, 255 * 32 + 1).is_error());
}

TEST(AsymmetricKey, der_with_octets_behind_it_is_refused) {
  auto key = generate_okp_key("Ed25519").value();
  auto spki = export_spki(key).value();
  auto pkcs8 = export_pkcs8(key).value();
  EXPECT_TRUE(import_spki("Ed25519", spki).is_ok());
  EXPECT_TRUE(import_pkcs8("Ed25519", pkcs8).is_ok());
  spki.push_back(0);
  pkcs8.push_back(0);
  EXPECT_TRUE(import_spki("Ed25519", spki).is_error());
  EXPECT_TRUE(import_pkcs8("Ed25519", pkcs8).is_error());
}

TEST(AsymmetricKey, ec_halves_that_do_not_belong_together_are_refused) {
  auto a = generate_ec_key("P-384").value();
  auto b = generate_ec_key("P-384").value();
  auto point = export_public_octets(a).value();
  auto mine = export_private_octets(a).value();
  auto other = export_private_octets(b).value();
  EXPECT_TRUE(import_ec_point("P-384", point, BytesView(mine)).is_ok());
  EXPECT_TRUE(import_ec_point("P-384", point, BytesView(other)).is_error());
  point.back() ^= 1;
  EXPECT_TRUE(import_ec_point("P-384", point, {}).is_error());
}

}  // namespace
}  // namespace adit::web
