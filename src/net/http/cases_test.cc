// Runs tests/net/*.test: requests as the client sends them, and what the server makes of them. Each runs twice: in one piece, and
// octet by octet, because a parser that depends on where reads end is a parser that can be tricked.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "net/http/fake_stream.h"
#include "net/http/server.h"

namespace adit::net {
namespace {

struct Case {
  std::string name;
  std::string input;
  std::vector<std::string> expected;
};

// Text with \r \n \t \0 \\ \" \xHH; in quotes it ends at the second one, and * COUNT may follow.
std::string unescape(std::string_view line) {
  std::string out;
  bool quoted = line.starts_with('"');
  size_t i = quoted ? 1 : 0;
  for (; i < line.size() && !(quoted && line[i] == '"'); ++i) {
    if (line[i] != '\\') {
      out.push_back(line[i]);
      continue;
    }
    switch (line[++i]) {
      case 'r':
        out.push_back('\r');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 't':
        out.push_back('\t');
        break;
      case '0':
        out.push_back('\0');
        break;
      case 'x':
        out.push_back(static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16)));
        i += 2;
        break;
      default:
        out.push_back(line[i]);
    }
  }
  size_t star = quoted ? line.find('*', i) : std::string_view::npos;
  if (star == std::string_view::npos) return out;
  std::string repeated;
  for (int n = std::stoi(std::string(line.substr(star + 1))); n > 0; --n) repeated += out;
  return repeated;
}

std::vector<Case> load(const std::string& file) {
  std::ifstream stream(std::string(ADIT_SOURCE_DIR "/tests/net/") + file);
  EXPECT_TRUE(stream.good()) << file;
  std::vector<Case> cases;
  std::string line;
  Case current;
  bool answering = false;
  auto finish = [&] {
    if (!current.expected.empty()) cases.push_back(std::move(current));
    current = {};
    answering = false;
  };
  while (std::getline(stream, line)) {
    if (line.starts_with("# ")) {
      finish();
      current.name = line.substr(2);
    } else if (line.starts_with("\"")) {
      current.input += unescape(line);
    } else if (line.starts_with("---- ")) {
      answering = true;
      current.expected.push_back(unescape(line.substr(5)));
    } else if (answering && line.starts_with("     ")) {
      current.expected.push_back(unescape(line.substr(5)));
    }
  }
  finish();
  return cases;
}

// Answers with what it understood: "GET /path host=H body=B; name=value, ...".
class Describe final : public HttpHandler {
 public:
  void on_request(std::shared_ptr<HttpExchange> exchange) override {
    if (!exchange->body()) return answer(*exchange, "");
    read_on(exchange, std::make_shared<std::string>());
  }

 private:
  static void read_on(std::shared_ptr<HttpExchange> exchange, std::shared_ptr<std::string> text) {
    exchange->body()->read([exchange, text](Result<Bytes> chunk) {
      if (chunk.is_error()) return;
      if (chunk.value().empty()) return answer(*exchange, *text);
      text->append(text_of(chunk.value()));
      read_on(exchange, text);
    });
  }
  static void answer(HttpExchange& exchange, std::string_view body) {
    std::string out = fmt::format("{} {} host={}", exchange.method(), exchange.target(), exchange.host());
    if (exchange.body()) out += fmt::format(" body={}", body);
    std::string_view block = exchange.header_block();
    for (char separator = ';'; !block.empty();) {
      size_t name = block.find('\0');
      size_t value = block.find('\0', name + 1);
      if (block.substr(0, name) != "host")
        out += fmt::format("{} {}={}", std::exchange(separator, ','), block.substr(0, name),
                           block.substr(name + 1, value - name - 1));
      block.remove_prefix(value + 1);
    }
    exchange.respond(200, "", "", std::string_view(out));
  }
};

// "200 text" for each response received.
std::vector<std::string> responses_of(std::string_view received) {
  std::vector<std::string> responses;
  while (!received.empty()) {
    size_t end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return responses.push_back("truncated"), responses;
    auto head = received.substr(0, end);
    received.remove_prefix(end + 4);
    auto status = head.substr(9, 3);
    size_t length = 0;
    if (size_t at = head.find("Content-Length: "); at != std::string_view::npos)
      length = std::stoul(std::string(head.substr(at + 16)));
    std::string text(status);
    if (status == "200") text += fmt::format(" {}", received.substr(0, length));
    if (head.find("Connection: close") != std::string_view::npos) text += " (close)";
    if (status == "200" && received.size() < length) text += " (HEAD)";
    received.remove_prefix(std::min(length, received.size()));
    responses.push_back(text);
  }
  return responses;
}

std::vector<std::string> run(Loop& loop, std::string_view input, size_t piece) {
  Describe handler;
  FakeClient client;
  auto server = HttpServer::create_detached(loop, {}, handler);
  server->adopt(std::make_unique<FakeStream>(client));
  for (size_t at = 0; at < input.size() && client.listening(); at += piece) {
    client.send(input.substr(at, piece));
    loop.run_pending();
  }
  return responses_of(client.received);
}

class Cases : public testing::TestWithParam<const char*> {};

TEST_P(Cases, are_understood_in_one_piece_and_octet_by_octet) {
  auto loop = Loop::create().value();
  auto cases = load(GetParam());
  EXPECT_GT(cases.size(), 10u);
  for (const auto& one : cases) {
    EXPECT_EQ(run(*loop, one.input, SIZE_MAX / 2), one.expected) << one.name << ", in one piece";
    EXPECT_EQ(run(*loop, one.input, 1), one.expected) << one.name << ", octet by octet";
  }
}

INSTANTIATE_TEST_SUITE_P(Http, Cases, testing::Values("malformed.test", "wellformed.test"), [](const auto& info) {
  return std::string(info.param).substr(0, std::string(info.param).find('.'));
});

}  // namespace
}  // namespace adit::net
