// Responses: framing, bodies from sources, backpressure towards the client, what breaks a connection.
#include "net/http/harness_test.h"

namespace adit::net {
namespace {

using HttpResponse = HttpServerTest;

TEST_F(HttpResponse, text_is_written_with_date_and_length) {
  auto& client = connect();
  client.send(get);
  handler.exchanges[0]->respond(200, "", "x-one: 1\r\n", std::string_view("hello"));
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\nx-one: 1\r\n" + date + "Content-Length: 5\r\n\r\nhello");
  EXPECT_FALSE(client.closed);
}

TEST_F(HttpResponse, without_a_body_has_length_zero) {
  auto& client = connect();
  client.send(get);
  handler.exchanges[0]->respond(404, "", "", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 404 Not Found\r\n" + date + "Content-Length: 0\r\n\r\n");
}

TEST_F(HttpResponse, a_given_status_text_is_used_and_an_unknown_status_has_an_empty_one) {
  auto& client = connect();
  client.send(get + get);
  handler.exchanges[0]->respond(200, "Fine", "", {});
  loop->run_pending();
  handler.exchanges[1]->respond(299, "", "", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 200 Fine\r\n" + date + "Content-Length: 0\r\n\r\nHTTP/1.1 299 \r\n" + date +
                               "Content-Length: 0\r\n\r\n");
}

TEST_F(HttpResponse, lines_that_contradict_the_framing_are_dropped_and_a_given_date_stays) {
  auto& client = connect();
  client.send(get);
  handler.exchanges[0]->respond(
      200, "",
      "Content-Length: 99\r\na: 1\r\ntransfer-encoding: chunked\r\nKeep-Alive: x\r\ndate: then\r\ncontent-type: t\r\n",
      std::string_view("hello"));
  EXPECT_EQ(taken(client),
            "HTTP/1.1 200 OK\r\na: 1\r\ndate: then\r\ncontent-type: t\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_F(HttpResponse, a_handler_may_ask_to_close) {
  auto& client = connect();
  client.send(get);
  handler.exchanges[0]->respond(200, "", "Connection: Close\r\n", std::string_view("hello"));
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(server->connection_count(), 0u);
}

TEST_F(HttpResponse, head_204_and_304_have_no_body_and_cancel_its_source) {
  auto& client = connect();
  for (auto [method, status, expected] :
       {std::tuple("HEAD", 200, "Content-Length: 7\r\n"), std::tuple("GET", 204, ""), std::tuple("GET", 304, "")}) {
    client.send(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    auto source = std::make_shared<TestSource>(7);
    handler.exchanges.back()->respond(status, "x", "", source);
    EXPECT_EQ(taken(client), "HTTP/1.1 " + std::to_string(status) + " x\r\n" + date + expected + "\r\n");
    EXPECT_TRUE(source->cancelled);
    EXPECT_EQ(source->reads, 0);
  }
}

TEST_F(HttpResponse, head_and_304_keep_a_given_length) {
  auto& client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  handler.exchanges[0]->respond(200, "", "content-length: 12\r\n", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\ncontent-length: 12\r\n" + date + "\r\n");
  client.send(get);
  handler.exchanges[1]->respond(304, "", "content-length: 12\r\n", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 304 Not Modified\r\ncontent-length: 12\r\n" + date + "\r\n");
}

TEST_F(HttpResponse, a_source_of_known_length_has_content_length_and_ends_with_its_last_octet) {
  auto& client = connect();
  client.send(get);
  auto source = std::make_shared<TestSource>(5);
  handler.exchanges[0]->respond(200, "", "", source);
  source->give("hel");
  source->give("lo");
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 5\r\n\r\nhello");
  EXPECT_EQ(source->reads, 2);
  client.send(get);
  EXPECT_EQ(handler.count, 2);
}

TEST_F(HttpResponse, a_source_of_unknown_length_is_chunked) {
  auto& client = connect();
  client.send(get);
  auto source = std::make_shared<TestSource>();
  handler.exchanges[0]->respond(200, "", "", source);
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Transfer-Encoding: chunked\r\n\r\n");
  source->give("hello, world, hello");
  EXPECT_EQ(taken(client), "13\r\nhello, world, hello\r\n");
  source->give(std::string(100'000, 'x'));
  EXPECT_EQ(taken(client), "186a0\r\n" + std::string(100'000, 'x') + "\r\n");
  source->give("");
  EXPECT_EQ(taken(client), "0\r\n\r\n");
  EXPECT_FALSE(client.closed);
}

TEST_F(HttpResponse, to_http_1_0_a_source_of_unknown_length_ends_with_the_connection) {
  auto& client = connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto source = std::make_shared<TestSource>();
  handler.exchanges[0]->respond(200, "", "", source);
  source->give("hello");
  source->give("");
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Connection: close\r\n\r\nhello");
  EXPECT_TRUE(client.closed);
  EXPECT_FALSE(client.was_reset);
}

TEST_F(HttpResponse, an_error_of_the_source_truncates_visibly) {
  for (bool old_client : {false, true}) {
    auto& client = connect();
    client.send(old_client ? "GET / HTTP/1.0\r\n\r\n" : get);
    auto source = std::make_shared<TestSource>();
    handler.exchanges.back()->respond(200, "", "", source);
    source->give("hello");
    taken(client);
    source->give(Error::failed("broken"));
    EXPECT_EQ(taken(client), "");
    EXPECT_TRUE(client.closed);
    EXPECT_EQ(client.was_reset, old_client);
  }
}

TEST_F(HttpResponse, a_source_that_lies_about_its_length_closes_the_connection) {
  for (std::string_view text : {"hell", "hello!"}) {
    auto& client = connect();
    client.send(get);
    auto source = std::make_shared<TestSource>(5);
    handler.exchanges.back()->respond(200, "", "", source);
    source->give(text);
    if (source->reader) source->give("");
    EXPECT_TRUE(client.closed) << text;
  }
}

TEST_F(HttpResponse, a_source_is_not_pulled_while_the_client_takes_nothing) {
  auto& client = connect();
  client.window_bytes = 0;
  client.send(get);
  auto source = std::make_shared<TestSource>();
  source->generate = 10'000;
  handler.exchanges[0]->respond(200, "", "", source);
  EXPECT_LE(source->reads, 9);  // 64 KB and the chunk that goes over it
  EXPECT_LT(client.queued.size(), 100'000u);
  int before = source->reads;
  client.take(1'000);
  EXPECT_EQ(source->reads, before);
  client.take(1'000'000);
  EXPECT_GT(source->reads, before);
  EXPECT_LT(source->reads, 130);
  EXPECT_LT(client.queued.size(), 100'000u);
}

TEST_F(HttpResponse, responses_of_two_connections_do_not_mix) {
  auto& first = connect();
  auto& second = connect();
  first.send(get_of("/first"));
  auto waiting = handler.exchanges[0];
  // The handler of pipelined requests on the second connection answers the first in between.
  handler.answer = [&](std::shared_ptr<HttpExchange> exchange) {
    exchange->respond(200, "", "", exchange->target());
    if (exchange->target() == "/second") waiting->respond(200, "", "", std::string_view("/first"));
  };
  second.send(get_of("/second") + get_of("/third"));
  auto response = [](std::string_view body) {
    return "HTTP/1.1 200 OK\r\n" + date + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  };
  EXPECT_EQ(taken(first), response("/first"));
  EXPECT_EQ(taken(second), response("/second") + response("/third"));
}

TEST_F(HttpResponse, a_request_that_nobody_answers_gets_500) {
  auto& client = connect();
  handler.answer = [](std::shared_ptr<HttpExchange>) {};
  client.send(get);
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST_F(HttpResponse, a_request_that_is_let_go_later_without_an_answer_gets_500) {
  start({.head_timeout_ms = 40});
  auto& client = connect();
  client.send(get);
  handler.exchanges.clear();
  run_until([&] { return !client.received.empty(); });
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST_F(HttpResponse, an_upgrade_gives_the_stream_and_what_came_after_the_request) {
  auto& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x01x");
  auto upgraded = handler.exchanges[0]->upgrade("Upgrade: websocket\r\n");
  ASSERT_TRUE(upgraded.is_ok());
  EXPECT_EQ(taken(client), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(text_of(upgraded.value().leftover), "\x81\x01x");
  EXPECT_EQ(server->connection_count(), 0u);
  EXPECT_FALSE(client.closed);
  upgraded.value().stream->write_text("frame");
  EXPECT_EQ(taken(client), "frame");
}

TEST_F(HttpResponse, an_upgrade_inside_the_handlers_call_works_too) {
  auto& client = connect();
  std::unique_ptr<Stream> stream;
  handler.answer = [&](std::shared_ptr<HttpExchange> exchange) {
    stream = std::move(exchange->upgrade("Upgrade: x\r\n").value().stream);
  };
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  EXPECT_EQ(server->connection_count(), 0u);
  ASSERT_TRUE(stream);
}

TEST_F(HttpResponse, an_upgrade_that_was_not_asked_for_fails) {
  auto& client = connect();
  client.send(get);
  EXPECT_TRUE(handler.exchanges[0]->upgrade("Upgrade: websocket\r\n").is_error());
  handler.exchanges[0]->respond(426, "", "", {});
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
}

}  // namespace
}  // namespace adit::net
