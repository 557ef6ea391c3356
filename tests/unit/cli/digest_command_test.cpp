#include "cli/digest_command.h"

#include <gtest/gtest.h>

namespace baton::cli {
namespace {

TEST(PageUrl, has_host_port_and_path) {
  EXPECT_EQ(parse_page_url("http://10.0.0.2"), (PageUrl{.host = "10.0.0.2"}));
  EXPECT_EQ(parse_page_url("https://www.example.org/a?b=c#d"),
            (PageUrl{.tls = true, .host = "www.example.org", .port = 443, .path = "/a?b=c"}));
  EXPECT_EQ(parse_page_url("http://[2001:db8::1]:8080/x"),
            (PageUrl{.host = "2001:db8::1", .port = 8080, .path = "/x"}));
  EXPECT_EQ(parse_page_url("http://a?b"), (PageUrl{.host = "a", .path = "/?b"}));
}

TEST(PageUrl, what_is_none_is_told) {
  for (const char* text : {"", "a", "ftp://a/", "http://", "http://:80/", "http://a:0/", "http://a:99999/",
                           "http://a:b/", "http://[::1/", "http://u:p@a/", "http://a/b c", "http://a/\r\nX: y"}) {
    EXPECT_FALSE(parse_page_url(text)) << text;
  }
}

}  // namespace
}  // namespace baton::cli
