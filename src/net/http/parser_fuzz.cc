// libFuzzer target for the HTTP/1.1 server. The input's first octets say where reads end and how the handler behaves; the rest is
// what the client sends. Checked: the parser understands the same however the octets are cut; what it hands out is well-formed;
// the server neither crashes nor leaks whatever the handler does.
//   cmake --preset fuzz && cmake --build --preset fuzz --target net_http_parser_fuzz
//   build/fuzz/net_http_parser_fuzz -dict=tests/fuzz/http.dict -max_len=4096 CORPUS tests/fuzz/http
#include <algorithm>

#include "net/http/fake_stream.h"
#include "net/http/request_reader.h"
#include "net/http/server.h"

namespace adit::net {
namespace {

// Small limits, so that the fuzzer reaches them.
constexpr RequestReader::Limits limits{.target_bytes = 256, .head_bytes = 1024};

void check_block(std::string_view block) {
  while (!block.empty()) {
    size_t name_end = block.find('\0');
    VERIFY(name_end != std::string_view::npos && name_end > 0);
    size_t value_end = block.find('\0', name_end + 1);
    VERIFY(value_end != std::string_view::npos);
    for (char c : block.substr(0, name_end)) VERIFY(c > ' ' && c < 0x7f && c != ':' && !(c >= 'A' && c <= 'Z'));
    auto value = block.substr(name_end + 1, value_end - name_end - 1);
    for (char c : value) VERIFY(c == '\t' || static_cast<unsigned char>(c) >= ' ');
    if (!value.empty()) VERIFY(value.front() != ' ' && value.back() != ' ' && value.back() != '\t');
    block.remove_prefix(value_end + 1);
  }
}

// Everything that the parser says about the octets, as text.
std::string understand(std::string_view input, std::string_view cuts) {
  RequestReader reader(limits);
  RequestHead head;
  std::string said;
  std::string body;
  size_t cut = 0;
  size_t at = 0;
  bool open = false;
  while (at < input.size()) {
    if (!open) reader.begin(head);
    open = true;
    size_t size = cuts.empty() ? input.size() - at : static_cast<unsigned char>(cuts[cut++ % cuts.size()]) % 16 + 1;
    size_t used = reader.feed(bytes_of(input.substr(at, size)));
    at += used;
    body += text_of(reader.body());
    reader.body().clear();
    // Which of two faults is found first may depend on the cuts (a limit is noticed before the end of a span).
    if (reader.failure()) return said + "refused";
    VERIFY(used > 0);
    if (!reader.message_complete()) continue;
    check_block(head.header_block);
    VERIFY(head.target.size() <= limits.target_bytes && head.header_block.size() <= limits.head_bytes);
    VERIFY(!head.content_length || *head.content_length == body.size());
    VERIFY(head.has_body || body.empty());
    said += head.method + " " + head.target + " " + std::string(head.host) + " " + head.header_block + body + "\n";
    body.clear();
    open = false;
  }
  return said + (open && reader.head_complete() ? "..." : "");
}

// A handler that does one of everything.
struct Whimsical final : HttpHandler {
  void on_request(std::shared_ptr<HttpExchange> exchange) override {
    check_block(exchange->header_block());
    switch (behaviour % 8) {
      case 0:
        return exchange->respond(200, "", "x: y\r\n", exchange->target());
      case 1:
        if (auto body = exchange->body()) return exchange->respond(200, "", "", body);
        return exchange->respond(204, "", "", {});
      case 2:
        if (auto body = exchange->body()) read_on(body);
        exchanges.push_back(exchange);
        return;
      case 3:
        if (exchange->wants_upgrade()) {
          if (auto upgraded = exchange->upgrade("Upgrade: x\r\n"); upgraded.is_ok()) return;
        }
        return exchange->respond(426, "", "", {});
      case 4:
        exchange->on_abort([] {});
        exchanges.push_back(exchange);
        return;
      case 5:
        if (auto body = exchange->body()) body->cancel(Error::failed("no"));
        return exchange->respond(500, "", "Connection: close\r\n", Bytes(100'000, 'x'));
      case 6:
        return;
      case 7:
        exchange->respond(200, "", "", std::make_shared<Pipe>());
        return;
    }
  }
  static void read_on(std::shared_ptr<ByteSource> body) {
    body->read([body](Result<Bytes> chunk) {
      if (chunk.is_ok() && !chunk.value().empty()) read_on(body);
    });
  }
  unsigned char behaviour = 0;
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
};

void serve(Loop& loop, std::string_view input, std::string_view cuts, unsigned char behaviour) {
  Whimsical handler;
  handler.behaviour = behaviour;
  FakeClient client;
  client.window_bytes = behaviour & 0x40 ? 100 : SIZE_MAX;
  HttpServerOptions options;
  options.target_limit_bytes = limits.target_bytes;
  options.head_limit_bytes = limits.head_bytes;
  options.body_buffer_bytes = 64;
  options.drain_limit_bytes = 128;
  options.write_buffer_bytes = 64;
  auto server = HttpServer::create_detached(loop, std::move(options), handler);
  server->adopt(std::make_unique<FakeStream>(client));
  size_t cut = 0;
  while (!input.empty() && client.listening()) {
    size_t size = cuts.empty() ? input.size() : static_cast<unsigned char>(cuts[cut++ % cuts.size()]) + 1u;
    client.send(input.substr(0, size));
    input.remove_prefix(std::min(size, input.size()));
    if (client.window_bytes != SIZE_MAX) client.take(50);
    if (behaviour & 0x20 && !handler.exchanges.empty()) {
      auto exchange = std::move(handler.exchanges.front());
      handler.exchanges.erase(handler.exchanges.begin());
      exchange->respond(200, "", "", std::string_view("late"));
    }
    loop.run_pending();
  }
  if (behaviour & 0x10) client.end();
  if (behaviour & 0x08) client.fail();
  loop.run_pending();
  VERIFY(client.received.empty() || client.received.starts_with("HTTP/1.1 "));
}

}  // namespace
}  // namespace adit::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace adit::net;
  if (size < 6) return 0;
  static auto loop = Loop::create().value();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto cuts = input.substr(0, 4);
  auto behaviour = static_cast<unsigned char>(input[4]);
  input.remove_prefix(5);
  auto whole = understand(input, {});
  auto pieces = understand(input, cuts);
  VERIFY(whole == pieces);
  VERIFY(whole == understand(input, std::string_view("\0", 1)));
  serve(*loop, input, {}, behaviour);
  serve(*loop, input, cuts, behaviour);
  return 0;
}
