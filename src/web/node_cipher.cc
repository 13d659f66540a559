// The ops behind node:crypto's Cipheriv and Decipheriv, over OpenSSL's EVP ciphers. Owner: the isolate's thread.
// Invariant: CCM needs the length of the message before its data, and a tag before it decrypts; GCM and its like take tags until final().
#include <openssl/objects.h>

#include <string>
#include <vector>

#include "js/ops.h"
#include "web/node_crypto.h"

namespace adit::web {
namespace node {

bool is_authenticated(const EVP_CIPHER* type) {
  auto mode = EVP_CIPHER_get_mode(type);
  return mode == EVP_CIPH_GCM_MODE || mode == EVP_CIPH_CCM_MODE || mode == EVP_CIPH_OCB_MODE ||
         EVP_CIPHER_get_nid(type) == NID_chacha20_poly1305;
}

class Cipher {
 public:
  static Result<std::shared_ptr<Cipher>> create(const std::string& name, BytesView key, BytesView iv, bool encrypt,
                                                double tag_length) {
    const auto* type = EVP_get_cipherbyname(name.c_str());
    if (!type) return Error::failed("Unknown cipher");
    auto self = std::make_shared<Cipher>();
    self->m_encrypts = encrypt;
    self->m_is_ccm = EVP_CIPHER_get_mode(type) == EVP_CIPH_CCM_MODE;
    self->m_is_authenticated = is_authenticated(type);
    self->m_tag_length = tag_length < 0 ? (self->m_is_authenticated ? 16 : 0) : static_cast<int>(tag_length);
    auto* context = self->m_context.get();
    if (EVP_CIPHER_get_mode(type) == EVP_CIPH_WRAP_MODE)
      EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_CipherInit_ex2(context, type, nullptr, nullptr, encrypt ? 1 : 0, nullptr) != 1)
      return openssl_error("Unknown cipher");
    auto wanted_iv = EVP_CIPHER_get_iv_length(type);
    if (self->m_is_authenticated) {
      if (iv.empty()) return Error::type_error("Invalid initialization vector");
      if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()), nullptr) != 1)
        return openssl_error("Invalid initialization vector");
    } else if (static_cast<int>(iv.size()) != wanted_iv) {
      return Error::type_error("Invalid initialization vector");
    }
    if (self->m_is_ccm && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, self->m_tag_length, nullptr) != 1)
      return openssl_error("Invalid authentication tag length");
    if (EVP_CIPHER_CTX_set_key_length(context, static_cast<int>(key.size())) != 1 ||
        static_cast<int>(key.size()) != EVP_CIPHER_CTX_get_key_length(context)) {
      ERR_clear_error();
      return Error::range_error("Invalid key length");
    }
    if (EVP_CipherInit_ex2(context, nullptr, key.data(), iv.empty() ? nullptr : iv.data(), encrypt ? 1 : 0, nullptr) !=
        1)
      return openssl_error("Invalid key");
    return self;
  }

  bool is_authenticated_mode() const { return m_is_authenticated; }

  Result<Bytes> update(BytesView data) {
    TRY(give_tag());
    Bytes out(data.size() + EVP_MAX_BLOCK_LENGTH * 2);
    int size = 0;
    if (EVP_CipherUpdate(m_context.get(), out.data(), &size, data_or_empty(data), static_cast<int>(data.size())) != 1) {
      // CCM tells here that the tag is wrong, and only final() may say so.
      if (!m_is_ccm || m_encrypts) return openssl_error("Trying to add data in unsupported state");
      ERR_clear_error();
      m_failed = true;
      size = 0;
    }
    out.resize(static_cast<size_t>(size));
    return out;
  }

  Result<Bytes> finish() {
    TRY(give_tag());
    Bytes out(EVP_MAX_BLOCK_LENGTH * 2);
    int size = 0;
    if (m_is_ccm) {
      if (m_failed) return unauthenticated();
    } else if (EVP_CipherFinal_ex(m_context.get(), out.data(), &size) != 1) {
      if (m_is_authenticated && !m_encrypts) return unauthenticated();
      return openssl_error("Unsupported state");
    }
    out.resize(static_cast<size_t>(size));
    if (m_is_authenticated && m_encrypts) {
      m_tag.resize(static_cast<size_t>(m_tag_length));
      if (EVP_CIPHER_CTX_ctrl(m_context.get(), EVP_CTRL_AEAD_GET_TAG, m_tag_length, m_tag.data()) != 1)
        return openssl_error("Unsupported state");
    }
    return out;
  }

  Result<void> add_authenticated_data(BytesView data, double plaintext_length) {
    TRY(give_tag());
    int size = 0;
    if (m_is_ccm) {
      if (plaintext_length < 0) return Error::type_error("options.plaintextLength required for CCM mode with AAD");
      if (EVP_CipherUpdate(m_context.get(), nullptr, &size, nullptr, static_cast<int>(plaintext_length)) != 1)
        return openssl_error("Unsupported state");
    }
    if (EVP_CipherUpdate(m_context.get(), nullptr, &size, data_or_empty(data), static_cast<int>(data.size())) != 1)
      return openssl_error("Unsupported state");
    return {};
  }

  bool set_tag(BytesView tag) {
    if (!m_is_authenticated || m_encrypts || !m_tag.empty()) return false;
    m_tag = copy_bytes(tag);
    return true;
  }
  Bytes tag() const { return m_encrypts ? m_tag : Bytes(); }
  bool set_auto_padding(bool pad) { return EVP_CIPHER_CTX_set_padding(m_context.get(), pad ? 1 : 0) == 1; }

 private:
  static Error unauthenticated() {
    ERR_clear_error();
    return Error::failed("Unsupported state or unable to authenticate data");
  }
  Result<void> give_tag() {
    if (m_encrypts || m_tag.empty() || m_tag_is_given) return {};
    m_tag_is_given = true;
    if (EVP_CIPHER_CTX_ctrl(m_context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(m_tag.size()), m_tag.data()) != 1)
      return openssl_error("Invalid authentication tag");
    return {};
  }

  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> m_context{EVP_CIPHER_CTX_new()};
  Bytes m_tag;
  int m_tag_length = 0;
  bool m_encrypts = true;
  bool m_is_ccm = false;
  bool m_is_authenticated = false;
  bool m_tag_is_given = false;
  bool m_failed = false;
};

