// The client against servers that say exactly what a case needs.
#include "net/client/http_client.h"

#include <gtest/gtest.h>

#include <chrono>

#include "net/client/raw_server.h"
#include "net/websocket/connect.h"
#include "net/websocket/handshake.h"

namespace adit::net {
namespace {

using namespace std::chrono_literals;

class HttpClients : public ::testing::Test {
 protected:
  void SetUp() override {
    loop = std::move(Loop::create()).value();
    HttpClientOptions options;
    options.body_buffer_bytes = 100'000;
    client = std::move(HttpClient::create(*loop, options)).value();
  }
  void TearDown() override { client.reset(); }

  template <typename Condition>
  bool run_until(Condition condition, std::chrono::milliseconds limit = 10s) {
    bool expired = false;
    auto timer = loop->after(static_cast<uint64_t>(limit.count()), [&] { expired = true; });
    while (!condition() && !expired) loop->run_once();
    return condition();
  }
  void run_for(std::chrono::milliseconds duration) {
    run_until([] { return false; }, duration);
  }

  Result<IncomingResponse> fetch(OutgoingRequest request) {
    std::optional<Result<IncomingResponse>> result;
    auto handle = client->fetch(std::move(request),
                                [&](Result<IncomingResponse> response) { result.emplace(std::move(response)); });
    EXPECT_FALSE(result) << "never from inside fetch()";
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : Result<IncomingResponse>(Error::failed("no answer"));
  }
  Result<IncomingResponse> get(const std::string& url, std::vector<std::string> header_lines = {}) {
    return fetch({"GET", url, std::move(header_lines), nullptr});
  }
  // Reads to the end; an error comes out as "error: ...".
  std::string read_all(ByteSource& source) {
    std::string text;
    for (bool more = true; more;) {
      auto chunk = read(source);
      if (chunk.is_error()) return text + "error: " + chunk.error().message();
      more = !chunk.value().empty();
      text += text_of(chunk.value());
    }
    return text;
  }
  Result<Bytes> read(ByteSource& source) {
    std::optional<Result<Bytes>> result;
    source.read([&](Result<Bytes> chunk) { result.emplace(std::move(chunk)); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : Result<Bytes>(Error::failed("no answer"));
  }

  std::unique_ptr<Loop> loop;
  std::unique_ptr<HttpClient> client;
  SystemRandom random;
};

std::string visible(std::string text) {
  for (auto& c : text)
    if (c == '\0') c = '|';
  return text;
}

TEST_F(HttpClients, give_the_head_as_received_and_the_body) {
  std::string seen;
  RawServer server([&](RawPeer& peer) {
    seen = peer.read_head();
    peer.write(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Nothing Here\r\nContent-Type: "
        "text/plain\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
        "X-Latin: caf\xe9\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello");
  });
  auto response = get(server.url("/a/../b?q=1"), {"X-One: 1", "X-Empty: ", "Host: elsewhere", "Connection: close"});
  ASSERT_TRUE(response) << response.error().message();
  auto& head = response.value();
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.status_text, "Nothing Here");
  EXPECT_EQ(head.http_version, "1.1");
  EXPECT_EQ(visible(head.header_block),
            "Content-Type|text/plain|Set-Cookie|a=1|set-cookie|b=2|X-Latin|caf\xe9|X-Empty||Content-Length|5|");
  EXPECT_EQ(head.header("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(head.joined_header("set-cookie"), "a=1, b=2");
  EXPECT_EQ(head.body->remaining_bytes(), 5U);
  EXPECT_EQ(read_all(*head.body), "hello");
  EXPECT_EQ(seen, "GET /a/../b?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                      "\r\nX-One: 1\r\nX-Empty:\r\n\r\n");
}

TEST_F(HttpClients, follow_no_redirect) {
  RawServer server([](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  });
  auto response = get(server.url());
  ASSERT_TRUE(response);
  EXPECT_EQ(response.value().status, 302);
  EXPECT_EQ(response.value().header("location"), "/other");
  EXPECT_EQ(read_all(*response.value().body), "");
}

TEST_F(HttpClients, use_one_connection_for_several_requests) {
  RawServer server([](RawPeer& peer) {
    while (!peer.read_head().empty()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  for (int i = 0; i < 3; i++) {
    auto response = get(server.url());
    ASSERT_TRUE(response);
    EXPECT_EQ(read_all(*response.value().body), "ok");
  }
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(HttpClients, send_bodies_with_length_and_in_chunks) {
  std::string head, body;
  RawServer server([&](RawPeer& peer) {
    head = peer.read_head();
    body = head.find("chunked") != std::string::npos ? peer.read_chunked() : peer.read_exactly(5);
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  ASSERT_TRUE(
      fetch({"PUT", server.url(), {"Content-Length: 99"}, std::make_shared<MemorySource>(copy_bytes("12345"))}));
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Length: 99"), std::string::npos) << head;
  EXPECT_EQ(head.find("Expect"), std::string::npos) << head;
  EXPECT_EQ(body, "12345");

  auto pipe = std::make_shared<Pipe>();
  std::vector<Timer> timers;
  for (int i = 0; i < 5; i++)
    timers.push_back(loop->after(static_cast<uint64_t>(i) * 5, [&, i] {
      pipe->write(copy_bytes("part" + std::to_string(i) + ";"), [](Result<void>) {});
    }));
  timers.push_back(loop->after(30, [&] { pipe->close(); }));
  ASSERT_TRUE(fetch({"POST", server.url(), {}, pipe}));
  EXPECT_EQ(body, "part0;part1;part2;part3;part4;");
  EXPECT_TRUE(head.starts_with("POST / ")) << head;

  ASSERT_TRUE(fetch({"PATCH", server.url(), {}, std::make_shared<MemorySource>(copy_bytes("12345"))}));
  EXPECT_TRUE(head.starts_with("PATCH / ")) << head;
}

TEST_F(HttpClients, a_post_without_a_body_says_length_0) {
  std::string head;
  RawServer server([&](RawPeer& peer) {
    head = peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  ASSERT_TRUE(fetch({"POST", server.url(), {}, nullptr}));
  EXPECT_NE(head.find("Content-Length: 0\r\n"), std::string::npos) << head;
}

TEST_F(HttpClients, head_has_no_body_whatever_its_length_says) {
  RawServer server([](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    peer.read_head();
  });
  auto response = fetch({"HEAD", server.url(), {}, nullptr});
  ASSERT_TRUE(response);
  EXPECT_EQ(response.value().header("content-length"), "1000");
  EXPECT_EQ(read_all(*response.value().body), "");
}

TEST_F(HttpClients, stop_reading_the_network_while_nobody_reads_the_body) {
  std::atomic<size_t> written{0};
  constexpr size_t total = 64 * 1024 * 1024;
  RawServer server([&](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(total) + "\r\n\r\n");
    std::string block(256 * 1024, 'x');
    while (written < total && peer.write(block)) written += block.size();
  });
  auto response = get(server.url());
  ASSERT_TRUE(response);
  size_t before = 0;
  do {
    before = written;
    run_for(100ms);
  } while (written != before);
  EXPECT_LT(written, total / 2) << "kernel buffers plus the client's own";
  size_t received = 0;
  for (;;) {
    auto chunk = read(*response.value().body);
    ASSERT_TRUE(chunk);
    if (chunk.value().empty()) break;
    EXPECT_LE(chunk.value().size(), 100'000U + 64 * 1024);
    received += chunk.value().size();
  }
  EXPECT_EQ(received, total);
}

TEST_F(HttpClients, ask_the_upload_for_more_only_as_the_server_takes_it) {
  struct Endless final : ByteSource {
    size_t given = 0;
    bool cancelled = false;
    void read(ReadCallback callback) override {
      given += 64 * 1024;
      callback(Bytes(64 * 1024, 'u'));
    }
    void cancel(Error) override { cancelled = true; }
  };
  std::atomic<bool> go_on{false};
  RawServer server([&](RawPeer& peer) {
    peer.read_head();
    while (!go_on) std::this_thread::sleep_for(5ms);
    peer.read_exactly(32 * 1024 * 1024);
    peer.write("HTTP/1.1 413 Enough\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    std::this_thread::sleep_for(50ms);
  });
  auto endless = std::make_shared<Endless>();
  std::optional<Result<IncomingResponse>> result;
  auto handle = client->fetch({"POST", server.url(), {}, endless},
                              [&](Result<IncomingResponse> response) { result.emplace(std::move(response)); });
  size_t before = 0;
  do {
    before = endless->given;
    run_for(100ms);
  } while (endless->given != before);
  EXPECT_LT(endless->given, 20U * 1024 * 1024);
  go_on = true;
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  ASSERT_TRUE(*result) << result->error().message();
  EXPECT_EQ(result->value().status, 413);
  EXPECT_TRUE(run_until([&] { return endless->cancelled; })) << "the response ended the exchange";
}

TEST_F(HttpClients, both_directions_at_once) {
  RawServer server([](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (;;) {
      auto size = std::stoul(peer.read_until("\r\n"), nullptr, 16);
      auto chunk = peer.read_exactly(size + 2);
      peer.write(std::to_string(size) + "\r\n" + chunk);
      if (size == 0) return;
    }
  });
  auto pipe = std::make_shared<Pipe>();
  pipe->write(copy_bytes("ping1"), [](Result<void>) {});
  auto response = fetch({"POST", server.url(), {}, pipe});
  ASSERT_TRUE(response);
  auto first = read(*response.value().body);
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(first.value()), "ping1");
  pipe->write(copy_bytes("ping2"), [](Result<void>) {});
  auto second = read(*response.value().body);
  ASSERT_TRUE(second);
  EXPECT_EQ(text_of(second.value()), "ping2");
  pipe->close();
  EXPECT_EQ(read_all(*response.value().body), "");
}

TEST_F(HttpClients, a_failing_upload_fails_the_request_with_its_error) {
  RawServer server([](RawPeer& peer) { peer.read_to_end(); });
  auto pipe = std::make_shared<Pipe>();
  pipe->write(copy_bytes("x"), [](Result<void>) {});
  auto timer = loop->after(20, [&] { pipe->abort(Error(ErrorKind::failed, "the stream broke")); });
  auto response = fetch({"POST", server.url(), {}, pipe});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message(), "the stream broke");
}

TEST_F(HttpClients, an_abort_ends_the_request_in_every_phase_and_closes_the_connection) {
  std::atomic<bool> gone{false};
  RawServer server([&](RawPeer& peer) {
    if (peer.read_head().find("/body") != std::string::npos)
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    peer.read_to_end();
    gone = true;
  });
  std::optional<Result<IncomingResponse>> result;
  auto handle = client->fetch({"GET", server.url("/head"), {}, nullptr},
                              [&](Result<IncomingResponse> response) { result.emplace(std::move(response)); });
  run_for(50ms);
  ASSERT_FALSE(result);
  handle->abort(Error(ErrorKind::aborted, "stop"));
  ASSERT_TRUE(result && result->is_error());
  EXPECT_EQ(result->error().message(), "stop");
  for (int i = 0; i < 200 && !gone; i++) run_for(10ms);
  EXPECT_TRUE(gone);

  gone = false;
  result.reset();
  handle = client->fetch({"GET", server.url("/body"), {}, nullptr},
                         [&](Result<IncomingResponse> response) { result.emplace(std::move(response)); });
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  auto body = result->value().body;
  EXPECT_EQ(text_of(read(*body).value()), "part");
  std::optional<Result<Bytes>> chunk;
  body->read([&](Result<Bytes> value) { chunk.emplace(std::move(value)); });
  handle->abort(Error(ErrorKind::aborted, "stop the body"));
  ASSERT_TRUE(chunk && chunk->is_error());
  EXPECT_EQ(chunk->error().message(), "stop the body");
  for (int i = 0; i < 200 && !gone; i++) run_for(10ms);
  EXPECT_TRUE(gone);
}

TEST_F(HttpClients, a_dropped_body_closes_the_connection) {
  std::atomic<bool> gone{false};
  RawServer server([&](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    peer.read_to_end();
    gone = true;
  });
  { auto response = get(server.url()); }
  for (int i = 0; i < 200 && !gone; i++) run_for(10ms);
  EXPECT_TRUE(gone);
}

TEST_F(HttpClients, say_what_went_wrong) {
  uint16_t closed_port = 0;
  {
    closed_port = RawServer([](RawPeer&) {}).port();
  }
  auto refused = get("http://127.0.0.1:" + std::to_string(closed_port) + "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::network);
  EXPECT_TRUE(refused.error().message().starts_with("Could not connect to 127.0.0.1:" + std::to_string(closed_port)))
      << refused.error().message();

  auto unknown = get("http://nothing.invalid/");
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().message().starts_with("The host name of nothing.invalid could not be resolved"))
      << unknown.error().message();

  RawServer silent([](RawPeer& peer) { peer.read_head(); });
  auto empty = get(silent.url());
  ASSERT_FALSE(empty);
  EXPECT_TRUE(empty.error().message().starts_with("The connection to 127.0.0.1:")) << empty.error().message();

  RawServer cut([](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  auto response = get(cut.url());
  ASSERT_TRUE(response);
  auto text = read_all(*response.value().body);
  EXPECT_TRUE(text.starts_with("only thiserror: The connection to ")) << text;

  RawServer plain([](RawPeer& peer) { peer.write("this is not TLS\r\n\r\n"); });
  auto tls = get("https://127.0.0.1:" + std::to_string(plain.port()) + "/");
  ASSERT_FALSE(tls);
  EXPECT_TRUE(tls.error().message().starts_with("TLS with 127.0.0.1:")) << tls.error().message();

  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"}) {
    auto other = get(url);
    ASSERT_FALSE(other) << url;
    EXPECT_TRUE(other.error().message().starts_with("Only http: and https: URLs can be fetched"))
        << other.error().message();
  }
}

TEST_F(HttpClients, a_destroyed_client_ends_what_is_under_way) {
  RawServer server([](RawPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    peer.read_to_end();
  });
  auto response = get(server.url());
  ASSERT_TRUE(response);
  std::optional<Result<IncomingResponse>> pending;
  client->fetch({"GET", server.url(), {}, nullptr},
                [&](Result<IncomingResponse> result) { pending.emplace(std::move(result)); });
  client.reset();
  ASSERT_TRUE(pending && pending->is_error());
  EXPECT_EQ(pending->error().kind(), ErrorKind::aborted);
  EXPECT_TRUE(read(*response.value().body).is_error());
}

TEST_F(HttpClients, a_callback_may_start_the_next_request) {
  RawServer server([](RawPeer& peer) {
    while (!peer.read_head().empty()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  int done = 0;
  Function<void()> next = [&] {
    client->fetch({"GET", server.url(), {}, nullptr}, [&](Result<IncomingResponse> response) {
      EXPECT_TRUE(response);
      if (++done < 20) next();
    });
  };
  next();
  EXPECT_TRUE(run_until([&] { return done == 20; }));
}

struct SocketLog final : WebSocketLink::Listener {
  std::string text;
  bool closed = false;
  void on_message(WebSocketMessage message) override { text += std::string(text_of(message.data)) + " "; }
  void on_close(WebSocketClose close) override {
    closed = true;
    text += "close(" + std::to_string(close.code) + ")";
  }
};

class OutboundWebSockets : public HttpClients {
 protected:
  Result<WebSocketResponse> open(const std::string& url, std::vector<std::string> header_lines = {}) {
    std::optional<Result<WebSocketResponse>> result;
    auto handle = connect_websocket(*client, random, {url, std::move(header_lines), false, {}},
                                    [&](Result<WebSocketResponse> response) { result.emplace(std::move(response)); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : Result<WebSocketResponse>(Error::failed("no answer"));
  }
};

std::string key_of(const std::string& head) {
  auto start = head.find("Sec-WebSocket-Key: ") + 19;
  return head.substr(start, head.find("\r\n", start) - start);
}

TEST_F(OutboundWebSockets, shake_hands_and_carry_messages) {
  std::string head;
  RawServer server([&](RawPeer& peer) {
    head = peer.read_head();
    Bytes frame;
    append_frame(frame, websocket::Opcode::text, true, false, bytes_of("early"), std::nullopt);
    peer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: "
        "chat\r\nSec-WebSocket-Accept: " +
        websocket::accept_value(key_of(head)) + "\r\n\r\n" + std::string(text_of(frame)));
    auto sent = peer.read_exactly(6 + 2);
    std::string payload;
    for (size_t i = 0; i < 2; i++) payload += static_cast<char>(sent[6 + i] ^ sent[2 + i]);
    frame.clear();
    append_frame(frame, websocket::Opcode::text, true, false, bytes_of("got " + payload), std::nullopt);
    append_frame(frame, websocket::Opcode::close, true, false, websocket::close_payload(1000, ""), std::nullopt);
    peer.write(text_of(frame));
    peer.read_to_end();
  });
  auto response = open(server.url("/chat?room=1"),
                       {"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Key: not this one", "X-Other: yes"});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_TRUE(
      head.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"))
      << head;
  EXPECT_NE(head.find("X-Other: yes\r\n"), std::string::npos);
  EXPECT_EQ(head.find("not this one"), std::string::npos);
  EXPECT_EQ(response.value().response.status, 101);
  EXPECT_EQ(response.value().response.header("sec-websocket-protocol"), "chat");
  auto log = std::make_shared<SocketLog>();
  auto socket = response.value().socket;
  socket->listen(log);
  socket->send({true, copy_bytes("hi")});
  ASSERT_TRUE(run_until([&] { return log->closed; }));
  EXPECT_EQ(log->text, "early got hi close(1000)");
  socket->close(1000, "");
}

TEST_F(OutboundWebSockets, give_an_ordinary_response_where_the_server_does_not_switch) {
  RawServer server([](RawPeer& peer) {
    peer.read_head();
    peer.write(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n5\r\n "
        "here\r\n0\r\n\r\n");
  });
  auto response = open(server.url());
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_FALSE(response.value().socket);
  EXPECT_EQ(response.value().response.status, 403);
  EXPECT_EQ(response.value().response.status_text, "Forbidden");
  EXPECT_EQ(visible(response.value().response.header_block), "Content-Type|text/plain|Transfer-Encoding|chunked|");
  EXPECT_EQ(read_all(*response.value().response.body), "not here");
}

TEST_F(OutboundWebSockets, refuse_a_handshake_that_does_not_fit) {
  RawServer wrong_key([](RawPeer& peer) {
    peer.read_head();
    peer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "AAAA\r\n\r\n");
    peer.read_to_end();
  });
  auto response = open(wrong_key.url());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message(),
            "The WebSocket handshake failed: Sec-WebSocket-Accept does not belong to the request's key.");

  RawServer no_http([](RawPeer& peer) {
    peer.read_head();
    peer.write("SSH-2.0-OpenSSH\r\n\r\n");
  });
  auto garbage = open(no_http.url());
  ASSERT_FALSE(garbage);
  EXPECT_TRUE(garbage.error().message().starts_with("The server's answer is not HTTP")) << garbage.error().message();

  RawServer gone([](RawPeer& peer) { peer.read_head(); });
  auto lost = open(gone.url());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().message(), "The connection was lost before the response was complete.");
}

TEST_F(OutboundWebSockets, can_be_aborted_while_they_wait) {
  RawServer server([](RawPeer& peer) { peer.read_to_end(); });
  std::optional<Result<WebSocketResponse>> result;
  auto handle = connect_websocket(*client, random, {server.url(), {}, false, {}},
                                  [&](Result<WebSocketResponse> response) { result.emplace(std::move(response)); });
  run_for(30ms);
  ASSERT_FALSE(result);
  handle->abort(Error(ErrorKind::aborted, "stop"));
  ASSERT_TRUE(result && result->is_error());
  EXPECT_EQ(result->error().message(), "stop");
}

TEST_F(HttpClients, a_raw_connection_moves_much_in_both_directions) {
  constexpr size_t total = 8 * 1024 * 1024;
  RawServer server([](RawPeer& peer) {
    for (size_t moved = 0; moved < total; moved += 64 * 1024)
      if (!peer.write(peer.read_exactly(64 * 1024))) return;
  });
  struct Echo final : Stream::Listener {
    size_t received = 0;
    bool ended = false, failed = false;
    int drains = 0;
    void on_data(BytesView data) override {
      for (auto octet : data) failed = failed || octet != static_cast<uint8_t>(received++ * 7);
    }
    void on_end() override { ended = true; }
    void on_error(Error) override { failed = true; }
    void on_drain() override { drains++; }
  } echo;
  std::unique_ptr<Stream> stream;
  client->connect({"127.0.0.1", server.port(), false}, [&](Result<std::unique_ptr<Stream>> connected) {
    ASSERT_TRUE(connected) << connected.error().message();
    stream = std::move(connected).value();
  });
  ASSERT_TRUE(run_until([&] { return stream != nullptr; }));
  EXPECT_EQ(stream->peer_address().port, server.port());
  stream->set_listener(&echo);
  Bytes data(total);
  for (size_t i = 0; i < total; i++) data[i] = static_cast<uint8_t>(i * 7);
  stream->write(std::move(data));
  // How much the kernel takes at once depends on how quick the peer reads; a drain is told only if it did not take all.
  const bool left_some = stream->buffered_bytes() > 0;
  stream->start_reading();
  EXPECT_TRUE(run_until([&] { return echo.ended; }));
  EXPECT_EQ(echo.received, total);
  EXPECT_FALSE(echo.failed);
  EXPECT_EQ(echo.drains, left_some ? 1 : 0);
  EXPECT_EQ(stream->buffered_bytes(), 0U);
}

}  // namespace
}  // namespace adit::net
