// A WebSocket from end to end on one loop: the HTTP server, its upgrade, and the outbound client.
#include "net/websocket/serve.h"

#include <gtest/gtest.h>

#include "net/http/server.h"
#include "net/websocket/connect.h"

namespace adit::net {
namespace {

struct Echo final : WebSocketLink::Listener {
  std::shared_ptr<WebSocketConnection> connection;
  void on_message(WebSocketMessage message) override { connection->send(std::move(message)); }
  void on_close(WebSocketClose close) override {
    connection->close(close.code, close.reason);
    connection.reset();
  }
};

struct Collector final : WebSocketLink::Listener {
  std::vector<std::string> messages;
  std::optional<WebSocketClose> close;
  void on_message(WebSocketMessage message) override { messages.emplace_back(text_of(message.data)); }
  void on_close(WebSocketClose value) override { close = std::move(value); }
};

class ServedWebSockets : public ::testing::Test, public HttpHandler {
 protected:
  void SetUp() override {
    loop = std::move(Loop::create()).value();
    server = std::move(HttpServer::create(*loop, {}, *this)).value();
    client = std::move(HttpClient::create(*loop)).value();
  }
  void TearDown() override {
    client.reset();
    server.reset();
  }
  void on_request(std::shared_ptr<HttpExchange> exchange) override {
    auto echo = std::make_shared<Echo>();
    echo->connection =
        serve_websocket(*loop, random, *exchange, "sec-websocket-protocol: chat\r\nconnection: close\r\n", true);
    if (auto connection = echo->connection) connection->listen(echo);
  }
  template <typename Condition>
  bool run_until(Condition condition) {
    bool expired = false;
    auto timer = loop->after(10'000, [&] { expired = true; });
    while (!condition() && !expired) loop->run_once();
    return condition();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()) + "/"; }

  std::unique_ptr<Loop> loop;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
  SystemRandom random;
};

TEST_F(ServedWebSockets, carry_messages_of_every_size_with_and_without_compression) {
  for (bool compressed : {false, true}) {
    std::optional<Result<WebSocketResponse>> response;
    connect_websocket(*client, random, {url(), {"Sec-WebSocket-Protocol: chat"}, compressed, {}},
                      [&](Result<WebSocketResponse> result) { response.emplace(std::move(result)); });
    ASSERT_TRUE(run_until([&] { return response.has_value(); }));
    ASSERT_TRUE(*response) << response->error().message();
    EXPECT_EQ(response->value().response.header("sec-websocket-protocol"), "chat");
    EXPECT_EQ(response->value().response.header("sec-websocket-extensions").has_value(), compressed);
    auto socket = response->value().socket;
    auto collector = std::make_shared<Collector>();
    socket->listen(collector);
    std::vector<std::string> sent;
    for (size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 3'000'000U}) {
      std::string text(size, 'x');
      for (size_t i = 0; i < size; i++) text[i] = static_cast<char>('a' + (i * i) % 23);
      socket->send({true, copy_bytes(text)});
      sent.push_back(std::move(text));
    }
    ASSERT_TRUE(run_until([&] { return collector->messages.size() == sent.size(); }));
    EXPECT_TRUE(collector->messages == sent);
    socket->close(4000, "done");
    ASSERT_TRUE(run_until([&] { return collector->close.has_value(); }));
    EXPECT_EQ(collector->close->code, 4000);
    EXPECT_EQ(collector->close->reason, "done");
    EXPECT_TRUE(collector->close->was_clean);
  }
}

TEST_F(ServedWebSockets, a_request_that_is_no_handshake_is_told_so) {
  std::optional<Result<IncomingResponse>> response;
  client->fetch({"GET", url(), {}, nullptr},
                [&](Result<IncomingResponse> result) { response.emplace(std::move(result)); });
  ASSERT_TRUE(run_until([&] { return response.has_value(); }));
  ASSERT_TRUE(*response) << response->error().message();
  EXPECT_EQ(response->value().status, 426);
  EXPECT_EQ(response->value().header("upgrade"), "websocket");
}

}  // namespace
}  // namespace adit::net
