// The HTTP server alone, answering a constant: its cost per request against bench/native/epoll_hello.cc is what our codec costs.
//   build/release/bench_http_hello PORT
#include <cstdio>
#include <cstdlib>

#include "net/http/server.h"

namespace {

class Hello final : public adit::net::HttpHandler {
 public:
  void on_request(std::shared_ptr<adit::net::HttpExchange> exchange) override {
    exchange->respond(200, "", "content-type: text/plain;charset=UTF-8\r\n", std::string_view("Hello, world!"));
  }
};

}  // namespace

int main(int argc, char** argv) {
  auto loop = adit::net::Loop::create().value();
  Hello hello;
  adit::net::HttpServerOptions options;
  options.port = static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  auto server = adit::net::HttpServer::create(*loop, std::move(options), hello);
  if (server.is_error()) {
    std::fprintf(stderr, "%s\n", server.error().full_message().c_str());
    return 1;
  }
  std::printf("port %u\n", static_cast<unsigned>(server.value()->port()));
  std::fflush(stdout);
  loop->run();
}
