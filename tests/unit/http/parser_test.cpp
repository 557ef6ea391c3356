// HTTP from bytes, however they come, and whatever they are.
#include "http/parser.h"

#include <gtest/gtest.h>

#include <random>

namespace baton::http {
namespace {

using Progress = RequestParser::Progress;

TEST(Request, has_method_path_query_headers_and_body) {
  RequestParser parser;
  ASSERT_EQ(parser.feed("POST /v1/instances/web%2F1/handover?after=7&x=a%20b HTTP/1.1\r\nHost: a\r\nX-Who: me\r\n"
                        "Content-Length: 4\r\n\r\nbody"),
            Progress::whole);
  const Request request = parser.take();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, (std::vector<std::string>{"v1", "instances", "web/1", "handover"}));
  EXPECT_EQ(request.query.at("after"), "7");
  EXPECT_EQ(request.query.at("x"), "a b");
  EXPECT_EQ(request.header("x-who"), "me");
  EXPECT_EQ(request.header("x-none"), "");
  EXPECT_EQ(request.body, "body");
  EXPECT_TRUE(request.keep_alive);
}

TEST(Request, may_come_byte_by_byte) {
  RequestParser parser;
  const std::string text = "GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    ASSERT_EQ(parser.feed(text.substr(i, 1)), Progress::needs_more) << i;
  EXPECT_EQ(parser.feed("\n"), Progress::whole);
}

TEST(Request, the_next_one_may_come_with_it) {
  RequestParser parser;
  EXPECT_TRUE(parser.is_between_requests());
  ASSERT_EQ(parser.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET"), Progress::whole);
  EXPECT_EQ(parser.take().path[0], "1");
  ASSERT_EQ(parser.next(), Progress::whole);
  const Request second = parser.take();
  EXPECT_EQ(second.path[0], "2");
  EXPECT_FALSE(second.keep_alive) << "HTTP/1.0 closes";
  EXPECT_EQ(parser.next(), Progress::needs_more);
  EXPECT_FALSE(parser.is_between_requests());
}

struct Refusal {
  const char* what;
  std::string text;
  int status;
};

TEST(Request, that_is_none_or_beyond_the_bounds_is_refused) {
  const Refusal refusals[] = {
      {"no HTTP", "{\"command\":\"status\"}\n", status::bad_request},
      {"binary", std::string("\xff\xfe\0\1\r\n\r\n", 8), status::bad_request},
      {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", status::bad_request},
      {"negative length", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", status::bad_request},
      {"length and chunks", "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       status::bad_request},
      {"long header", "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'), status::header_too_large},
      {"many headers",
       "GET / HTTP/1.1\r\n" +
           [] {
             std::string text;
             for (int i = 0; i < 5000; ++i) text += "A: b\r\n";
             return text;
           }() +
           "\r\n",
       status::header_too_large},
      {"long path", "GET /" + std::string(20'000, 'x'), status::header_too_large},
      {"a gigabyte announced", "POST / HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n", status::content_too_large},
      {"a chunk beyond", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
       status::content_too_large},
  };
  for (const Refusal& refusal : refusals) {
    RequestParser parser;
    ASSERT_EQ(parser.feed(refusal.text), Progress::failed) << refusal.what;
    EXPECT_EQ(parser.failure(), refusal.status) << refusal.what;
  }
}

TEST(Request, any_bytes_in_any_pieces_are_survived) {
  std::mt19937 random(1);
  const std::string sound =
      "POST /a?b=%20 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = sound + sound;
    for (unsigned i = 0, spoiled = random() % 4; i < spoiled; ++i) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    RequestParser parser;
    Progress progress = Progress::needs_more;
    for (std::size_t at = 0; at < text.size() && progress != Progress::failed;) {
      const std::size_t length = 1 + random() % 40;
      progress = parser.feed(text.substr(at, length));
      at += length;
      for (; progress == Progress::whole; progress = parser.next()) (void)parser.take();
    }
  }
}

TEST(Response, is_read_as_it_was_written) {
  const Response response{.status = status::conflict, .body = "{\"error\":\"x\"}", .headers = {{"Allow", "GET"}}};
  ResponseParser parser;
  const std::string text = to_text(response, Connection::keep_alive);
  for (const char c : text) ASSERT_TRUE(parser.feed({&c, 1}));
  EXPECT_TRUE(parser.is_whole());
  EXPECT_EQ(parser.status(), status::conflict);
  EXPECT_EQ(parser.take_body(), response.body);
}

// Beast's own assertion was met by a last chunk in pieces.
TEST(Response, ends_with_a_last_chunk_that_is_cut_anywhere) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string last : {"0\r\n\r\n", "00\r\n\r\n", "0;a\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n"}) {
    for (std::size_t cut = 0; cut < last.size(); ++cut) {
      ResponseParser parser;
      for (const std::string& piece : {head, last.substr(0, cut), std::string(), last.substr(cut)}) {
        ASSERT_TRUE(parser.feed(piece)) << last << " cut at " << cut;
      }
      EXPECT_TRUE(parser.is_whole()) << last << " cut at " << cut;
    }
  }
}

TEST(Response, follows_those_that_say_that_it_will) {  // RFC 9110, 15.2
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
  const std::string text = interim + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ResponseParser parser;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(parser.feed(std::string_view(text).substr(at, piece)));
      if (at + piece <= interim.size()) {
        ASSERT_FALSE(parser.is_whole()) << piece;
      }
    }
    EXPECT_TRUE(parser.is_whole());
    EXPECT_EQ(parser.status(), status::ok);
    EXPECT_EQ(parser.take_body(), "hello");
  }
  ResponseParser ended;
  ASSERT_TRUE(ended.feed(interim));
  EXPECT_FALSE(ended.feed_end());
}

TEST(Response, of_another_protocol_is_the_last_of_this_one) {
  ResponseParser parser;
  ASSERT_TRUE(parser.feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nwhatever"));
  EXPECT_TRUE(parser.is_whole());
  EXPECT_EQ(parser.status(), 101);
}

TEST(Response, that_never_comes_after_all_those_is_refused) {
  ResponseParser parser;
  for (std::size_t i = 0; i < limits::interim_responses; ++i) {
    ASSERT_TRUE(parser.feed("HTTP/1.1 102 Processing\r\n\r\n"));
  }
  EXPECT_FALSE(parser.feed("HTTP/1.1 102 Processing\r\n\r\n"));
  EXPECT_EQ(parser.fault(), ResponseParser::Fault::malformed);
}

TEST(Response, of_a_HEAD_announces_a_body_and_has_none) {
  const std::string text = to_text({.body = "12345"}, Connection::close, true);
  EXPECT_TRUE(text.contains("Content-Length: 5\r\n"));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(Response, without_a_length_ends_with_the_connection) {
  ResponseParser parser;
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none"));
  EXPECT_FALSE(parser.is_whole());
  EXPECT_EQ(parser.take_body(), "one");
  ASSERT_TRUE(parser.feed("two"));
  EXPECT_EQ(parser.take_body(), "two");
  EXPECT_TRUE(parser.feed_end());
}

TEST(Response, that_promises_terabytes_costs_what_it_brings) {
  ResponseParser parser;
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\none"));
  EXPECT_EQ(parser.take_body(), "one");
  EXPECT_FALSE(parser.feed_end());
}

TEST(Response, that_is_none_is_refused) {
  ResponseParser parser;
  EXPECT_FALSE(parser.feed("{\"node\":\"web1\"}\n"));
}

TEST(Percent, escapes_come_back) {
  EXPECT_EQ(percent_encoded("VI 1/ä"), "VI%201%2F%C3%A4");
  EXPECT_EQ(percent_decoded("VI%201%2F%C3%A4"), "VI 1/ä");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
}

TEST(Percent, every_byte_comes_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

}  // namespace
}  // namespace baton::http
