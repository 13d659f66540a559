#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <vector>

#include "net/client/http_client.h"

namespace adit::net {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};

Error tls_error(const std::string& what) {
  std::array<char, 256> text{};
  auto code = ERR_get_error();
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return Error(ErrorKind::network, code ? what + ": " + text.data() : what);
}

// SSL_get_error() takes what any other use of OpenSSL on this thread has left in the queue for this session's.
void forget_errors() { ERR_clear_error(); }

class Context final : public TlsClientContext {
 public:
  explicit Context(SSL_CTX* context) : m_context(context) {}
  SSL_CTX* get() { return m_context.get(); }

 private:
  std::unique_ptr<SSL_CTX, FreeContext> m_context;
};

TlsPeer peer_of(SSL* session) {
  TlsPeer peer;
  peer.version = SSL_get_version(session);
  if (const auto* cipher = SSL_get_current_cipher(session)) {
    peer.cipher = SSL_CIPHER_get_name(cipher);
    peer.standard_cipher = SSL_CIPHER_standard_name(cipher);
  }
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session, &protocol, &size);
  if (size > 0) peer.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  auto verified = SSL_get_verify_result(session);
  if (verified != X509_V_OK) peer.problem = X509_verify_cert_error_string(verified);
  if (auto* certificate = SSL_get0_peer_certificate(session)) {
    unsigned char* der = nullptr;
    auto der_size = i2d_X509(certificate, &der);
    if (der_size > 0) peer.certificate.assign(der, der + der_size);
    OPENSSL_free(der);
  }
  ERR_clear_error();
  return peer;
}

using OwnedBio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
OwnedBio reader_of(const std::string& text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
// OpenSSL asks on the terminal where it gets no answer.
int tell_passphrase(char* buffer, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.size() > static_cast<size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

Result<void> trust(SSL_CTX* context, const std::string& authorities) {
  auto bio = reader_of(authorities);
  int count = 0;
  while (auto* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, const_cast<char*>(""))) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
    X509_free(certificate);
    ++count;
  }
  ERR_clear_error();  // the end of the text is one
  if (count == 0) return Error(ErrorKind::network, "the certificate authorities are not certificates in PEM");
  return {};
}

// The first certificate is ours, those that follow are its issuers.
Result<void> identify(SSL_CTX* context, TlsClientSettings settings) {
  auto certificates = reader_of(settings.certificate);
  auto* own = PEM_read_bio_X509_AUX(certificates.get(), nullptr, nullptr, const_cast<char*>(""));
  bool is_good = own && SSL_CTX_use_certificate(context, own) == 1;
  X509_free(own);
  while (is_good) {
    auto* issuer = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, const_cast<char*>(""));
    if (!issuer) break;
    if (SSL_CTX_add0_chain_cert(context, issuer) != 1) X509_free(issuer);
  }
  if (!is_good) return tls_error("the certificate cannot be used");
  ERR_clear_error();
  auto bio = reader_of(settings.key);
  auto* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, tell_passphrase, &settings.passphrase);
  is_good = key && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  if (!is_good) return tls_error("the private key cannot be used");
  return {};
}

// Holds itself by m_core in callbacks: a listener may destroy the stream inside any of its own.
class TlsStream final : public Stream {
 public:
  TlsStream(Loop& loop, std::shared_ptr<TlsClientContext> context, std::unique_ptr<Stream> plain, SSL* session,
            Function<void(Result<TlsPeer>)> ready)
      : m_core(std::make_shared<Core>(loop, std::move(context), std::move(plain), session, std::move(ready))) {
    m_core->plain->set_listener(m_core.get());
    loop.defer([core = m_core] { core->advance(); });
  }
  ~TlsStream() override { close(); }

