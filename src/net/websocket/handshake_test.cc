#include "net/websocket/handshake.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/websocket/header_list.h"

namespace adit::net::websocket {
namespace {

struct ZeroRandom final : Random {
  void fill(std::span<uint8_t> out) override { std::fill(out.begin(), out.end(), uint8_t{0}); }
};

HandshakeRequest good_request() {
  return {"GET", "websocket", "keep-alive, Upgrade", "dGhlIHNhbXBsZSBub25jZQ==", "13", ""};
}

TEST(WebSocketHandshake, answers_the_example_of_rfc_6455) {
  ServerHandshake handshake;
  ASSERT_FALSE(accept_handshake(good_request(), true, handshake));
  EXPECT_EQ(handshake.header_lines, "Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  EXPECT_FALSE(handshake.deflate);
}

TEST(WebSocketHandshake, agrees_to_compression_only_where_it_is_allowed) {
  auto request = good_request();
  request.extensions = "permessage-deflate; client_max_window_bits";
  ServerHandshake handshake;
  ASSERT_FALSE(accept_handshake(request, false, handshake));
  EXPECT_FALSE(handshake.deflate);
  ASSERT_FALSE(accept_handshake(request, true, handshake));
  EXPECT_TRUE(handshake.deflate);
  EXPECT_NE(handshake.header_lines.find("Sec-WebSocket-Extensions: permessage-deflate\r\n"), std::string::npos);
}

TEST(WebSocketHandshake, refuses_with_the_status_that_belongs_to_the_fault) {
  auto status_of = [](auto change) {
    auto request = good_request();
    change(request);
    ServerHandshake handshake;
    auto refusal = accept_handshake(request, true, handshake);
    return refusal ? refusal->status : 101;
  };
  EXPECT_EQ(status_of([](auto&) {}), 101);
  EXPECT_EQ(status_of([](auto& r) { r.upgrade = "h2c, WebSocket"; }), 101);
  EXPECT_EQ(status_of([](auto& r) { r.upgrade = ""; }), 426);
  EXPECT_EQ(status_of([](auto& r) { r.version = "8"; }), 426);
  EXPECT_EQ(status_of([](auto& r) { r.method = "POST"; }), 400);
  EXPECT_EQ(status_of([](auto& r) { r.connection = "close"; }), 400);
  EXPECT_EQ(status_of([](auto& r) { r.key = ""; }), 400);
  EXPECT_EQ(status_of([](auto& r) { r.key = "dGhlIHNhbXBsZSBub25jZQ="; }), 400);
  EXPECT_EQ(status_of([](auto& r) { r.key = "dGhlIHNhbXBsZSBub25j!Q=="; }), 400);
}

TEST(WebSocketHandshake, a_client_takes_only_the_answer_to_its_own_key) {
  ZeroRandom random;
  auto handshake = ClientHandshake::create(random, false);
  auto lines = handshake.header_lines();
  EXPECT_NE(std::find(lines.begin(), lines.end(), "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), lines.end());
  auto accept = accept_value("AAAAAAAAAAAAAAAAAAAAAA==");
  EXPECT_TRUE(handshake.validate({"WebSocket", "upgrade", accept, ""}).is_ok());
  EXPECT_TRUE(handshake.validate({"websocket", "upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""}).is_error());
  EXPECT_TRUE(handshake.validate({"", "upgrade", accept, ""}).is_error());
  EXPECT_TRUE(handshake.validate({"websocket", "close", accept, ""}).is_error());
  EXPECT_TRUE(handshake.validate({"websocket", "upgrade", accept, "permessage-deflate"}).is_error()) << "not offered";
}

TEST(WebSocketHeaderList, splits_outside_quotes_and_refuses_half_elements) {
  auto elements = parse_extensions("a; x=\"1,2\", B;y = z ; w, c;=, \"q\"");
  ASSERT_EQ(elements.size(), 4U);
  EXPECT_EQ(elements[0].name, "");  // 1,2 is no token
  EXPECT_EQ(elements[1].name, "b");
  ASSERT_EQ(elements[1].parameters.size(), 2U);
  EXPECT_EQ(elements[1].parameters[0], (std::pair<std::string, std::optional<std::string>>("y", "z")));
  EXPECT_EQ(elements[1].parameters[1], (std::pair<std::string, std::optional<std::string>>("w", std::nullopt)));
  EXPECT_EQ(elements[2].name, "");
  EXPECT_EQ(elements[3].name, "");
}

}  // namespace
}  // namespace adit::net::websocket
