// The ops behind SubtleCrypto (builtins/web/crypto*.ts). Each work function is bound twice: plain, which runs on the isolate's thread, and
// with _on_pool, which copies its arguments, runs on the blocking pool and answers with a promise. JavaScript chooses by the work's size.
// Owner: the isolate's thread. Invariant: work on the pool touches only its own copies and keys, which do not change.
#include "js/ops.h"
#include "web/crypto_cipher.h"
#include "web/crypto_derive.h"
#include "web/crypto_key.h"
#include "web/crypto_signature.h"
#include "web/digest.h"
#include "web/platform_services.h"

namespace adit::web {
namespace {

template <typename T>
T owned(T value) {
  return value;
}
Bytes owned(BytesView view) { return copy_bytes(view); }

template <auto Function>
struct OnPool;
template <typename T, typename... Args, Result<T> (*Function)(Args...)>
struct OnPool<Function> {
  static js::Promise<T> run(js::Call& call, Args... args) {
    auto [promise, settle] = call.promise<T>();
    struct Work {
      std::tuple<decltype(owned(std::declval<Args>()))...> arguments;
      std::optional<Result<T>> result;
    };
    auto work = std::make_shared<Work>(Work{{owned(std::move(args))...}, std::nullopt});
    call.service<PlatformServices>().loop.run_blocking(
        [work] { work->result = std::apply(Function, work->arguments); },
        [work, settle = std::move(settle)]() mutable { settle(std::move(*work->result)); });
    return promise;
  }
};

template <auto Function>
void add_both(js::OpTable& ops, const char* name, const char* pool_name) {
  ops.add<Function>(name);
  ops.add<&OnPool<Function>::run>(pool_name);
}

}  // namespace

void register_crypto(js::OpTable& ops) {
  add_both<hmac>(ops, "hmac", "hmac_on_pool");
  add_both<aes_cbc_encrypt>(ops, "aes_cbc_encrypt", "aes_cbc_encrypt_on_pool");
  add_both<aes_cbc_decrypt>(ops, "aes_cbc_decrypt", "aes_cbc_decrypt_on_pool");
  add_both<aes_ctr>(ops, "aes_ctr", "aes_ctr_on_pool");
  add_both<aes_gcm_encrypt>(ops, "aes_gcm_encrypt", "aes_gcm_encrypt_on_pool");
  add_both<aes_gcm_decrypt>(ops, "aes_gcm_decrypt", "aes_gcm_decrypt_on_pool");
  add_both<hkdf>(ops, "hkdf", "hkdf_on_pool");
  add_both<pbkdf2>(ops, "pbkdf2", "pbkdf2_on_pool");
  add_both<generate_rsa_key>(ops, "generate_rsa_key", "generate_rsa_key_on_pool");
  add_both<sign>(ops, "key_sign", "key_sign_on_pool");
  add_both<verify>(ops, "key_verify", "key_verify_on_pool");
  add_both<rsa_oaep_decrypt>(ops, "rsa_oaep_decrypt", "rsa_oaep_decrypt_on_pool");
  ops.add<aes_kw_wrap>("aes_kw_wrap");
  ops.add<aes_kw_unwrap>("aes_kw_unwrap");
  ops.add<rsa_oaep_encrypt>("rsa_oaep_encrypt");
  ops.add<shared_secret>("shared_secret");
  ops.add<generate_ec_key>("generate_ec_key");
  ops.add<generate_okp_key>("generate_okp_key");
  ops.add<import_spki>("import_spki");
  ops.add<import_pkcs8>("import_pkcs8");
  ops.add<export_spki>("export_spki");
  ops.add<export_pkcs8>("export_pkcs8");
  ops.add<import_ec_point>("import_ec_point");
  ops.add<import_okp_public>("import_okp_public");
  ops.add<import_okp_private>("import_okp_private");
  ops.add<import_rsa_numbers>("import_rsa_numbers");
  ops.add<export_public_octets>("export_public_octets");
  ops.add<export_private_octets>("export_private_octets");
  ops.add<export_rsa_numbers>("export_rsa_numbers");
  ops.add<ec_curve>("ec_curve");
  ops.add<rsa_modulus_bits>("rsa_modulus_bits");
}

}  // namespace adit::web