  void set_listener(Listener* listener) override { m_core->listener = listener; }
  void start_reading() override {
    m_core->is_reading = true;
    // What has been decrypted, or is here to be, does not make the socket readable.
    m_core->loop.defer([core = m_core] { core->advance(); });
  }
  void stop_reading() override {
    m_core->is_reading = false;
    if (m_core->is_ready && m_core->plain) m_core->plain->stop_reading();
  }
  void write(std::span<const BytesView> buffers) override {
    for (auto buffer : buffers) m_core->write(buffer);
  }
  void write(Bytes data) override { m_core->write(data); }
  size_t buffered_bytes() const override {
    return m_core->early.size() + (m_core->plain ? m_core->plain->buffered_bytes() : 0);
  }
  void shutdown() override { m_core->shutdown(); }
  void close() override { m_core->close(); }
  PeerAddress peer_address() const override { return m_core->plain ? m_core->plain->peer_address() : PeerAddress{}; }

 private:
  struct Core final : Stream::Listener, std::enable_shared_from_this<Core> {
    Core(Loop& owner, std::shared_ptr<TlsClientContext> from, std::unique_ptr<Stream> over, SSL* made,
         Function<void(Result<TlsPeer>)> on_ready)
        : loop(owner), context(std::move(from)), plain(std::move(over)), session(made), ready(std::move(on_ready)) {}

    void on_data(BytesView data) override {
      BIO_write(SSL_get_rbio(session.get()), data.data(), static_cast<int>(data.size()));
      advance();
    }
    void on_end() override {
      has_peer_ended = true;
      advance();
    }
    void on_error(Error error) override { fail(std::move(error)); }
    void on_drain() override {
      if (listener) listener->on_drain();
    }

    void advance();
    bool shake_hands();
    void read();
    void write(BytesView data);
    void flush();
    void shutdown();
    void close();
    void end();
    void fail(Error error);

    Loop& loop;
    std::shared_ptr<TlsClientContext> context;
    std::unique_ptr<Stream> plain;  // null once closed
    std::unique_ptr<SSL, FreeSession> session;
    Function<void(Result<TlsPeer>)> ready;
    Listener* listener = nullptr;
    Bytes early;  // written before the handshake was done
    bool is_ready = false;
    bool is_reading = false;
    bool is_shut = false;
    bool has_ended = false;       // the listener knows
    bool has_peer_ended = false;  // the connection below
  };
  std::shared_ptr<Core> m_core;
};

void TlsStream::Core::advance() {
  auto self = shared_from_this();
  if (!plain) return;
  if (!is_ready && !shake_hands()) return;
  read();
}

// False while it goes on, or when it has failed.
bool TlsStream::Core::shake_hands() {
  forget_errors();
  auto outcome = SSL_do_handshake(session.get());
  auto reason = SSL_get_error(session.get(), outcome);
  flush();
  if (outcome == 1) {
    is_ready = true;
    auto waiting = std::exchange(early, {});
    if (!waiting.empty()) write(waiting);
    if (is_shut) {
      is_shut = false;
      shutdown();
    }
    std::exchange(ready, nullptr)(peer_of(session.get()));
    return plain != nullptr;
  }
  if (reason == SSL_ERROR_WANT_READ && !has_peer_ended) {
    plain->start_reading();
    return false;
  }
  auto verified = SSL_get_verify_result(session.get());
  if (verified != X509_V_OK) {
    ERR_clear_error();
    fail(Error(ErrorKind::network,
               std::string("TLS: the peer's certificate is not valid: ") + X509_verify_cert_error_string(verified)));
  } else {
    fail(tls_error("TLS handshake failed"));
  }
  return false;
}

void TlsStream::Core::read() {
  std::array<uint8_t, 16 * 1024> buffer;
  while (is_reading && !has_ended) {
    forget_errors();
    auto count = SSL_read(session.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count > 0) {
      if (listener) listener->on_data(BytesView(buffer).first(static_cast<size_t>(count)));
      if (!plain) return;
      continue;
    }
    auto reason = SSL_get_error(session.get(), count);
    flush();  // a key update, a renegotiation
    if (reason == SSL_ERROR_ZERO_RETURN || has_peer_ended) return end();
    if (reason != SSL_ERROR_WANT_READ) return fail(tls_error("TLS failed"));
    return plain->start_reading();
  }
}

