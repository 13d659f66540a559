// The ops behind node:crypto's X509Certificate and Certificate (SPKAC), over OpenSSL: what a certificate says (RFC 5280), in Node's words,
// and what it holds for. Owner: the isolate's thread. Invariant: a certificate does not change once read.
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <string>
#include <vector>

#include "js/ops.h"
#include "web/node_crypto.h"

namespace adit::web {
namespace {

using node::Key;
using node::openssl_error;
using node::Owned;
using OwnedCertificate = Owned<X509, X509_free>;
using OwnedBio = Owned<BIO, BIO_free_all>;

class Certificate {
 public:
  explicit Certificate(X509* certificate) : m_certificate(certificate) {}
  X509* get() const { return m_certificate.get(); }

 private:
  OwnedCertificate m_certificate;
};
using Handle = js::Handle<Certificate>;

OwnedBio memory() { return OwnedBio(BIO_new(BIO_s_mem())); }
std::string text_of(BIO* bio) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

// PEM (the first certificate in it) or DER; nullopt: neither.
std::optional<Handle> node_x509_read(BytesView data) {
  OwnedBio bio(BIO_new_mem_buf(node::data_or_empty(data), static_cast<int>(data.size())));
  // An empty passphrase, or OpenSSL would ask on the terminal.
  X509* read = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, const_cast<char*>(""));
  if (!read) {
    const uint8_t* at = data.data();
    read = d2i_X509(nullptr, &at, static_cast<long>(data.size()));
  }
  ERR_clear_error();
  if (!read) return std::nullopt;
  return std::make_shared<Certificate>(read);
}

Result<Bytes> node_x509_der(Handle certificate) {
  unsigned char* data = nullptr;
  auto size = i2d_X509(certificate->get(), &data);
  if (size < 0) return openssl_error("the certificate cannot be written");
  Bytes out(data, data + size);
  OPENSSL_free(data);
  return out;
}

std::string node_x509_pem(Handle certificate) {
  auto bio = memory();
  PEM_write_bio_X509(bio.get(), certificate->get());
  return text_of(bio.get());
}

Result<Bytes> node_x509_fingerprint(Handle certificate, std::string digest) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (X509_digest(certificate->get(), TRY(node::find_digest(digest)), out.data(), &size) != 1)
    return openssl_error("the fingerprint cannot be computed");
  out.resize(size);
  return out;
}

X509_NAME* name_of(const Certificate& certificate, bool is_issuer) {
  return is_issuer ? X509_get_issuer_name(certificate.get()) : X509_get_subject_name(certificate.get());
}

// RFC 2253's escapes, one attribute a line.
std::string node_x509_name(Handle certificate, bool is_issuer) {
  auto bio = memory();
  X509_NAME_print_ex(bio.get(), name_of(*certificate, is_issuer), 0,
                     ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT | XN_FLAG_SEP_MULTILINE |
                         XN_FLAG_FN_SN);
  return text_of(bio.get());
}

// name, value, name, value, ...
std::vector<std::string> node_x509_attributes(Handle certificate, bool is_issuer) {
  std::vector<std::string> out;
  auto* name = name_of(*certificate, is_issuer);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    auto* entry = X509_NAME_get_entry(name, i);
    auto* object = X509_NAME_ENTRY_get_object(entry);
    int known = OBJ_obj2nid(object);
    char id[128];
    if (known == NID_undef) OBJ_obj2txt(id, sizeof id, object, 1);
    unsigned char* value = nullptr;
    auto size = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) continue;
    out.emplace_back(known == NID_undef ? id : OBJ_nid2sn(known));
    out.emplace_back(reinterpret_cast<char*>(value), static_cast<size_t>(size));
    OPENSSL_free(value);
  }
  ERR_clear_error();
  return out;
}

std::string node_x509_serial(Handle certificate) {
  Owned<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate->get()), nullptr));
  char* hex = BN_bn2hex(number.get());
  std::string out(hex);
  OPENSSL_free(hex);
  return out;
}