const char* mode_name(const EVP_CIPHER* type) {
  switch (EVP_CIPHER_get_mode(type)) {
    case EVP_CIPH_CBC_MODE:
      return "cbc";
    case EVP_CIPH_CCM_MODE:
      return "ccm";
    case EVP_CIPH_CFB_MODE:
      return "cfb";
    case EVP_CIPH_CTR_MODE:
      return "ctr";
    case EVP_CIPH_ECB_MODE:
      return "ecb";
    case EVP_CIPH_GCM_MODE:
      return "gcm";
    case EVP_CIPH_OCB_MODE:
      return "ocb";
    case EVP_CIPH_OFB_MODE:
      return "ofb";
    case EVP_CIPH_WRAP_MODE:
      return "wrap";
    case EVP_CIPH_XTS_MODE:
      return "xts";
    default:
      return "stream";
  }
}

}  // namespace node

namespace {

using node::Cipher;

Result<js::Handle<Cipher>> node_cipher_create(std::string name, BytesView key, BytesView iv, bool encrypt,
                                              double tag_length) {
  return js::Handle<Cipher>(TRY(Cipher::create(name, key, iv, encrypt, tag_length)));
}
Result<Bytes> node_cipher_update(js::Handle<Cipher> cipher, BytesView data) { return cipher->update(data); }
Result<Bytes> node_cipher_finish(js::Handle<Cipher> cipher) { return cipher->finish(); }
Result<void> node_cipher_set_aad(js::Handle<Cipher> cipher, BytesView data, double plaintext_length) {
  return cipher->add_authenticated_data(data, plaintext_length);
}
bool node_cipher_set_tag(js::Handle<Cipher> cipher, BytesView tag) { return cipher->set_tag(tag); }
Bytes node_cipher_tag(js::Handle<Cipher> cipher) { return cipher->tag(); }
bool node_cipher_set_padding(js::Handle<Cipher> cipher, bool pad) { return cipher->set_auto_padding(pad); }
bool node_cipher_is_authenticated(js::Handle<Cipher> cipher) { return cipher->is_authenticated_mode(); }

// [name, nid, block size, iv length, key length, mode]; undefined for no cipher. Lengths that were asked for and do not fit: undefined.
v8::Local<v8::Value> node_cipher_info(js::Call& call, std::string name, double nid, double key_length,
                                      double iv_length) {
  auto* isolate = call.v8();
  const auto* type = nid > 0 ? EVP_get_cipherbynid(static_cast<int>(nid)) : EVP_get_cipherbyname(name.c_str());
  if (!type) return v8::Undefined(isolate);
  node::Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context(EVP_CIPHER_CTX_new());
  if (EVP_CipherInit_ex2(context.get(), type, nullptr, nullptr, 1, nullptr) != 1) {
    ERR_clear_error();
    return v8::Undefined(isolate);
  }
  auto own_iv = EVP_CIPHER_get_iv_length(type);
  if (key_length >= 0 && EVP_CIPHER_CTX_set_key_length(context.get(), static_cast<int>(key_length)) != 1) {
    ERR_clear_error();
    return v8::Undefined(isolate);
  }
  if (iv_length >= 0) {
    bool fits = node::is_authenticated(type) ? EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN,
                                                                   static_cast<int>(iv_length), nullptr) == 1
                                             : static_cast<int>(iv_length) == own_iv;
    ERR_clear_error();
    if (!fits) return v8::Undefined(isolate);
    own_iv = static_cast<int>(iv_length);
  }
  const char* short_name = OBJ_nid2sn(EVP_CIPHER_get_nid(type));
  v8::Local<v8::Value> parts[] = {js::from_utf8(isolate, short_name ? short_name : name),
                                  v8::Integer::New(isolate, EVP_CIPHER_get_nid(type)),
                                  v8::Integer::New(isolate, EVP_CIPHER_get_block_size(type)),
                                  v8::Integer::New(isolate, own_iv),
                                  v8::Integer::New(isolate, EVP_CIPHER_CTX_get_key_length(context.get())),
                                  js::from_utf8(isolate, node::mode_name(type))};
  return v8::Array::New(isolate, parts, std::size(parts));
}

std::vector<std::string> node_cipher_names() {
  std::vector<std::string> names;
  EVP_CIPHER_do_all_provided(
      nullptr,
      [](EVP_CIPHER* type, void* list) {
        if (const char* name = EVP_CIPHER_get0_name(type); name && EVP_CIPHER_get_nid(type) != NID_undef)
          static_cast<std::vector<std::string>*>(list)->emplace_back(name);
      },
      &names);
  return names;
}

}  // namespace

void register_node_cipher(js::OpTable& ops) {
  ops.add<node_cipher_create>("node_cipher_create");
  ops.add<node_cipher_update>("node_cipher_update");
  ops.add<node_cipher_finish>("node_cipher_finish");
  ops.add<node_cipher_set_aad>("node_cipher_set_aad");
  ops.add<node_cipher_set_tag>("node_cipher_set_tag");
  ops.add<node_cipher_tag>("node_cipher_tag");
  ops.add<node_cipher_set_padding>("node_cipher_set_padding");
  ops.add<node_cipher_is_authenticated>("node_cipher_is_authenticated");
  ops.add<node_cipher_info>("node_cipher_info");
  ops.add<node_cipher_names>("node_cipher_names");
}

}  // namespace adit::web