void TlsStream::Core::write(BytesView data) {
  if (!plain || is_shut || data.empty()) return;
  if (!is_ready) {
    early.insert(early.end(), data.begin(), data.end());
    return;
  }
  // The memory below takes everything.
  size_t written = 0;
  forget_errors();
  if (SSL_write_ex(session.get(), data.data(), data.size(), &written) != 1) {
    loop.defer([self = shared_from_this(), error = tls_error("TLS failed")] { self->fail(error); });
    return;
  }
  flush();
}

void TlsStream::Core::flush() {
  char* octets = nullptr;
  auto* memory = SSL_get_wbio(session.get());
  auto size = BIO_get_mem_data(memory, &octets);
  if (size <= 0) return;
  BytesView view(reinterpret_cast<const uint8_t*>(octets), static_cast<size_t>(size));
  plain->write(std::span<const BytesView>(&view, 1));
  BIO_reset(memory);
}

void TlsStream::Core::shutdown() {
  if (!plain || std::exchange(is_shut, true) || !is_ready) return;
  SSL_shutdown(session.get());
  flush();
  plain->shutdown();
}

void TlsStream::Core::close() {
  listener = nullptr;
  ready = nullptr;
  if (auto closing = std::exchange(plain, nullptr)) {
    closing->set_listener(nullptr);
    closing->close();
    // It may be calling us.
    loop.defer([closing = std::shared_ptr<Stream>(std::move(closing))] {});
  }
}

void TlsStream::Core::end() {
  if (std::exchange(has_ended, true)) return;
  if (listener) listener->on_end();
}

void TlsStream::Core::fail(Error error) {
  if (!plain) return;
  auto self = shared_from_this();
  auto* told = listener;
  auto waiting = std::exchange(ready, nullptr);
  close();
  if (waiting) waiting(std::move(error));
  else if (told) told->on_error(std::move(error));
}

}  // namespace

Result<std::shared_ptr<TlsClientContext>> TlsClientContext::create(const TlsClientSettings& settings) {
  auto* made = SSL_CTX_new(TLS_client_method());
  if (!made) return tls_error("TLS cannot start");
  auto context = std::make_shared<Context>(made);
  SSL_CTX_set_min_proto_version(made, TLS1_2_VERSION);
  SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(made, SSL_MODE_AUTO_RETRY);
  if (!settings.certificate.empty()) TRY(identify(made, settings));
  if (!settings.authorities.empty()) {
    TRY(trust(made, settings.authorities));
    return std::shared_ptr<TlsClientContext>(std::move(context));
  }
  auto file = find_system_ca_file();
  if (!file.empty() && SSL_CTX_load_verify_file(made, file.c_str()) != 1) return tls_error("read " + file);
  return std::shared_ptr<TlsClientContext>(std::move(context));
}

std::unique_ptr<Stream> start_tls(Loop& loop, std::shared_ptr<TlsClientContext> context, std::unique_ptr<Stream> plain,
                                  const TlsClientSettings& settings, Function<void(Result<TlsPeer>)> ready) {
  auto* session = SSL_new(static_cast<Context&>(*context).get());
  VERIFY(session);
  SSL_set_connect_state(session);
  auto* in = BIO_new(BIO_s_mem());
  auto* out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(session, in, out);
  // An address has no name to indicate, and is looked for among the certificate's addresses.
  const auto& host = settings.host;
  std::unique_ptr<ASN1_OCTET_STRING, decltype([](ASN1_OCTET_STRING* text) { ASN1_OCTET_STRING_free(text); })> address(
      a2i_IPADDRESS(host.c_str()));
  auto* parameters = SSL_get0_param(session);
  if (!address) SSL_set_tlsext_host_name(session, host.c_str());
  if (settings.checks_host) {
    if (address) X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    else X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
  }
  if (!settings.checks_certificate) SSL_set_verify(session, SSL_VERIFY_NONE, nullptr);
  if (!settings.protocols.empty())
    SSL_set_alpn_protos(session, settings.protocols.data(), static_cast<unsigned>(settings.protocols.size()));
  ERR_clear_error();
  return std::make_unique<TlsStream>(loop, std::move(context), std::move(plain), session, std::move(ready));
}

}  // namespace adit::net
