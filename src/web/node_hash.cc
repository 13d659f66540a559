// The ops behind node:crypto's hashes, HMACs and key derivation, over OpenSSL. Owner: the isolate's thread; what is
// deliberately slow (pbkdf2, scrypt) also comes as a promise that the blocking pool settles.
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "js/ops.h"
#include "web/node_crypto.h"
#include "web/platform_services.h"

namespace adit::web {
namespace node {

Result<const EVP_MD*> find_digest(const std::string& name) {
  const auto* type = EVP_get_digestbyname(name.c_str());
  if (!type) return Error::failed("Invalid digest: " + name);
  return type;
}

class Hash {
 public:
  static Result<std::shared_ptr<Hash>> create(const std::string& name, double output_length) {
    const auto* type = EVP_get_digestbyname(name.c_str());
    if (!type) return Error::failed("Digest method not supported");
    auto self = std::make_shared<Hash>();
    self->m_context.reset(EVP_MD_CTX_new());
    if (EVP_DigestInit_ex(self->m_context.get(), type, nullptr) != 1)
      return openssl_error("Digest method not supported");
    TRY(self->set_output_length(output_length));
    return self;
  }
  void update(BytesView data) {
    auto good = EVP_DigestUpdate(m_context.get(), data.data(), data.size());
    VERIFY(good == 1);
  }
  Result<Bytes> finish() {
    Bytes out(m_length);
    bool good = true;
    if (m_is_extendable) {
      good = m_length == 0 || EVP_DigestFinalXOF(m_context.get(), out.data(), m_length) == 1;
    } else {
      unsigned size = 0;
      out.resize(EVP_MAX_MD_SIZE);
      good = EVP_DigestFinal_ex(m_context.get(), out.data(), &size) == 1;
      out.resize(size);
    }
    if (!good) return openssl_error("the digest cannot be finished");
    return out;
  }
  // Continues from here on its own.
  Result<std::shared_ptr<Hash>> copy(double output_length) const {
    auto other = std::make_shared<Hash>();
    other->m_context.reset(EVP_MD_CTX_new());
    if (EVP_MD_CTX_copy_ex(other->m_context.get(), m_context.get()) != 1)
      return openssl_error("the digest cannot be copied");
    TRY(other->set_output_length(output_length));
    return other;
  }

 private:
  // A negative length is the digest's own.
  Result<void> set_output_length(double output_length) {
    const auto* type = EVP_MD_CTX_get0_md(m_context.get());
    m_is_extendable = (EVP_MD_get_flags(type) & EVP_MD_FLAG_XOF) != 0;
    auto own = static_cast<size_t>(std::max(EVP_MD_get_size(type), 0));
    // OpenSSL 3.4 and later give SHAKE no length of its own; Node's is that of the old ones.
    if (m_is_extendable && own == 0) own = EVP_MD_is_a(type, "SHAKE256") ? 32 : 16;
    m_length = output_length < 0 ? own : static_cast<size_t>(output_length);
    if (!m_is_extendable && m_length != own)
      return Error::failed("Unsupported state or unable to set XOF output length");
    return {};
  }

  Owned<EVP_MD_CTX, EVP_MD_CTX_free> m_context;
  size_t m_length = 0;
  bool m_is_extendable = false;
};

class Mac {
 public:
  static Result<std::shared_ptr<Mac>> create(const std::string& name, BytesView key) {
    const auto* type = TRY(find_digest(name));
    auto self = std::make_shared<Mac>();
    Owned<EVP_MAC, EVP_MAC_free> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    self->m_context.reset(EVP_MAC_CTX_new(mac.get()));
    std::string digest = EVP_MD_get0_name(type);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                           OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(self->m_context.get(), data_or_empty(key), key.size(), params) != 1)
      return openssl_error("Invalid digest: " + name);
    return self;
  }
  void update(BytesView data) {
    auto good = EVP_MAC_update(m_context.get(), data.data(), data.size());
    VERIFY(good == 1);
  }
  Result<Bytes> finish() {
    Bytes out(EVP_MAX_MD_SIZE);
    size_t size = 0;
    if (EVP_MAC_final(m_context.get(), out.data(), &size, out.size()) != 1)
      return openssl_error("the HMAC cannot be finished");
    out.resize(size);
    return out;
  }

 private:
  Owned<EVP_MAC_CTX, EVP_MAC_CTX_free> m_context;
};

Result<Bytes> pbkdf2(BytesView password, BytesView salt, uint32_t iterations, uint32_t length,
                     const std::string& digest) {
  const auto* type = TRY(find_digest(digest));
  Bytes out(length);
  if (length > 0 &&
      PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(data_or_empty(password)), static_cast<int>(password.size()),
                        data_or_empty(salt), static_cast<int>(salt.size()), static_cast<int>(iterations), type,
                        static_cast<int>(length), out.data()) != 1)
    return openssl_error("PBKDF2 failed");
  return out;
}

struct ScryptCost {
  double n = 0;
  double r = 0;
  double p = 0;
  double max_memory = 0;
};

Result<Bytes> scrypt(BytesView password, BytesView salt, ScryptCost cost, uint32_t length) {
  Bytes out(length);
  uint8_t unused = 0;
  if (EVP_PBE_scrypt(reinterpret_cast<const char*>(data_or_empty(password)), password.size(), data_or_empty(salt),
                     salt.size(), static_cast<uint64_t>(cost.n), static_cast<uint64_t>(cost.r),
                     static_cast<uint64_t>(cost.p), static_cast<uint64_t>(cost.max_memory),
                     length > 0 ? out.data() : &unused, std::max<size_t>(length, length > 0 ? 1 : 0)) != 1) {
    ERR_clear_error();
    return Error::range_error("Invalid scrypt params: memory limit exceeded");
  }
  return out;
}