std::string node_x509_time(Handle certificate, bool is_end) {
  auto bio = memory();
  ASN1_TIME_print(bio.get(), is_end ? X509_get0_notAfter(certificate->get()) : X509_get0_notBefore(certificate->get()));
  return text_of(bio.get());
}

std::string octets_text(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

// RFC 5280 § 4.2.1.6, as OpenSSL prints it. Names are octets of IA5String: they are Latin-1 here, so that one which is none stays apart.
std::string general_name(GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return "DNS:" + octets_text(name->d.dNSName);
    case GEN_EMAIL:
      return "email:" + octets_text(name->d.rfc822Name);
    case GEN_URI:
      return "URI:" + octets_text(name->d.uniformResourceIdentifier);
    default: {
      auto bio = memory();
      GENERAL_NAME_print(bio.get(), name);
      return text_of(bio.get());
    }
  }
}

std::vector<js::ByteString> node_x509_alternative_names(Handle certificate) {
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate->get(), NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  if (!names) return {};
  std::vector<js::ByteString> out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
    out.push_back({general_name(sk_GENERAL_NAME_value(names.get(), i))});
  return out;
}

// RFC 5280 § 4.2.2.1, empty without one: method, location, method, location, ...
std::vector<js::ByteString> node_x509_info_access(Handle certificate) {
  Owned<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> all(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(certificate->get(), NID_info_access, nullptr, nullptr)));
  ERR_clear_error();
  if (!all) return {};
  std::vector<js::ByteString> out;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all.get()); ++i) {
    auto* access = sk_ACCESS_DESCRIPTION_value(all.get(), i);
    char method[128];
    OBJ_obj2txt(method, sizeof method, access->method, 0);
    out.push_back({method});
    out.push_back({general_name(access->location)});
  }
  return out;
}

// The purposes of the extended key usage, as dotted numbers; empty without one.
std::vector<std::string> node_x509_purposes(Handle certificate) {
  Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate->get(), NID_ext_key_usage, nullptr, nullptr)));
  ERR_clear_error();
  if (!usage) return {};
  std::vector<std::string> out;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usage.get()); ++i) {
    char id[128];
    OBJ_obj2txt(id, sizeof id, sk_ASN1_OBJECT_value(usage.get(), i), 1);
    out.emplace_back(id);
  }
  return out;
}

// The signature algorithm: its long name where OpenSSL has one, else its dotted number.
std::string node_x509_signature_algorithm(Handle certificate, bool as_number) {
  const ASN1_OBJECT* id = nullptr;
  X509_ALGOR_get0(&id, nullptr, nullptr, X509_get0_tbs_sigalg(certificate->get()));
  char text[128];
  OBJ_obj2txt(text, sizeof text, id, as_number ? 1 : 0);
  return text;
}

bool node_x509_is_ca(Handle certificate) { return X509_check_ca(certificate->get()) == 1; }

Result<js::Handle<Key>> node_x509_key(Handle certificate) {
  EVP_PKEY* key = X509_get_pubkey(certificate->get());
  if (!key) return openssl_error("the certificate's key cannot be read");
  return std::make_shared<Key>(key);
}

// What the name matched. flags: OpenSSL's X509_CHECK_FLAG_*.
std::optional<std::string> node_x509_check_host(Handle certificate, std::string host, uint32_t flags) {
  char* matched = nullptr;
  int found = X509_check_host(certificate->get(), host.data(), host.size(), flags, &matched);
  ERR_clear_error();
  if (found != 1) return std::nullopt;
  std::string out = matched ? matched : host;
  OPENSSL_free(matched);
  return out;
}
bool node_x509_check_email(Handle certificate, std::string address, uint32_t flags) {
  bool found = X509_check_email(certificate->get(), address.data(), address.size(), flags) == 1;
  ERR_clear_error();
  return found;
}
Result<bool> node_x509_check_address(Handle certificate, std::string address) {
  int found = X509_check_ip_asc(certificate->get(), address.c_str(), 0);
  ERR_clear_error();
  if (found == -2) return Error::failed("Invalid IP");
  return found == 1;
}

