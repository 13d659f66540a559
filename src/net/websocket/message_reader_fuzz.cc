// Fuzz target: any octets, cut anywhere, as either role, with and without compression. Besides memory safety it checks that a message
// stays within the limit and that cutting the input differently changes nothing.
#include <cstdint>
#include <string>

#include "base/verify.h"
#include "net/websocket/message_reader.h"

namespace {

using namespace adit;
using namespace adit::net;

struct Sink final : websocket::MessageReader::Sink {
  std::string log;
  void add(char kind, BytesView data) { log.append(1, kind).append(text_of(data)); }
  void on_message(WebSocketMessage message) override {
    VERIFY(message.data.size() <= 4096);
    add(message.is_text ? 't' : 'b', message.data);
  }
  void on_ping(BytesView payload) override { add('i', payload); }
  void on_pong(BytesView payload) override { add('o', payload); }
  void on_close_frame(WebSocketClose close) override {
    VERIFY(close.code == 1005 || websocket::is_valid_close_code(close.code));
    add('c', bytes_of(close.reason));
  }
};

std::string read(uint8_t flags, BytesView input, size_t piece) {
  auto role = (flags & 1) != 0 ? websocket::Role::server : websocket::Role::client;
  auto inflater = (flags & 2) != 0 ? std::make_unique<websocket::Inflater>(15, (flags & 4) != 0) : nullptr;
  websocket::MessageReader reader(role, 4096, std::move(inflater));
  Sink sink;
  while (!input.empty()) {
    auto count = std::min(piece, input.size());
    if (auto violation = reader.feed(input.first(count), sink))
      return sink.log + "f" + std::to_string(violation->close_code);
    input = input.subspan(count);
  }
  return sink.log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  BytesView input(data + 2, size - 2);
  VERIFY(read(data[0], input, input.size() + 1) == read(data[0], input, size_t{1} + data[1] % 16));
  return 0;
}