Result<Bytes> hkdf(const std::string& digest, BytesView key, BytesView salt, BytesView info, uint32_t length) {
  const auto* type = TRY(find_digest(digest));
  Bytes out(length);
  if (length == 0) return out;
  Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  size_t size = length;
  bool good = EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_CTX_set_hkdf_md(context.get(), type) == 1 &&
              EVP_PKEY_CTX_set1_hkdf_salt(context.get(), data_or_empty(salt), static_cast<int>(salt.size())) == 1 &&
              EVP_PKEY_CTX_set1_hkdf_key(context.get(), data_or_empty(key), static_cast<int>(key.size())) == 1 &&
              EVP_PKEY_CTX_add1_hkdf_info(context.get(), data_or_empty(info), static_cast<int>(info.size())) == 1 &&
              EVP_PKEY_derive(context.get(), out.data(), &size) == 1;
  if (!good) return openssl_error("HKDF failed");
  return out;
}

}  // namespace node

namespace {

using node::Hash;
using node::Mac;

Result<js::Handle<Hash>> node_hash_create(std::string name, double output_length) {
  return js::Handle<Hash>(TRY(Hash::create(name, output_length)));
}
void node_hash_update(js::Handle<Hash> hash, BytesView data) { hash->update(data); }
Result<Bytes> node_hash_finish(js::Handle<Hash> hash) { return hash->finish(); }
Result<js::Handle<Hash>> node_hash_copy(js::Handle<Hash> hash, double output_length) {
  return js::Handle<Hash>(TRY(hash->copy(output_length)));
}
Result<Bytes> node_hash_once(std::string name, BytesView data, double output_length) {
  auto hash = TRY(Hash::create(name, output_length));
  hash->update(data);
  return hash->finish();
}
Result<js::Handle<Mac>> node_mac_create(std::string name, BytesView key) {
  return js::Handle<Mac>(TRY(Mac::create(name, key)));
}
void node_mac_update(js::Handle<Mac> mac, BytesView data) { mac->update(data); }
Result<Bytes> node_mac_finish(js::Handle<Mac> mac) { return mac->finish(); }

bool node_has_digest(std::string name) { return EVP_get_digestbyname(name.c_str()) != nullptr; }

// Runs on the blocking pool what takes long by design. The arguments are copies: the caller's buffers may change meanwhile.
template <typename Work>
js::Promise<Bytes> on_pool(js::Call& call, Work work) {
  auto [promise, settle] = call.promise<Bytes>();
  auto result = std::make_shared<Result<Bytes>>(Bytes());
  call.service<PlatformServices>().loop.run_blocking(
      [result, work = std::move(work)] { *result = work(); },
      [result, settle = std::move(settle)]() mutable { settle(std::move(*result)); });
  return promise;
}

Result<Bytes> node_pbkdf2(BytesView password, BytesView salt, uint32_t iterations, uint32_t length,
                          std::string digest) {
  return node::pbkdf2(password, salt, iterations, length, digest);
}
js::Promise<Bytes> node_pbkdf2_async(js::Call& call, BytesView password, BytesView salt, uint32_t iterations,
                                     uint32_t length, std::string digest) {
  return on_pool(call, [password = copy_bytes(password), salt = copy_bytes(salt), iterations, length, digest] {
    return node::pbkdf2(password, salt, iterations, length, digest);
  });
}
Result<Bytes> node_scrypt(BytesView password, BytesView salt, double n, double r, double p, double max_memory,
                          uint32_t length) {
  return node::scrypt(password, salt, {n, r, p, max_memory}, length);
}
js::Promise<Bytes> node_scrypt_async(js::Call& call, BytesView password, BytesView salt, double n, double r, double p,
                                     double max_memory, uint32_t length) {
  return on_pool(call, [password = copy_bytes(password), salt = copy_bytes(salt), n, r, p, max_memory, length] {
    return node::scrypt(password, salt, {n, r, p, max_memory}, length);
  });
}
Result<Bytes> node_hkdf(std::string digest, BytesView key, BytesView salt, BytesView info, uint32_t length) {
  return node::hkdf(digest, key, salt, info, length);
}

}  // namespace

void register_node_hash(js::OpTable& ops) {
  ops.add<node_hash_create>("node_hash_create");
  ops.add<node_hash_update>("node_hash_update");
  ops.add<node_hash_finish>("node_hash_finish");
  ops.add<node_hash_copy>("node_hash_copy");
  ops.add<node_hash_once>("node_hash_once");
  ops.add<node_mac_create>("node_mac_create");
  ops.add<node_mac_update>("node_mac_update");
  ops.add<node_mac_finish>("node_mac_finish");
  ops.add<node_has_digest>("node_has_digest");
  ops.add<node_pbkdf2>("node_pbkdf2");
  ops.add<node_pbkdf2_async>("node_pbkdf2_async");
  ops.add<node_scrypt>("node_scrypt");
  ops.add<node_scrypt_async>("node_scrypt_async");
  ops.add<node_hkdf>("node_hkdf");
}

}  // namespace adit::web
