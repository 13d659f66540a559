#include "worker/route_host.h"

#include <gtest/gtest.h>

namespace adit::worker {
namespace {

WorkerConfig with_route(std::string pattern, std::string zone = {}) {
  WorkerConfig config;
  config.routes.push_back({std::move(pattern), std::move(zone), {}, false, {}});
  return config;
}

TEST(route_host, is_that_of_the_first_route) {
  EXPECT_EQ(route_host_of(with_route("api.example.com/v1/*")).host, "api.example.com");
  EXPECT_EQ(route_host_of(with_route("*.example.com/*")).host, "example.com");
  EXPECT_EQ(route_host_of(with_route("*example.com/*")).host, "example.com");
  EXPECT_EQ(route_host_of(with_route("*/v1/*", "zone.example")).host, "zone.example");
  EXPECT_EQ(route_host_of(with_route("https://api.example.com/*")).host, "api.example.com");
  EXPECT_FALSE(route_host_of(WorkerConfig()).is_set());
}

TEST(route_host, is_the_configured_one_before_any_route) {
  auto config = with_route("api.example.com/*");
  config.dev.host = "other.example";
  config.dev.upstream_protocol = "https";
  EXPECT_EQ(route_host_of(config).host, "other.example");
  EXPECT_EQ(route_host_of(config).scheme, "https");
}

TEST(route_host, is_taken_out_of_headers_everywhere) {
  EXPECT_EQ(with_host("location: http://a.example/x?u=http://a.example/y\r\nx: 1\r\n", "a.example", "127.0.0.1:80"),
            "location: http://127.0.0.1:80/x?u=http://127.0.0.1:80/y\r\nx: 1\r\n");
  EXPECT_EQ(with_host("set-cookie: a=b; Domain=a.example\r\n", "a.example", "127.0.0.1:8787"),
            "set-cookie: a=b; Domain=127.0.0.1\r\n");
  EXPECT_EQ(with_host("x: 1\r\n", "", "b"), "x: 1\r\n");
}

}  // namespace
}  // namespace adit::worker
