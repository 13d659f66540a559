// Routing, by the examples of Cloudflare's documentation of routes.
#include "worker/router.h"

#include <gtest/gtest.h>

namespace adit::worker {
namespace {

RoutePattern pattern(std::string_view text, bool custom_domain = false) {
  Result<RoutePattern> parsed = RoutePattern::parse(text, custom_domain);
  EXPECT_TRUE(parsed.is_ok()) << text;
  return parsed.is_ok() ? std::move(parsed).value() : RoutePattern();
}

// Whether one pattern matches a URL, written out as browsers show it.
bool pattern_matches(std::string_view text, std::string_view url) {
  Router router;
  router.add(pattern(text), 7);
  bool https = url.starts_with("https://");
  url.remove_prefix(https ? 8 : 7);
  size_t slash = url.find('/');
  return router.match(https, url.substr(0, slash), url.substr(slash)) == 7;
}

bool is_valid(std::string_view text, bool custom_domain = false) {
  return RoutePattern::parse(text, custom_domain).is_ok();
}

TEST(router, a_pattern_without_a_path_matches_the_root_only) {
  EXPECT_TRUE(pattern_matches("example.com", "http://example.com/"));
  EXPECT_TRUE(pattern_matches("example.com", "https://example.com/"));
  EXPECT_FALSE(pattern_matches("example.com", "https://example.com/a"));
  EXPECT_FALSE(pattern_matches("example.com", "https://www.example.com/"));
}

TEST(router, a_scheme_restricts_to_it) {
  EXPECT_TRUE(pattern_matches("https://*.example.com/", "https://www.example.com/"));
  EXPECT_FALSE(pattern_matches("https://*.example.com/", "http://www.example.com/"));
  EXPECT_TRUE(pattern_matches("http://example.com/", "http://example.com/"));
  EXPECT_FALSE(pattern_matches("http://example.com/", "https://example.com/"));
  EXPECT_TRUE(pattern_matches("*.example.com/", "https://www.example.com/"));
  EXPECT_TRUE(pattern_matches("*.example.com/", "http://www.example.com/"));
}

TEST(router, a_host_that_begins_with_a_star_matches_the_host_and_subhosts) {
  EXPECT_TRUE(pattern_matches("*example.com/", "https://example.com/"));
  EXPECT_TRUE(pattern_matches("*example.com/", "https://www.example.com/"));
  EXPECT_FALSE(pattern_matches("*.example.com/", "https://example.com/"));
  EXPECT_TRUE(pattern_matches("*.example.com/*", "https://www.example.com/path"));
  EXPECT_FALSE(pattern_matches("*.example.com/*", "https://myexample.com/"));
}

// The documentation says that * matches any characters, "not just subdomains"; its table contradicts that for not-example.com.
TEST(router, a_star_matches_any_characters_of_a_host) {
  EXPECT_TRUE(pattern_matches("*example.com/*", "https://myexample.com/"));
  EXPECT_TRUE(pattern_matches("*example.com/*", "https://not-example.com/"));
  EXPECT_TRUE(pattern_matches("*/*", "https://anything.test/x"));
}

TEST(router, a_path_that_ends_with_a_star_matches_all_suffixes) {
  EXPECT_TRUE(pattern_matches("https://example.com/path*", "https://example.com/path"));
  EXPECT_TRUE(pattern_matches("https://example.com/path*", "https://example.com/path2"));
  EXPECT_TRUE(pattern_matches("https://example.com/path*", "https://example.com/path/readme.txt"));
  EXPECT_TRUE(pattern_matches("https://*.example.com/images/*", "https://a.example.com/images/cat.png"));
  EXPECT_FALSE(pattern_matches("https://*.example.com/images/*", "https://a.example.com/other"));
}

TEST(router, the_path_is_case_sensitive_and_the_host_is_not) {
  EXPECT_FALSE(pattern_matches("example.com/images/*", "https://example.com/Images/x"));
  EXPECT_TRUE(pattern_matches("Example.com/*", "https://example.com/x"));
  EXPECT_TRUE(pattern_matches("example.com/*", "https://EXAMPLE.com/x"));
}

TEST(router, a_query_belongs_to_what_is_matched) {
  EXPECT_FALSE(pattern_matches("example.com/cat.png", "https://example.com/cat.png?a=b"));
  EXPECT_TRUE(pattern_matches("example.com/cat.png*", "https://example.com/cat.png?a=b"));
}

TEST(router, a_port_does_not_matter) {
  EXPECT_TRUE(pattern_matches("example.com/*", "http://example.com:8787/"));
  EXPECT_TRUE(pattern_matches("localhost:8787/*", "http://localhost/"));
  EXPECT_TRUE(pattern_matches("[::1]/*", "http://[::1]:80/"));
  EXPECT_TRUE(pattern_matches("[::1]/*", "http://[::1]/"));
}

TEST(router, infix_wildcards_and_queries_are_no_patterns) {
  EXPECT_FALSE(is_valid("example.com/*.jpg"));
  EXPECT_FALSE(is_valid("example.com/?foo=*"));
  EXPECT_FALSE(is_valid("https://example.com/?anything"));
  EXPECT_FALSE(is_valid("www.*.com/"));
  EXPECT_FALSE(is_valid("ftp://example.com/"));
  EXPECT_FALSE(is_valid("/path"));
  EXPECT_FALSE(is_valid(""));
  EXPECT_FALSE(is_valid("exam ple.com/"));
}

TEST(router, custom_domains_have_neither_path_nor_wildcard) {
  EXPECT_TRUE(is_valid("shop.example.com", true));
  EXPECT_FALSE(is_valid("shop.example.com/x", true));
  EXPECT_FALSE(is_valid("*.example.com", true));
  EXPECT_FALSE(is_valid("https://shop.example.com", true));
}

TEST(router, the_most_specific_pattern_wins_in_whatever_order_they_are_added) {
  for (bool forward : {true, false}) {
    std::vector<std::pair<std::string_view, size_t>> routes = {
        {"*example.com/*", 0},      {"*.example.com/*", 1},         {"www.example.com/*", 2},     {"example.com/*", 3},
        {"example.com/hello/*", 4}, {"example.com/hello/world", 5}, {"https://example.com/*", 6},
    };
    if (!forward) std::reverse(routes.begin(), routes.end());
    Router router;
    for (auto [text, worker] : routes) router.add(pattern(text), worker);
    EXPECT_EQ(router.match(true, "www.example.com", "/"), 2u);
    EXPECT_EQ(router.match(true, "api.example.com", "/"), 1u);
    EXPECT_EQ(router.match(true, "myexample.com", "/"), 0u);
    EXPECT_EQ(router.match(false, "example.com", "/x"), 3u);
    EXPECT_EQ(router.match(true, "example.com", "/x"), 6u);
    EXPECT_EQ(router.match(true, "example.com", "/hello/there"), 4u);
    EXPECT_EQ(router.match(true, "example.com", "/hello/world"), 5u);
    EXPECT_EQ(router.match(true, "other.test", "/"), std::nullopt);
  }
}

TEST(router, a_more_specific_host_without_a_matching_path_leaves_the_request_to_less_specific_ones) {
  Router router;
  router.add(pattern("www.example.com/api/*"), 1);
  router.add(pattern("*.example.com/*"), 2);
  EXPECT_EQ(router.match(true, "www.example.com", "/api/x"), 1u);
  EXPECT_EQ(router.match(true, "www.example.com", "/"), 2u);
}

TEST(router, a_route_without_a_worker_negates_less_specific_ones) {
  Router router;
  router.set_fallback(9);
  router.add(pattern("*example.com/images/cat.png"), std::nullopt);
  router.add(pattern("*example.com/images/*"), 1);
  EXPECT_EQ(router.match(true, "example.com", "/images/cat.png"), std::nullopt);
  EXPECT_EQ(router.match(true, "example.com", "/images/cat.png?foo=bar"), 1u);
  EXPECT_EQ(router.match(true, "example.com", "/images/dog.png"), 1u);
  EXPECT_EQ(router.match(true, "example.com", "/"), 9u);
}

TEST(router, a_route_precedes_a_custom_domain_on_the_same_host) {
  Router router;
  router.add(pattern("app.example.com", true), 1);
  router.add(pattern("app.example.com/log/*"), 2);
  EXPECT_EQ(router.match(true, "app.example.com", "/log/x"), 2u);
  EXPECT_EQ(router.match(true, "app.example.com", "/x?y"), 1u);
  router.add(pattern("app.example.com/*"), 3);
  EXPECT_EQ(router.match(true, "app.example.com", "/x"), 3u);
}

TEST(router, the_same_pattern_again_replaces_the_first) {
  Router router;
  router.add(pattern("example.com/*"), 1);
  router.add(pattern("Example.com/*"), 2);
  EXPECT_EQ(router.match(true, "example.com", "/"), 2u);
}

}  // namespace
}  // namespace adit::worker
