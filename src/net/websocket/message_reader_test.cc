// Framing as a table: what comes in, octet by octet and at once, and what must come out.
#include "net/websocket/message_reader.h"

#include <gtest/gtest.h>

namespace adit::net::websocket {
namespace {

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (char c : text) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) high = digit;
    else {
      bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

struct Recorder final : MessageReader::Sink {
  std::string log;
  void on_message(WebSocketMessage message) override {
    log += (message.is_text ? "text(" : "binary(") + std::string(text_of(message.data)) + ") ";
  }
  void on_ping(BytesView payload) override { log += "ping(" + std::string(text_of(payload)) + ") "; }
  void on_pong(BytesView payload) override { log += "pong(" + std::string(text_of(payload)) + ") "; }
  void on_close_frame(WebSocketClose close) override {
    log += "close(" + std::to_string(close.code) + "," + close.reason + ") ";
  }
};

std::string read_all(MessageReader& reader, BytesView input, size_t piece) {
  Recorder recorder;
  while (!input.empty()) {
    size_t count = std::min(piece, input.size());
    if (auto violation = reader.feed(input.first(count), recorder))
      return recorder.log + "fail(" + std::to_string(violation->close_code) + ") ";
    input = input.subspan(count);
  }
  return recorder.log;
}

struct Case {
  const char* name;
  const char* input;  // hex; frames as a client receives them
  const char* expected;
};

// A client's view: frames from a server are not masked. Hello = 48656c6c6f.
const Case cases[] = {
    {"a text message", "8105 48656c6c6f", "text(Hello) "},
    {"an empty text message", "8100", "text() "},
    {"a binary message", "8203 414243", "binary(ABC) "},
    {"two messages in one read", "810141 820142", "text(A) binary(B) "},
    {"a fragmented message", "0103 48656c 8002 6c6f", "text(Hello) "},
    {"a fragmented message with empty fragments", "0100 0003 48656c 0000 8002 6c6f", "text(Hello) "},
    {"a ping between fragments", "0103 48656c 890141 8002 6c6f", "ping(A) text(Hello) "},
    {"an unsolicited pong", "8a0141", "pong(A) "},
    {"a character split over fragments", "0101 c3 8001 a4", "text(\xc3\xa4) "},
    {"a close without a code", "8800", "close(1005,) "},
    {"a close with code and reason", "8804 03e8 6f6b", "close(1000,ok) "},
    {"nothing after a close", "8800 810141", "close(1005,) "},
    {"a registered close code", "8802 03f4", "close(1012,) "},
    {"a private close code", "8802 1387", "close(4999,) "},
    {"a masked frame from a server", "8185 00000000 48656c6c6f", "fail(1002) "},
    {"RSV1 without an extension", "c100", "fail(1002) "},
    {"RSV2", "a100", "fail(1002) "},
    {"RSV3", "9100", "fail(1002) "},
    {"opcode 3", "8300", "fail(1002) "},
    {"opcode 7", "8700", "fail(1002) "},
    {"opcode 11", "8b00", "fail(1002) "},
    {"opcode 15", "8f00", "fail(1002) "},
    {"a fragmented ping", "0900", "fail(1002) "},
    {"a fragmented close", "0800", "fail(1002) "},
    {"a ping with a 126-byte payload", "897e007e", "fail(1002) "},
    {"a close with half a code", "8801 03", "fail(1002) "},
    {"a continuation without a message", "800141", "fail(1002) "},
    {"a message inside a message", "010141 810142", "fail(1002) "},
    {"close code 0", "8802 0000", "fail(1002) "},
    {"close code 999", "8802 03e7", "fail(1002) "},
    {"close code 1004", "8802 03ec", "fail(1002) "},
    {"close code 1005", "8802 03ed", "fail(1002) "},
    {"close code 1006", "8802 03ee", "fail(1002) "},
    {"close code 1015", "8802 03f7", "fail(1002) "},
    {"close code 1016", "8802 03f8", "fail(1002) "},
    {"close code 2999", "8802 0bb7", "fail(1002) "},
    {"close code 5000", "8802 1388", "fail(1002) "},
    {"a 16-bit length that fits in 7 bits", "827e007d", "fail(1002) "},
    {"a 64-bit length that fits in 16 bits", "827f000000000000ffff", "fail(1002) "},
    {"a length with its highest bit set", "827f8000000000000000", "fail(1002) "},
    {"text that is not UTF-8", "8102 c328", "fail(1007) "},
    {"text that ends inside a character", "8101 c3", "fail(1007) "},
    {"text with a surrogate", "8103 eda080", "fail(1007) "},
    {"text above U+10FFFF", "8104 f4908080", "fail(1007) "},
    {"text in an overlong form", "8102 c0af", "fail(1007) "},
    {"a close reason that is not UTF-8", "8803 03e8 ff", "fail(1007) "},
    {"a message larger than the limit", "827e0401", "fail(1009) "},
    {"fragments larger than the limit together", "0201 41 807e0400", "fail(1009) "},
};

TEST(WebSocketMessageReader, reads_and_refuses_as_rfc_6455_says_however_the_octets_are_cut) {
  for (const auto& item : cases) {
    for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{1000}}) {
      MessageReader reader(Role::client, 1024, nullptr);
      EXPECT_EQ(read_all(reader, from_hex(item.input), piece), item.expected)
          << item.name << ", in pieces of " << piece;
    }
  }
}

