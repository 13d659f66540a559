// WebSocketConnections over streams in memory, and links.
#include "net/websocket/connection.h"

#include <gtest/gtest.h>

#include <chrono>

#include "net/websocket/memory_stream.h"

namespace adit::net {
namespace {

using websocket::Role;

struct Log final : WebSocketLink::Listener {
  std::string text;
  std::vector<WebSocketMessage> messages;
  bool keeps_messages = false;
  bool closed = false;
  int drains = 0;
  Function<void(const WebSocketMessage&)> also;
  Function<void(const WebSocketClose&)> at_close;
  void on_message(WebSocketMessage message) override {
    text += (message.is_text ? "text(" : "binary(") + std::string(text_of(message.data).substr(0, 40)) + ") ";
    if (also) also(message);
    if (keeps_messages) messages.push_back(std::move(message));
  }
  void on_close(WebSocketClose close) override {
    closed = true;
    text += "close(" + std::to_string(close.code) + "," + close.reason + (close.was_clean ? ",clean) " : ",lost) ");
    if (at_close) at_close(close);
  }
  void on_drain() override { drains++; }
};

WebSocketMessage text(std::string_view value) { return {true, copy_bytes(value)}; }

class WebSocketConnections : public ::testing::Test {
 protected:
  void SetUp() override { loop = std::move(Loop::create()).value(); }
  void TearDown() override {
    if (server) server->abort();
    if (client) client->abort();
    settle();
  }
  void open(WebSocketOptions options = {}, std::optional<websocket::DeflateParameters> deflate = std::nullopt) {
    auto [a, b] = MemoryStream::create_pair(*loop);
    server = WebSocketConnection::create(*loop, random, std::move(a), Role::server, deflate, {}, options);
    client = WebSocketConnection::create(*loop, random, std::move(b), Role::client, deflate, {}, options);
    server->listen(server_log);
    client->listen(client_log);
  }
  void settle() {
    for (int i = 0; i < 50; i++) loop->run_pending();
  }
  template <typename Condition>
  void run_until(Condition condition) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < deadline) loop->run_once();
    EXPECT_TRUE(condition());
  }

  SystemRandom random;
  std::unique_ptr<Loop> loop;
  std::shared_ptr<WebSocketConnection> server, client;
  std::shared_ptr<Log> server_log = std::make_shared<Log>(), client_log = std::make_shared<Log>();
};

TEST_F(WebSocketConnections, carry_messages_both_ways_in_order) {
  open();
  client->send(text("one"));
  client->send({false, copy_bytes("two")});
  server->send(text("three"));
  settle();
  EXPECT_EQ(server_log->text, "text(one) binary(two) ");
  EXPECT_EQ(client_log->text, "text(three) ");
}

TEST_F(WebSocketConnections, carry_compressed_messages) {
  open({}, websocket::DeflateParameters{});
  server_log->keeps_messages = true;
  std::string long_text;
  for (int i = 0; i < 10000; i++) long_text += "line " + std::to_string(i) + "\n";
  for (int i = 0; i < 3; i++) client->send(text(long_text));
  EXPECT_LT(client->buffered_bytes(), long_text.size());
  settle();
  ASSERT_EQ(server_log->messages.size(), 3U);
  for (auto& message : server_log->messages) EXPECT_EQ(text_of(message.data), long_text);
}

TEST_F(WebSocketConnections, close_with_a_handshake_when_the_other_side_answers) {
  open();
  server_log->at_close = [&](const WebSocketClose& close) { server->close(close.code, "bye"); };
  client->close(4000, "done");
  client->send(text("late"));
  settle();
  EXPECT_EQ(server_log->text, "close(4000,done,clean) ");
  EXPECT_EQ(client_log->text, "close(4000,bye,clean) ");
  EXPECT_TRUE(server->is_closed());
  EXPECT_TRUE(client->is_closed());
}

TEST_F(WebSocketConnections, messages_sent_before_the_answering_close_still_arrive) {
  open();
  server_log->at_close = [&](const WebSocketClose&) {
    server->send(text("last"));
    server->close(1000, "");
  };
  client->close(1005, "");
  settle();
  EXPECT_EQ(server_log->text, "close(1005,,clean) ");
  EXPECT_EQ(client_log->text, "text(last) close(1000,,clean) ");
}

TEST_F(WebSocketConnections, do_not_wait_forever_for_a_close) {
  WebSocketOptions options;
  options.close_timeout_ms = 20;
  open(options);
  client->close(1000, "");
  run_until([&] { return client_log->closed && server->is_closed(); });
  EXPECT_EQ(server_log->text, "close(1000,,clean) ");
  EXPECT_EQ(client_log->text, "close(1006,,lost) ");
}

TEST_F(WebSocketConnections, report_a_lost_connection_as_1006) {
  open();
  client->abort();
  settle();
  EXPECT_EQ(server_log->text, "close(1006,,lost) ");
  EXPECT_EQ(client_log->text, "");
}

TEST_F(WebSocketConnections, fail_a_peer_that_sends_too_much) {
  WebSocketOptions options;
  options.max_message_bytes = 1000;
  open(options);
  server->send({false, Bytes(1000)});
  server->send({false, Bytes(1001)});
  client_log->keeps_messages = true;
  settle();
  ASSERT_EQ(client_log->messages.size(), 1U);
  EXPECT_TRUE(client_log->text.ends_with("close(1009,A message is larger than 1000 bytes.,lost) ")) << client_log->text;
  EXPECT_EQ(server_log->text, "close(1009,A message is larger than 1000 bytes.,clean) ");
}

