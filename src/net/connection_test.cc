// Real sockets on the loopback: connecting, listening, queueing, closing; and the HTTP server over them.
#include "net/connection.h"

#include <gtest/gtest.h>

#include "net/http/server.h"

namespace adit::net {
namespace {

struct Recorder : Stream::Listener {
  void on_data(BytesView data) override { received.append(text_of(data)); }
  void on_end() override { ended = true; }
  void on_error(Error error) override { failure = error.message(); }
  void on_drain() override { ++drains; }
  std::string received;
  std::string failure;
  bool ended = false;
  int drains = 0;
};

class Tcp : public testing::Test {
 protected:
  void SetUp() override {
    listener = TcpListener::create(*loop, {}, [this](std::unique_ptr<Connection> connection) {
                 connection->set_listener(&server_side);
                 accepted = std::move(connection);
               }).value();
  }
  std::unique_ptr<Connection> connect(Recorder& recorder) {
    std::unique_ptr<Connection> made;
    Connection::connect(*loop, "127.0.0.1", listener->port(), std::make_shared<ReadBuffer>(),
                        [&](Result<std::unique_ptr<Connection>> result) { made = std::move(result).value(); });
    run_until([&] { return made && accepted; });
    made->set_listener(&recorder);
    made->start_reading();
    return made;
  }
  template <typename Condition>
  void run_until(Condition condition) {
    for (int i = 0; i < 100'000 && !condition(); ++i) loop->run_once();
    EXPECT_TRUE(condition());
  }

  std::unique_ptr<Loop> loop = Loop::create().value();
  Recorder server_side;
  Recorder client_side;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<Connection> accepted;
};

TEST_F(Tcp, octets_flow_both_ways_and_ends_are_half_closes) {
  auto client = connect(client_side);
  accepted->start_reading();
  client->write_text("ping");
  run_until([&] { return server_side.received == "ping"; });
  client->shutdown();
  run_until([&] { return server_side.ended; });
  accepted->write_text("pong");
  run_until([&] { return client_side.received == "pong"; });
  EXPECT_EQ(accepted->peer_address().ip, "127.0.0.1");
  EXPECT_NE(accepted->peer_address().port, 0);
  accepted.reset();
  run_until([&] { return client_side.ended; });
}

TEST_F(Tcp, what_the_socket_does_not_take_is_queued_in_order_and_drained) {
  auto client = connect(client_side);
  client->stop_reading();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    std::string piece = std::to_string(i) + std::string(50'000, 'x');
    all += piece;
    if (i % 3 == 0) {
      accepted->write(copy_bytes(piece));
    } else {
      std::array<BytesView, 2> views{bytes_of(piece).first(7), bytes_of(piece).subspan(7)};
      accepted->write(views);
    }
  }
  EXPECT_GT(accepted->buffered_bytes(), 0u);
  EXPECT_EQ(server_side.drains, 0);
  accepted->shutdown();
  client->start_reading();
  run_until([&] { return client_side.ended; });
  EXPECT_TRUE(client_side.received == all);
  EXPECT_EQ(accepted->buffered_bytes(), 0u);
  EXPECT_EQ(server_side.drains, 1);
}

TEST_F(Tcp, a_stopped_reader_gets_nothing) {
  auto client = connect(client_side);
  client->write_text("ping");
  bool later = false;
  auto timer = loop->after(20, [&] { later = true; });
  run_until([&] { return later; });
  EXPECT_EQ(server_side.received, "");
  accepted->start_reading();
  run_until([&] { return server_side.received == "ping"; });
}

TEST_F(Tcp, writing_to_a_peer_that_reset_is_an_error_and_not_a_crash) {
  auto client = connect(client_side);
  client->reset();
  for (int i = 0; i < 1'000 && server_side.failure.empty(); ++i) {
    accepted->write_text("x");
    loop->run_pending();
  }
  EXPECT_NE(server_side.failure, "");
  accepted->write_text("still harmless");
}

TEST_F(Tcp, a_listener_may_destroy_its_stream_in_a_callback) {
  struct Destroyer final : Recorder {
    void on_data(BytesView) override { victim->reset(); }
    std::unique_ptr<Connection>* victim = nullptr;
  } destroyer;
  auto client = connect(client_side);
  destroyer.victim = &accepted;
  accepted->set_listener(&destroyer);
  accepted->start_reading();
  client->write_text("ping");
  run_until([&] { return client_side.ended || !client_side.failure.empty(); });
}

TEST_F(Tcp, connecting_to_nobody_is_a_network_error) {
  uint16_t port = listener->port();
  listener.reset();
  loop->run_pending();
  std::string failure;
  Connection::connect(*loop, "127.0.0.1", port, std::make_shared<ReadBuffer>(),
                      [&](Result<std::unique_ptr<Connection>> result) {
                        EXPECT_EQ(result.error().kind(), ErrorKind::network);
                        failure = result.error().message();
                      });
  run_until([&] { return !failure.empty(); });
  EXPECT_EQ(failure, "connect to 127.0.0.1:" + std::to_string(port) + ": connection refused");
}

TEST_F(Tcp, a_port_in_use_is_a_clear_error) {
  auto second = TcpListener::create(*loop, {.port = listener->port()}, [](std::unique_ptr<Connection>) {});
  ASSERT_TRUE(second.is_error());
  EXPECT_EQ(second.error().message(), "port " + std::to_string(listener->port()) +
                                          " is in use; stop the program that listens there, or choose another port");
}

TEST_F(Tcp, shards_can_share_a_port) {
  auto first = TcpListener::create(*loop, {.reuse_port = true}, [](std::unique_ptr<Connection>) {}).value();
  EXPECT_TRUE(TcpListener::create(*loop, {.port = first->port(), .reuse_port = true}, [](std::unique_ptr<Connection>) {
              }).is_ok());
}

TEST_F(Tcp, a_host_name_is_refused_as_a_listening_address) {
  auto result = TcpListener::create(*loop, {.host = "example.org"}, [](std::unique_ptr<Connection>) {});
  ASSERT_TRUE(result.is_error());
  EXPECT_EQ(result.error().message(), "\"example.org\" is not an IP address to listen on; use one, or localhost");
}

struct Echo final : HttpHandler {
  void on_request(std::shared_ptr<HttpExchange> exchange) override { exchange->respond(200, "", "", exchange->body()); }
};

TEST_F(Tcp, the_http_server_echoes_a_large_body_with_a_slow_reader) {
  Echo echo;
  auto server = HttpServer::create(*loop, {}, echo).value();
  std::unique_ptr<Connection> client;
  Connection::connect(*loop, "localhost", server->port(), std::make_shared<ReadBuffer>(),
                      [&](Result<std::unique_ptr<Connection>> result) { client = std::move(result).value(); });
  run_until([&] { return client != nullptr; });
  client->set_listener(&client_side);
  constexpr size_t size_bytes = 20'000'000;
  client->write_text(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + std::to_string(size_bytes) + "\r\n\r\n");
  Bytes body(size_bytes);
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<uint8_t>(i * 2654435761u >> 24);
  client->write(body);
  for (int i = 0; i < 100; ++i) loop->run_pending();
  EXPECT_GT(client->buffered_bytes(),
            size_bytes / 3);  // nobody reads the response, so the server does not read the request
  client->start_reading();
  run_until([&] { return client_side.ended; });
  size_t head = client_side.received.find("\r\n\r\n") + 4;
  EXPECT_TRUE(std::string_view(client_side.received).substr(head) == text_of(body));
  EXPECT_EQ(server->connection_count(), 0u);
}

}  // namespace
}  // namespace adit::net