TEST(WebSocketMessageReader, a_server_wants_masks_and_takes_them_off) {
  MessageReader unmasked(Role::server, 1024, nullptr);
  EXPECT_EQ(read_all(unmasked, from_hex("8105 48656c6c6f"), 100), "fail(1002) ");
  MessageReader masked(Role::server, 1024, nullptr);
  EXPECT_EQ(read_all(masked, from_hex("8185 37fa213d 7f9f4d5158"), 100), "text(Hello) ");  // RFC 6455 § 5.7
}

TEST(WebSocketMessageReader, reads_back_what_append_frame_wrote_at_every_length_form) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{125}, size_t{126}, size_t{127}, size_t{65535},
                      size_t{65536}, size_t{200003}}) {
    Bytes payload(size);
    for (size_t i = 0; i < size; i++) payload[i] = static_cast<uint8_t>('a' + i % 26);
    Bytes frame;
    append_frame(frame, Opcode::binary, true, false, payload, std::array<uint8_t, 4>{1, 2, 250, 255});
    for (size_t piece : {size_t{1000001}, size_t{4093}, size_t{5}}) {
      MessageReader reader(Role::server, 1 << 20, nullptr);
      EXPECT_EQ(read_all(reader, frame, piece), "binary(" + std::string(text_of(payload)) + ") ") << size;
    }
  }
}

TEST(WebSocketMessageReader, expands_the_examples_of_rfc_7692) {
  // § 7.2.3.1, .2 (shared window), .3 (no compression), .4 (final block), .5 (two blocks).
  auto reader_with_window = [] { return MessageReader(Role::client, 1024, std::make_unique<Inflater>(15, false)); };
  auto one = reader_with_window();
  EXPECT_EQ(read_all(one, from_hex("c107 f248cdc9c90700"), 3), "text(Hello) ");
  EXPECT_EQ(read_all(one, from_hex("c105 f200110000"), 3), "text(Hello) ");
  auto fragments = reader_with_window();
  EXPECT_EQ(read_all(fragments, from_hex("4103 f248cd 8004 c9c90700"), 2), "text(Hello) ");
  auto stored = reader_with_window();
  EXPECT_EQ(read_all(stored, from_hex("c10b 000500faff48656c6c6f00"), 100), "text(Hello) ");
  auto final_block = reader_with_window();
  EXPECT_EQ(read_all(final_block, from_hex("c108 f348cdc9c9070000"), 100), "text(Hello) ");
  auto two_blocks = reader_with_window();
  EXPECT_EQ(read_all(two_blocks, from_hex("c10d f248050000 00ffffcac9c90700"), 100), "text(Hello) ");
  auto plain = reader_with_window();
  EXPECT_EQ(read_all(plain, from_hex("8105 48656c6c6f"), 100), "text(Hello) ");
}

