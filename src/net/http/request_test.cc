// Requests: bodies and their backpressure, 100-continue, pipelining, clients that leave.
#include "net/http/harness_test.h"

namespace adit::net {
namespace {

using namespace std::string_view_literals;
using HttpRequest = HttpServerTest;

// Reads once; what came, or "error: ...", or "waiting".
std::string read_once(ByteSource& body) {
  auto result = std::make_shared<std::string>("waiting");
  body.read([result](Result<Bytes> chunk) {
    *result = chunk.is_ok() ? std::string(text_of(chunk.value())) : "error: " + chunk.error().message();
  });
  return *result;
}

TEST_F(HttpRequest, an_exchange_is_used_again_when_it_was_let_go_and_left_alone_when_not) {
  auto& client = connect();
  std::vector<HttpExchange*> seen;
  std::shared_ptr<HttpExchange> kept;
  handler.answer = [&](std::shared_ptr<HttpExchange> exchange) {
    seen.push_back(exchange.get());
    if (exchange->target() == "/keep") kept = exchange;
    exchange->respond(200, "", "", {});
  };
  client.send(get_of("/1"));
  client.send(get_of("/2"));
  client.send(get_of("/keep"));
  client.send(get_of("/4"));
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[1], seen[2]);
  EXPECT_NE(seen[2], seen[3]);
  EXPECT_EQ(kept->target(), "/keep");
}

TEST_F(HttpRequest, headers_are_found_by_lower_case_name) {
  auto& client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n");
  const auto& exchange = *handler.exchanges[0];
  EXPECT_EQ(exchange.header("x-two"), "1");
  EXPECT_EQ(exchange.header("x-empty"), "");
  EXPECT_EQ(exchange.header("1"), std::nullopt);
  EXPECT_EQ(exchange.header_block(),
            "host\0a\0x-empty\0\0x-two\0"
            "1\0x-two\0"
            "2\0"sv);
  EXPECT_EQ(exchange.peer_address().ip, "192.0.2.1");
}

TEST_F(HttpRequest, pipelined_requests_come_one_at_a_time) {
  auto& client = connect();
  client.send(get_of("/1") + get_of("/2"));
  client.send(get_of("/3"));
  EXPECT_EQ(handler.count, 1);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(handler.count, i);
    handler.exchanges.back()->respond(200, "", "", handler.exchanges.back()->target());
    loop->run_pending();
  }
  auto text = taken(client);
  EXPECT_LT(text.find("/1"), text.find("/2"));
  EXPECT_LT(text.find("/2"), text.find("/3"));
}

