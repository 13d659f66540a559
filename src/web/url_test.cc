#include "web/url.h"

#include <gtest/gtest.h>

namespace adit::web {

TEST(Url, offsets_cut_the_serialisation_at_its_parts) {
  auto url = parse_url("HTTPS://user:pass@Example.com:8443/a/../b?q=1#f", std::nullopt);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->href, "https://user:pass@example.com:8443/b?q=1#f");
  auto cut = [&](int from, int to) {
    return url->href.substr(url->offsets[from], url->offsets[to] - url->offsets[from]);
  };
  EXPECT_EQ(url->href.substr(0, url->offsets[0]), "https:");
  EXPECT_EQ(cut(0, 1), "//user");
  EXPECT_EQ(cut(1, 2), ":pass");
  EXPECT_EQ(cut(2, 3), "@example.com");
  EXPECT_EQ(cut(3, 4), ":8443");
  EXPECT_EQ(cut(4, 5), "/b");
  EXPECT_EQ(cut(5, 6), "?q=1");
}

TEST(Url, absent_search_and_hash_have_no_offset) {
  auto url = parse_url("http://a/", std::nullopt);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->offsets[5], UINT32_MAX);
  EXPECT_EQ(url->offsets[6], UINT32_MAX);
}

TEST(Url, relative_input_needs_a_base_that_parses) {
  EXPECT_FALSE(parse_url("/a", std::nullopt));
  EXPECT_FALSE(parse_url("/a", "not a url"));
  EXPECT_EQ(parse_url("../c", "http://h/a/b/")->href, "http://h/a/c");
}

TEST(Url, a_value_that_a_setter_refuses_changes_nothing) {
  EXPECT_EQ(set_url("http://a/", UrlPart::host, "b c").href, "http://a/");
  EXPECT_EQ(set_url("http://a/", UrlPart::port, "8080").href, "http://a:8080/");
  EXPECT_EQ(set_url("http://a/", UrlPart::search, "x y").href, "http://a/?x%20y");
}

TEST(Url, an_ascii_domain_parses_whatever_its_punycode_says) {
  EXPECT_EQ(parse_url("http://u:xn--p@XN--a.b:80/xn--a?XN--", std::nullopt)->href, "http://u:xn--p@xn--a.b/xn--a?XN--");
  EXPECT_EQ(parse_url("http://xn--a.b:81/", std::nullopt)->offsets[3], 14u);
  EXPECT_EQ(parse_url("/c", "http://xn--a/b")->href, "http://xn--a/c");
  EXPECT_EQ(parse_url("//xn--a/c", "http://h/b")->href, "http://xn--a/c");
  EXPECT_TRUE(can_parse_url("http://xn--a", std::nullopt));
  EXPECT_TRUE(can_parse_url("x", "file://xn--/p"));
  EXPECT_FALSE(parse_url("http://xn--a.\xC3\x9F/", std::nullopt));
  EXPECT_FALSE(parse_url("http://xn--a b/", std::nullopt));
  EXPECT_FALSE(parse_url("xn--a/", std::nullopt));
}

TEST(Url, setters_work_with_and_on_an_ascii_domain_of_invalid_punycode) {
  EXPECT_EQ(set_url("http://h:8/p", UrlPart::hostname, "xn--").href, "http://xn--:8/p");
  EXPECT_EQ(set_url("http://xn--a/p", UrlPart::pathname, "/xn--b").href, "http://xn--a/xn--b");
  EXPECT_EQ(set_url("http://xn--a/p", UrlPart::hostname, "ok").href, "http://ok/p");
  EXPECT_EQ(set_url("http://xn--a/p", UrlPart::hostname, "a b").href, "http://xn--a/p");
}

TEST(Url, a_url_that_gets_a_host_loses_the_dot_before_its_path) {
  EXPECT_EQ(set_url("a:/.//p?q#h", UrlPart::host, "b:8").href, "a://b:8//p?q#h");
  auto url = set_url("a:/.//p?q#h", UrlPart::hostname, "b");
  EXPECT_EQ(url.href, "a://b//p?q#h");
  EXPECT_EQ(url.offsets, parse_url(url.href, std::nullopt)->offsets);
}

TEST(Url, percent_decoding_keeps_what_is_no_escape) {
  EXPECT_EQ(percent_decode("%41%zz%4"), "A%zz%4");
  EXPECT_EQ(percent_decode("%E2%80%A0"), "\xE2\x80\xA0");
}

}  // namespace adit::web