TEST(WebSocketMessageReader, refuses_bad_compression) {
  MessageReader corrupt(Role::client, 1024, std::make_unique<Inflater>(15, false));
  EXPECT_EQ(read_all(corrupt, from_hex("c104 ffffffff"), 100), "fail(1007) ");
  MessageReader control(Role::client, 1024, std::make_unique<Inflater>(15, false));
  EXPECT_EQ(read_all(control, from_hex("c900"), 100), "fail(1002) ");
  MessageReader continuation(Role::client, 1024, std::make_unique<Inflater>(15, false));
  EXPECT_EQ(read_all(continuation, from_hex("010141 c00142"), 100), "fail(1002) ");
}

TEST(WebSocketMessageReader, a_small_frame_cannot_expand_beyond_the_limit) {
  Deflater deflater(15, false);
  Bytes bomb = deflater.compress(Bytes(10 * 1024 * 1024, 'x'));
  ASSERT_LT(bomb.size(), 64U * 1024);
  Bytes frame;
  append_frame(frame, Opcode::binary, true, true, bomb, std::nullopt);
  MessageReader reader(Role::client, 100'000, std::make_unique<Inflater>(15, false));
  EXPECT_EQ(read_all(reader, frame, frame.size()), "fail(1009) ");
}

TEST(WebSocketDeflate, round_trips_with_and_without_a_shared_window) {
  for (bool resets : {false, true}) {
    for (int bits : {9, 12, 15}) {
      Deflater deflater(bits, resets);
      Inflater inflater(bits, resets);
      std::vector<size_t> sizes;
      for (size_t length : {size_t{0}, size_t{5}, size_t{3000}, size_t{3000}, size_t{300000}, size_t{0}}) {
        Bytes message(length);
        for (size_t i = 0; i < length; i++) message[i] = static_cast<uint8_t>((i * i) >> 3);
        auto compressed = deflater.compress(message);
        sizes.push_back(compressed.size());
        Bytes out;
        ASSERT_EQ(inflater.append(compressed, out, 1 << 20), Inflater::Status::ok);
        ASSERT_EQ(inflater.finish(out, 1 << 20), Inflater::Status::ok);
        EXPECT_EQ(out, message);
      }
      if (bits == 15) {
        EXPECT_EQ(sizes[3] < sizes[2], !resets) << "the second copy is smaller only with a shared window";
      }
    }
  }
}

TEST(WebSocketDeflate, a_server_takes_the_first_offer_that_it_can_meet) {
  struct {
    const char* offer;
    const char* answer;
  } table[] = {
      {"permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits=10", "permessage-deflate"},
      {"permessage-deflate; server_no_context_takeover; client_no_context_takeover",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
      {"permessage-deflate; server_max_window_bits=\"10\"", "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"},
      {"x-unknown, permessage-deflate", "permessage-deflate"},
      {"permessage-deflate; server_max_window_bits=8", ""},
      {"permessage-deflate; server_max_window_bits=16", ""},
      {"permessage-deflate; server_max_window_bits=09", ""},
      {"permessage-deflate; server_max_window_bits", ""},
      {"permessage-deflate; server_no_context_takeover=1", ""},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
      {"permessage-deflate; unknown", ""},
      {"permessage-deflate; =", ""},
      {"", ""},
  };
  for (const auto& item : table) {
    auto agreement = accept_deflate_offer(item.offer);
    EXPECT_EQ(agreement ? agreement->header_value : "", item.answer) << item.offer;
  }
}

TEST(WebSocketDeflate, a_client_refuses_answers_to_what_it_did_not_offer) {
  std::optional<DeflateParameters> agreed;
  EXPECT_TRUE(read_deflate_response("", agreed));
  EXPECT_FALSE(agreed);
  EXPECT_TRUE(
      read_deflate_response("permessage-deflate; server_no_context_takeover; server_max_window_bits=8", agreed));
  ASSERT_TRUE(agreed);
  EXPECT_TRUE(agreed->server_no_context_takeover);
  EXPECT_EQ(agreed->server_max_window_bits, 8);
  for (const char* bad : {"x-other", "permessage-deflate, permessage-deflate",
                          "permessage-deflate; client_max_window_bits=10", "permessage-deflate; x", "; ="})
    EXPECT_FALSE(read_deflate_response(bad, agreed)) << bad;
}

}  // namespace
}  // namespace adit::net::websocket