TEST_F(HttpRequest, reading_stops_while_too_much_is_pipelined) {
  auto& client = connect();
  client.send(get);
  EXPECT_TRUE(client.reading);
  std::string many;
  for (int i = 0; i < 2'500; ++i) many += get;
  client.send(many);
  EXPECT_FALSE(client.reading);
  EXPECT_EQ(handler.count, 1);
  handler.answer = [](std::shared_ptr<HttpExchange> exchange) { exchange->respond(200, "", "", {}); };
  handler.exchanges[0]->respond(200, "", "", {});
  loop->run_pending();
  EXPECT_EQ(handler.count, 2'501);
  EXPECT_TRUE(client.reading);
}

TEST_F(HttpRequest, a_client_that_pipelines_and_does_not_read_gets_no_further) {
  auto& client = connect();
  client.window_bytes = 0;
  handler.answer = [](std::shared_ptr<HttpExchange> exchange) {
    exchange->respond(200, "", "", std::string_view(std::string(10'000, 'x')));
  };
  std::string many;
  for (int i = 0; i < 100; ++i) many += get;
  client.send(many);
  EXPECT_LT(handler.count, 12);
  client.take(SIZE_MAX / 2);
  EXPECT_EQ(handler.count, 100);
}

TEST_F(HttpRequest, a_body_that_nobody_reads_stops_the_socket) {
  auto& client = connect();
  client.send(post_of(10'000'000));
  auto body = handler.exchanges[0]->body();
  EXPECT_EQ(body->remaining_bytes(), 10'000'000u);
  size_t sent = 0;
  while (client.reading && sent < 10'000'000) {
    client.send(std::string(50'000, 'x'));
    sent += 50'000;
  }
  EXPECT_LT(sent, 200'000u);
  EXPECT_EQ(read_once(*body).size(), sent);
  EXPECT_EQ(body->remaining_bytes(), 10'000'000u - sent);
  EXPECT_TRUE(client.reading);
}

TEST_F(HttpRequest, a_waiting_reader_gets_each_piece_and_then_the_end) {
  auto& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  auto body = handler.exchanges[0]->body();
  EXPECT_EQ(body->remaining_bytes(), std::nullopt);
  std::string seen;
  body->read([&](Result<Bytes> chunk) { seen = text_of(chunk.value()); });
  client.send("3\r\nabc\r\n");
  EXPECT_EQ(seen, "abc");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(body->remaining_bytes(), 2u);
  EXPECT_EQ(read_once(*body), "de");
  EXPECT_EQ(read_once(*body), "");
  EXPECT_EQ(read_once(*body), "");
}

TEST_F(HttpRequest, a_complete_body_can_be_read_after_the_response_and_an_incomplete_one_not) {
  auto& client = connect();
  client.send(post_of(3) + "abc");
  auto complete = handler.exchanges[0]->body();
  handler.exchanges[0]->respond(200, "", "", {});
  EXPECT_EQ(read_once(*complete), "abc");
  client.send(post_of(3) + "ab");
  auto incomplete = handler.exchanges[1]->body();
  handler.exchanges[1]->respond(200, "", "", {});
  EXPECT_EQ(read_once(*incomplete), "error: Can't read from request stream after response has been sent.");
}

TEST_F(HttpRequest, the_unread_rest_of_a_small_body_is_dropped_and_the_connection_goes_on) {
  auto& client = connect();
  client.send(post_of(100'000) + "abc");
  handler.exchanges[0]->respond(200, "", "", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\n\r\n");
  client.send(std::string(99'997, 'x') + get_of("/next"));
  EXPECT_EQ(handler.exchanges[1]->target(), "/next");
}

TEST_F(HttpRequest, with_a_large_unread_body_the_connection_closes_after_lingering) {
  start({.linger_timeout_ms = 20});
  auto& client = connect();
  client.send(post_of(10'000'000) + "abc");
  handler.exchanges[0]->respond(413, "", "", {});
  EXPECT_EQ(taken(client),
            "HTTP/1.1 413 Content Too Large\r\n" + date + "Content-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.shut_down);
  EXPECT_FALSE(client.closed);
  client.send("more");
  EXPECT_TRUE(client.reading);
  run_until([&] { return client.closed; });
}

TEST_F(HttpRequest, lingering_takes_a_bounded_amount_and_leaves_time_to_read_the_response) {
  start({.linger_timeout_ms = 20});
  auto& client = connect();
  client.send(post_of(10'000'000));
  handler.exchanges[0]->respond(413, "", "", {});
  for (int i = 0; i < 5; ++i) client.send(std::string(60'000, 'x'));
  EXPECT_FALSE(client.reading);
  EXPECT_FALSE(client.closed);
  run_until([&] { return client.closed; });
}

constexpr auto body_limit = [] {
  return HttpServerOptions{.body_limit_bytes = 10, .body_limit_reason = "ten at most"};
};
const std::string too_large = "HTTP/1.1 413 Content Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n" + date +
                              "Connection: close\r\nContent-Length: 12\r\n\r\nten at most\n";

TEST_F(HttpRequest, a_body_of_the_longest_length_is_taken) {
  start(body_limit());
  auto& client = connect();
  client.send(post_of(10) + "0123456789");
  EXPECT_EQ(read_once(*handler.exchanges[0]->body()), "0123456789");
  handler.exchanges[0]->respond(200, "", "", {});
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n");
  EXPECT_EQ(read_once(*handler.exchanges[1]->body()), "0123456789");
}

TEST_F(HttpRequest, a_length_beyond_the_limit_is_refused_before_the_handler) {
  start(body_limit());
  auto& client = connect();
  client.send(post_of(11));
  EXPECT_EQ(taken(client), too_large);
  EXPECT_EQ(handler.count, 0);
  EXPECT_TRUE(client.shut_down);
}

TEST_F(HttpRequest, a_chunked_body_that_passes_the_limit_fails_for_its_reader_and_the_client_gets_413) {
  start(body_limit());
  auto& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
  auto exchange = handler.exchanges[0];
  auto body = exchange->body();
  EXPECT_EQ(read_once(*body), "01234");
  client.send("6\r\n567890\r\n");
  EXPECT_EQ(read_once(*body), "error: ten at most");
  EXPECT_EQ(taken(client), too_large);
  exchange->respond(200, "", "", {});
  EXPECT_EQ(taken(client), "");
}

TEST_F(HttpRequest, a_chunked_body_that_passes_the_limit_during_its_response_ends_the_connection) {
  start(body_limit());
  auto& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
  auto response = std::make_shared<Pipe>();
  handler.exchanges[0]->respond(200, "", "", response);
  client.send("6\r\n567890\r\n");
  EXPECT_TRUE(client.closed);
}

TEST_F(HttpRequest, a_chunked_body_that_does_not_end_after_the_response_is_dropped_up_to_the_limit) {
  auto& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  handler.exchanges[0]->respond(200, "", "", {});
  for (int i = 0; i < 6 && !client.shut_down; ++i) client.send("c350\r\n" + std::string(50'000, 'x') + "\r\n");
  EXPECT_TRUE(client.shut_down);
}

TEST_F(HttpRequest, continue_is_sent_when_the_body_is_first_read) {
  auto& client = connect();
  client.send(post_of(3, "Expect: 100-continue\r\n"));
  EXPECT_EQ(taken(client), "");
  auto body = handler.exchanges[0]->body();
  std::string seen;
  body->read([&](Result<Bytes> chunk) { seen = text_of(chunk.value()); });
  EXPECT_EQ(taken(client), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(seen, "abc");
  handler.exchanges[0]->respond(200, "", "", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 0\r\n\r\n");
}

TEST_F(HttpRequest, continue_is_not_sent_when_the_body_came_anyway) {
  auto& client = connect();
  client.send(post_of(3, "Expect: 100-continue\r\n") + "abc");
  EXPECT_EQ(read_once(*handler.exchanges[0]->body()), "abc");
  EXPECT_EQ(taken(client), "");
}

TEST_F(HttpRequest, a_final_answer_instead_of_continue_closes) {
  auto& client = connect();
  client.send(post_of(3, "Expect: 100-continue\r\n"));
  handler.exchanges[0]->respond(401, "", "", {});
  EXPECT_EQ(taken(client), "HTTP/1.1 401 Unauthorized\r\n" + date + "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_F(HttpRequest, continue_goes_before_a_response_made_of_the_body) {
  auto& client = connect();
  client.send(post_of(3, "Expect: 100-continue\r\n"));
  handler.exchanges[0]->respond(200, "", "", handler.exchanges[0]->body());
  client.send("abc");
  EXPECT_EQ(taken(client), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + date + "Content-Length: 3\r\n\r\nabc");
}

TEST_F(HttpRequest, an_echoed_body_flows_through_in_bounded_memory) {
  auto& client = connect();
  client.window_bytes = 0;
  client.send(post_of(50'000'000));
  handler.exchanges[0]->respond(200, "", "", handler.exchanges[0]->body());
  size_t sent = 0;
  size_t most = 0;
  while (sent < 50'000'000) {
    if (client.reading) {
      client.send(std::string(50'000, 'x'));
      sent += 50'000;
    } else {
      client.take(40'000);
    }
    most = std::max(most, client.queued.size());
  }
  client.take(SIZE_MAX / 2);
  EXPECT_LT(most, 300'000u);
  EXPECT_GT(client.received.size(), 50'000'000u);
  EXPECT_FALSE(client.closed);
  client.send(get);
  EXPECT_EQ(handler.count, 2);
}

TEST_F(HttpRequest, a_body_that_turns_out_malformed_is_answered_400_and_aborts_the_request) {
  auto& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  auto body = handler.exchanges[0]->body();
  client.send("zzz");
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_EQ(aborts, 1);
  EXPECT_TRUE(handler.exchanges[0]->is_aborted());
  EXPECT_TRUE(read_once(*body).starts_with("error: "));
  handler.exchanges[0]->respond(200, "", "", {});
  EXPECT_EQ(taken(client), "");
}

TEST_F(HttpRequest, a_client_that_resets_aborts_the_request_once_and_cancels_its_response) {
  auto& client = connect();
  client.send(get);
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  auto source = std::make_shared<TestSource>();
  handler.exchanges[0]->respond(200, "", "", source);
  client.fail();
  EXPECT_EQ(aborts, 1);
  EXPECT_TRUE(source->cancelled);
  EXPECT_TRUE(client.closed);
  EXPECT_EQ(server->connection_count(), 0u);
}

TEST_F(HttpRequest, a_response_after_an_abort_only_cancels_its_source) {
  auto& client = connect();
  client.send(get);
  client.fail();
  EXPECT_TRUE(handler.exchanges[0]->is_aborted());
  auto source = std::make_shared<TestSource>();
  handler.exchanges[0]->respond(200, "", "", source);
  EXPECT_TRUE(source->cancelled);
}

TEST_F(HttpRequest, a_client_that_half_closes_hears_of_it_and_still_gets_its_response) {
  auto& client = connect();
  client.send(get);
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  client.end();
  EXPECT_EQ(aborts, 1);
  handler.exchanges[0]->respond(200, "", "", std::string_view("hello"));
  EXPECT_EQ(taken(client), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
  EXPECT_TRUE(client.closed);
}

TEST_F(HttpRequest, a_body_cut_short_by_the_client_fails_its_reader) {
  auto& client = connect();
  client.send(post_of(10) + "abc");
  auto body = handler.exchanges[0]->body();
  EXPECT_EQ(read_once(*body), "abc");
  std::string seen;
  body->read([&](Result<Bytes> chunk) { seen = chunk.error().message(); });
  client.end();
  EXPECT_EQ(seen, "the client closed the connection before the end of its request");
  EXPECT_TRUE(client.closed);
}

TEST_F(HttpRequest, a_complete_response_does_not_abort_when_the_client_leaves) {
  auto& client = connect();
  client.send(get);
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  handler.exchanges[0]->respond(200, "", "", {});
  client.end();
  EXPECT_EQ(aborts, 0);
  EXPECT_TRUE(client.closed);
}

}  // namespace
}  // namespace adit::net