bool node_x509_is_issued(Handle certificate, Handle issuer) {
  bool is_issued = X509_check_issued(issuer->get(), certificate->get()) == X509_V_OK;
  ERR_clear_error();
  return is_issued;
}
bool node_x509_fits_key(Handle certificate, js::Handle<Key> key) {
  bool fits = X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  return fits;
}
bool node_x509_verify(Handle certificate, js::Handle<Key> key) {
  bool is_good = X509_verify(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  return is_good;
}

// SPKAC, in base64: what HTML's <keygen> made.
Owned<NETSCAPE_SPKI, NETSCAPE_SPKI_free> read_spkac(BytesView text) {
  Owned<NETSCAPE_SPKI, NETSCAPE_SPKI_free> read(NETSCAPE_SPKI_b64_decode(
      reinterpret_cast<const char*>(node::data_or_empty(text)), static_cast<int>(text.size())));
  ERR_clear_error();
  return read;
}
bool node_spkac_verify(BytesView text) {
  auto spkac = read_spkac(text);
  if (!spkac) return false;
  Owned<EVP_PKEY, EVP_PKEY_free> key(NETSCAPE_SPKI_get_pubkey(spkac.get()));
  bool is_good = key && NETSCAPE_SPKI_verify(spkac.get(), key.get()) > 0;
  ERR_clear_error();
  return is_good;
}
// Empty when it is none.
std::string node_spkac_key(BytesView text) {
  auto spkac = read_spkac(text);
  if (!spkac) return {};
  Owned<EVP_PKEY, EVP_PKEY_free> key(NETSCAPE_SPKI_get_pubkey(spkac.get()));
  auto bio = memory();
  if (!key || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
    ERR_clear_error();
    return {};
  }
  return text_of(bio.get());
}
std::string node_spkac_challenge(BytesView text) {
  auto spkac = read_spkac(text);
  if (!spkac) return {};
  unsigned char* value = nullptr;
  auto size = ASN1_STRING_to_UTF8(&value, spkac->spkac->challenge);
  ERR_clear_error();
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(value), static_cast<size_t>(size));
  OPENSSL_free(value);
  return out;
}

}  // namespace

void register_node_x509(js::OpTable& ops) {
  ops.add<node_x509_read>("node_x509_read");
  ops.add<node_x509_der>("node_x509_der");
  ops.add<node_x509_pem>("node_x509_pem");
  ops.add<node_x509_fingerprint>("node_x509_fingerprint");
  ops.add<node_x509_name>("node_x509_name");
  ops.add<node_x509_attributes>("node_x509_attributes");
  ops.add<node_x509_serial>("node_x509_serial");
  ops.add<node_x509_time>("node_x509_time");
  ops.add<node_x509_alternative_names>("node_x509_alternative_names");
  ops.add<node_x509_info_access>("node_x509_info_access");
  ops.add<node_x509_purposes>("node_x509_purposes");
  ops.add<node_x509_signature_algorithm>("node_x509_signature_algorithm");
  ops.add<node_x509_is_ca>("node_x509_is_ca");
  ops.add<node_x509_key>("node_x509_key");
  ops.add<node_x509_check_host>("node_x509_check_host");
  ops.add<node_x509_check_email>("node_x509_check_email");
  ops.add<node_x509_check_address>("node_x509_check_address");
  ops.add<node_x509_is_issued>("node_x509_is_issued");
  ops.add<node_x509_fits_key>("node_x509_fits_key");
  ops.add<node_x509_verify>("node_x509_verify");
  ops.add<node_spkac_verify>("node_spkac_verify");
  ops.add<node_spkac_key>("node_spkac_key");
  ops.add<node_spkac_challenge>("node_spkac_challenge");
}

}  // namespace adit::web
