// Timeouts, draining, closing.
#include "net/http/harness_test.h"

namespace adit::net {
namespace {

using HttpLifecycle = HttpServerTest;

TEST_F(HttpLifecycle, a_head_that_does_not_come_in_time_is_answered_408) {
  start({.head_timeout_ms = 20});
  auto& client = connect();
  client.send("GET / HTTP/1.1\r\nHo");
  run_until([&] { return !client.received.empty(); });
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(client.shut_down);
}

TEST_F(HttpLifecycle, a_head_in_drops_does_not_restart_the_clock) {
  start({.head_timeout_ms = 30});
  auto& client = connect();
  std::string head = "GET / HTTP/1.1\r\nx: ";
  client.send(head);
  run_until([&] {
    client.send("a");
    return !client.received.empty();
  });
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(HttpLifecycle, a_connection_without_a_request_is_closed_silently) {
  start({.head_timeout_ms = 20});
  auto& client = connect();
  run_until([&] { return client.closed; });
  EXPECT_EQ(client.received, "");
}

TEST_F(HttpLifecycle, an_idle_connection_is_closed) {
  start({.idle_timeout_ms = 20});
  handler.answer = [](std::shared_ptr<HttpExchange> exchange) { exchange->respond(200, "", "", {}); };
  auto& client = connect();
  client.send(get);
  EXPECT_FALSE(client.closed);
  run_until([&] { return client.closed; });
}

TEST_F(HttpLifecycle, a_request_that_takes_long_in_the_handler_does_not_time_out) {
  start({.head_timeout_ms = 10, .idle_timeout_ms = 10, .body_timeout_ms = 10, .write_timeout_ms = 10});
  auto& client = connect();
  client.send(post_of(100) + "abc");  // the rest of the body is not wanted yet
  bool late = false;
  auto timer = loop->after(60, [&] { late = true; });
  run_until([&] { return late; });
  EXPECT_FALSE(client.closed);
  EXPECT_EQ(client.received, "");
}

TEST_F(HttpLifecycle, a_wanted_body_that_stalls_is_answered_408) {
  start({.body_timeout_ms = 20});
  auto& client = connect();
  client.send(post_of(10) + "abc");
  std::string seen;
  auto body = handler.exchanges[0]->body();
  body->read([](Result<Bytes>) {});
  body->read([&](Result<Bytes> chunk) { seen = chunk.error().message(); });
  run_until([&] { return !client.received.empty(); });
  EXPECT_TRUE(taken(client).starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(seen, "the request's body did not arrive in time");
}

TEST_F(HttpLifecycle, a_client_that_takes_nothing_is_dropped) {
  start({.write_timeout_ms = 20});
  auto& client = connect();
  client.window_bytes = 10;
  client.send(get);
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  auto source = std::make_shared<TestSource>();
  source->generate = 1'000;
  handler.exchanges[0]->respond(200, "", "", source);
  run_until([&] { return client.closed; });
  EXPECT_EQ(aborts, 1);
  EXPECT_TRUE(source->cancelled);
}

TEST_F(HttpLifecycle, draining_closes_idle_connections_and_lets_requests_finish) {
  auto& idle = connect();
  auto& busy = connect();
  auto& uploading = connect();
  busy.send(get);
  uploading.send(post_of(3));
  bool done = false;
  server->drain([&] { done = true; });
  EXPECT_TRUE(idle.closed);
  EXPECT_EQ(server->connection_count(), 2u);
  handler.exchanges[0]->respond(200, "", "", std::string_view("bye"));
  EXPECT_EQ(taken(busy), "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 3\r\nConnection: close\r\n\r\nbye");
  EXPECT_TRUE(busy.closed);
  loop->run_pending();
  EXPECT_FALSE(done);
  uploading.send("abc");
  handler.exchanges[1]->respond(200, "", "", handler.exchanges[1]->body());
  EXPECT_TRUE(uploading.closed);
  run_until([&] { return done; });
}

TEST_F(HttpLifecycle, draining_without_connections_is_done_at_once) {
  start();
  bool done = false;
  server->drain([&] { done = true; });
  run_until([&] { return done; });
}

TEST_F(HttpLifecycle, a_response_that_began_before_draining_still_closes_its_connection) {
  auto& client = connect();
  client.send(get);
  auto source = std::make_shared<TestSource>();
  handler.exchanges[0]->respond(200, "", "", source);
  server->drain([] {});
  source->give("");
  EXPECT_TRUE(client.closed);
}

TEST_F(HttpLifecycle, destroying_the_server_aborts_what_is_in_flight) {
  auto& client = connect();
  client.send(post_of(10));
  int aborts = 0;
  handler.exchanges[0]->on_abort([&] { ++aborts; });
  server.reset();
  EXPECT_EQ(aborts, 1);
  EXPECT_TRUE(client.closed);
  EXPECT_TRUE(handler.exchanges[0]->is_aborted());
  handler.exchanges[0]->respond(200, "", "", {});
}

}  // namespace
}  // namespace adit::net