TEST_F(WebSocketConnections, drop_a_peer_that_takes_nothing) {
  WebSocketOptions options;
  options.max_buffered_bytes = 100'000;
  open(options);
  client->pause();
  for (int i = 0; i < 200 && !server->is_closed(); i++) server->send({false, Bytes(1000)});
  EXPECT_TRUE(server->is_closed());
  settle();
  EXPECT_EQ(server_log->text, "close(1006,,lost) ");
}

TEST_F(WebSocketConnections, a_paused_listener_gets_nothing_until_it_resumes) {
  open();
  client->pause();
  server->send(text("wait"));
  settle();
  EXPECT_EQ(client_log->text, "");
  EXPECT_GT(server->buffered_bytes(), 0U);
  client->resume();
  settle();
  EXPECT_EQ(client_log->text, "text(wait) ");
  EXPECT_EQ(server->buffered_bytes(), 0U);
  EXPECT_EQ(server_log->drains, 1);
}

TEST_F(WebSocketConnections, drop_a_peer_that_answers_no_ping) {
  WebSocketOptions options;
  options.ping_interval_ms = 10;
  auto [a, silent] = MemoryStream::create_pair(*loop);
  server = WebSocketConnection::create(*loop, random, std::move(a), Role::server, std::nullopt, {}, options);
  server->listen(server_log);
  run_until([&] { return server_log->closed; });
  EXPECT_EQ(server_log->text, "close(1006,,lost) ");
}

TEST_F(WebSocketConnections, keep_a_peer_that_answers_pings) {
  WebSocketOptions options;
  options.ping_interval_ms = 5;
  open(options);
  auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(60);
  while (std::chrono::steady_clock::now() < end) loop->run_once();
  EXPECT_EQ(server_log->text, "");
  EXPECT_FALSE(server->is_closed());
}

TEST_F(WebSocketConnections, read_what_came_behind_the_handshake) {
  auto [a, b] = MemoryStream::create_pair(*loop);
  Bytes leftover;
  append_frame(leftover, websocket::Opcode::text, true, false, bytes_of("early"), std::nullopt);
  client = WebSocketConnection::create(*loop, random, std::move(b), Role::client, std::nullopt, std::move(leftover));
  settle();
  client->listen(client_log);
  settle();
  EXPECT_EQ(client_log->text, "text(early) ");
}

TEST_F(WebSocketConnections, a_listener_may_abort_inside_its_callback) {
  open();
  client_log->also = [&](const WebSocketMessage&) { client->abort(); };
  server->send(text("1"));
  server->send(text("2"));
  settle();
  EXPECT_EQ(client_log->text, "text(1) ");
  EXPECT_EQ(server_log->text, "close(1006,,lost) ");
}

TEST_F(WebSocketConnections, a_pair_carries_messages_and_closes) {
  auto [a, b] = make_websocket_pair(*loop);
  a->send(text("before anyone listens"));
  b->listen(server_log);
  EXPECT_EQ(server_log->text, "") << "never from inside a call";
  settle();
  a->listen(client_log);
  a->close(1000, "x");
  a->send(text("late"));
  server_log->at_close = [link = std::weak_ptr(b)](const WebSocketClose&) { link.lock()->close(1001, ""); };
  settle();
  EXPECT_EQ(server_log->text, "text(before anyone listens) close(1000,x,clean) ");
  EXPECT_EQ(client_log->text, "close(1001,,clean) ");
}

TEST_F(WebSocketConnections, a_dropped_half_of_a_pair_is_a_lost_channel) {
  auto [a, b] = make_websocket_pair(*loop);
  b->listen(server_log);
  a.reset();
  settle();
  EXPECT_EQ(server_log->text, "close(1006,,lost) ");
}

TEST_F(WebSocketConnections, coupled_links_pass_messages_and_closes_through) {
  auto [stream_a, stream_b] = MemoryStream::create_pair(*loop);
  server = WebSocketConnection::create(*loop, random, std::move(stream_a), Role::server, std::nullopt, {});
  client = WebSocketConnection::create(*loop, random, std::move(stream_b), Role::client, std::nullopt, {});
  client->listen(client_log);
  auto [inner, outer] = make_websocket_pair(*loop);
  couple_websockets(server, outer);
  inner->listen(server_log);
  client->send(text("up"));
  inner->send(text("down"));
  server_log->at_close = [link = std::weak_ptr(inner)](const WebSocketClose& close) {
    link.lock()->close(close.code, "echo");
  };
  settle();
  client->close(4001, "end");
  settle();
  EXPECT_EQ(server_log->text, "text(up) close(4001,end,clean) ");
  EXPECT_EQ(client_log->text, "text(down) close(4001,echo,clean) ");
  EXPECT_TRUE(server->is_closed());
  std::weak_ptr<WebSocketLink> weak_server = server, weak_outer = outer;
  server.reset();
  outer.reset();
  settle();
  EXPECT_TRUE(weak_server.expired() && weak_outer.expired()) << "the coupling is a cycle until both sides have closed";
}

TEST_F(WebSocketConnections, coupled_links_hold_the_sender_back) {
  auto [a, b] = make_websocket_pair(*loop);
  auto [c, d] = make_websocket_pair(*loop);
  couple_websockets(b, c);
  d->listen(server_log);
  d->pause();
  for (int i = 0; i < 5; i++) a->send({false, Bytes(800 * 1024)});
  settle();
  EXPECT_EQ(c->buffered_bytes(), 2U * 800 * 1024) << "the coupling stops above one MiB";
  EXPECT_EQ(a->buffered_bytes(), 3U * 800 * 1024);
  a->listen(client_log);
  d->resume();
  settle();
  EXPECT_EQ(a->buffered_bytes(), 0U);
  EXPECT_EQ(client_log->drains, 1);
}

}  // namespace
}  // namespace adit::net
