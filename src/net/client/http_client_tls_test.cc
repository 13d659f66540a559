// The client over TLS, against Node: HTTP/2 by ALPN, trust, uploads, raw TLS streams. Skipped where there is no Node.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/client/http_client.h"
#include "net/websocket/connect.h"

extern char** environ;

namespace adit::net {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

// A self-signed certificate for 127.0.0.1 and its key, in two PEM files.
void make_certificate(const std::string& key_file, const std::string& certificate_file) {
  std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
  std::unique_ptr<X509, Freer<X509_free>> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  auto* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"));
  X509_add_ext(certificate.get(), names.get(), -1);
  ASSERT_NE(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  std::unique_ptr<FILE, Freer<fclose>> key_out(fopen(key_file.c_str(), "w")),
      certificate_out(fopen(certificate_file.c_str(), "w"));
  ASSERT_EQ(PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  ASSERT_EQ(PEM_write_X509(certificate_out.get(), certificate.get()), 1);
}

class TlsClients : public ::testing::Test {
 protected:
  void SetUp() override {
    m_folder = std::filesystem::temp_directory_path() / ("adit-tls-" + std::to_string(getpid()));
    std::filesystem::create_directories(m_folder);
    certificate_file = m_folder / "certificate.pem";
    make_certificate(m_folder / "key.pem", certificate_file);
    start_node();
    if (m_port == 0) GTEST_SKIP() << "no Node here";
    loop = std::move(Loop::create()).value();
    HttpClientOptions options;
    options.extra_ca_file = certificate_file;
    client = std::move(HttpClient::create(*loop, options)).value();
  }
  void TearDown() override {
    client.reset();
    if (m_node > 0) {
      close(m_stdin);
      close(m_stdout);
      waitpid(m_node, nullptr, 0);
    }
    std::filesystem::remove_all(m_folder);
  }

  void start_node() {
    int in[2], out[2];
    ASSERT_EQ(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::string script = std::string(ADIT_SOURCE_DIR) + "/src/net/client/tls_server.mjs", key = m_folder / "key.pem",
                certificate = certificate_file;
    char node[] = "node";
    char* arguments[] = {node, script.data(), key.data(), certificate.data(), nullptr};
    if (posix_spawnp(&m_node, "node", &actions, nullptr, arguments, environ) != 0) m_node = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    m_stdin = in[1];
    m_stdout = out[0];
    std::string line;
    char c;
    while (m_node > 0 && read(m_stdout, &c, 1) == 1 && c != '\n') line += c;
    m_port = line.empty() ? 0 : static_cast<uint16_t>(std::stoi(line));
  }

  template <typename Condition>
  bool run_until(Condition condition) {
    bool expired = false;
    auto timer = loop->after(20'000, [&] { expired = true; });
    while (!condition() && !expired) loop->run_once();
    return condition();
  }
  Result<IncomingResponse> fetch(OutgoingRequest request) {
    std::optional<Result<IncomingResponse>> result;
    client->fetch(std::move(request), [&](Result<IncomingResponse> response) { result.emplace(std::move(response)); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return std::move(*result);
  }
  std::string read_all(ByteSource& source) {
    std::string text;
    for (bool more = true; more;) {
      std::optional<Result<Bytes>> chunk;
      source.read([&](Result<Bytes> value) { chunk.emplace(std::move(value)); });
      EXPECT_TRUE(run_until([&] { return chunk.has_value(); }));
      if (chunk->is_error()) return text + "error: " + chunk->error().message();
      more = !chunk->value().empty();
      text += text_of(chunk->value());
    }
    return text;
  }
  std::string url(std::string_view path) const {
    return "https://127.0.0.1:" + std::to_string(m_port) + std::string(path);
  }
  uint16_t port() const { return m_port; }

  std::string certificate_file;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<HttpClient> client;

 private:
  std::filesystem::path m_folder;
  pid_t m_node = -1;
  int m_stdin = -1, m_stdout = -1;
  uint16_t m_port = 0;
};

TEST_F(TlsClients, speak_http_2_where_the_server_does) {
  auto response = fetch({"GET", url("/a"), {"X-Any: 1"}, nullptr});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response.value().status, 200);
  EXPECT_EQ(response.value().status_text, "");
  EXPECT_EQ(response.value().http_version, "2");
  EXPECT_EQ(response.value().header("x-version"), "2.0");
  EXPECT_EQ(read_all(*response.value().body), "GET /a 0 ");
}

TEST_F(TlsClients, send_bodies_over_http_2) {
  auto response = fetch({"POST", url("/b"), {}, std::make_shared<MemorySource>(Bytes(1'000'000, 'x'))});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(read_all(*response.value().body), "POST /b 1000000 xxxxxxxxxxxxxxxxxxxx");
  auto pipe = std::make_shared<Pipe>();
  auto first = loop->after(5, [&] { pipe->write(copy_bytes("one "), [](Result<void>) {}); });
  auto second = loop->after(15, [&] {
    pipe->write(copy_bytes("two"), [](Result<void>) {});
    pipe->close();
  });
  auto streamed = fetch({"PUT", url("/c"), {}, pipe});
  ASSERT_TRUE(streamed) << streamed.error().message();
  EXPECT_EQ(read_all(*streamed.value().body), "PUT /c 7 one two");
}

TEST_F(TlsClients, share_one_connection_between_streams_and_hold_back_a_fast_server) {
  auto first = fetch({"GET", url("/big"), {}, nullptr});
  ASSERT_TRUE(first);
  auto second = fetch({"GET", url("/d"), {}, nullptr});
  ASSERT_TRUE(second);
  EXPECT_EQ(read_all(*second.value().body), "GET /d 0 ") << "the unread body does not block the other stream";
  EXPECT_EQ(first.value().header("x-session"), second.value().header("x-session"));
  EXPECT_EQ(read_all(*first.value().body).size(), 20'000'000U);
}

TEST_F(TlsClients, refuse_a_certificate_that_nobody_vouches_for) {
  client = std::move(HttpClient::create(*loop)).value();
  auto response = fetch({"GET", url("/"), {}, nullptr});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind(), ErrorKind::network);
  EXPECT_TRUE(response.error().message().starts_with("The TLS certificate of 127.0.0.1:" + std::to_string(port()) +
                                                     " is not trusted"))
      << response.error().message();
}

TEST_F(TlsClients, refuse_a_certificate_of_another_name) {
  auto response = fetch({"GET", "https://localhost:" + std::to_string(port()) + "/", {}, nullptr});
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().message().starts_with("The TLS certificate of localhost:"))
      << response.error().message();
}

TEST_F(TlsClients, shake_websocket_hands_over_http_1_1) {
  SystemRandom random;
  std::optional<Result<WebSocketResponse>> result;
  connect_websocket(*client, random, {url("/ws"), {}, false, {}},
                    [&](Result<WebSocketResponse> response) { result.emplace(std::move(response)); });
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  ASSERT_TRUE(*result) << result->error().message();
  EXPECT_EQ(result->value().response.status, 418);
  EXPECT_EQ(read_all(*result->value().response.body), "teapot");
}

}  // namespace
}  // namespace adit::net
