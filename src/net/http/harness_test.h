// What the HTTP server's tests share: a server without sockets, a handler that keeps its exchanges, sources that the test feeds.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "net/http/fake_stream.h"
#include "net/http/server.h"

namespace adit::net {

// Keeps every exchange, or hands it to `answer`.
struct KeepingHandler final : HttpHandler {
  void on_request(std::shared_ptr<HttpExchange> exchange) override {
    ++count;
    if (answer) return answer(std::move(exchange));
    exchanges.push_back(std::move(exchange));
  }
  Function<void(std::shared_ptr<HttpExchange>)> answer;
  std::deque<std::shared_ptr<HttpExchange>> exchanges;
  int count = 0;
};

struct FixedClock final : Clock {
  int64_t monotonic_ns() const override { return 0; }
  int64_t unix_ms() const override { return 784111777000; }
};

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    options.clock = &clock;
    server = HttpServer::create_detached(*loop, std::move(options), handler);
  }
  FakeClient& connect() {
    if (!server) start();
    auto& client = *clients.emplace_back(std::make_unique<FakeClient>());
    server->adopt(std::make_unique<FakeStream>(client));
    return client;
  }
  // Everything that the client has received since the last time.
  static std::string taken(FakeClient& client) { return std::exchange(client.received, {}); }
  template <typename Condition>
  void run_until(Condition condition) {
    for (int i = 0; i < 10'000 && !condition(); ++i) loop->run_once();
    EXPECT_TRUE(condition());
  }

  FixedClock clock;
  std::unique_ptr<Loop> loop = Loop::create().value();
  KeepingHandler handler;
  std::vector<std::unique_ptr<FakeClient>> clients;
  std::unique_ptr<HttpServer> server;
};

// A source that counts what is asked of it and gives what the test says.
struct TestSource final : ByteSource {
  explicit TestSource(std::optional<uint64_t> length = std::nullopt) : length_bytes(length) {}
  void read(ReadCallback callback) override {
    ++reads;
    if (generate) return callback(Bytes(generate, 'x'));
    reader = std::move(callback);
  }
  void cancel(Error error) override {
    cancelled = true;
    if (auto callback = std::exchange(reader, nullptr)) callback(std::move(error));
  }
  std::optional<uint64_t> remaining_bytes() const override { return length_bytes; }
  void give(Result<Bytes> chunk) {
    auto callback = std::exchange(reader, nullptr);
    callback(std::move(chunk));
  }
  void give(std::string_view text) { give(copy_bytes(text)); }

  ReadCallback reader;
  std::optional<uint64_t> length_bytes;
  size_t generate = 0;  // chunks of this size without end
  int reads = 0;
  bool cancelled = false;
};

inline const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
inline const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
inline std::string get_of(std::string_view path) { return "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
inline std::string post_of(size_t length, std::string_view lines = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" + std::string(lines) +
         "\r\n";
}

}  // namespace adit::net
