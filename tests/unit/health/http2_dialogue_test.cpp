// HTTP_GET with http_protocol 2: what is said, and what is made of the answers, also of hostile ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "health/http_page.h"
#include "health/limits.h"
#include "health/page_digest.h"
#include "unit/health/frames.h"

namespace baton::health {
namespace {

using namespace frames;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Http2 {
 public:
  explicit Http2(config::CheckedPage page = {}) {
    if (page.path.empty()) page.path = "/";
    if (page.status_codes.empty()) page.status_codes.emplace_back();
    pages_ = http_pages({.protocol = config::HttpProtocol::http_2, .pages = {std::move(page)}},
                        {.address = *IpAddress::parse("192.0.2.1"), .port = 8080});
    dialogue_ = make_http_dialogue(pages_.front());
    EXPECT_FALSE(dialogue_->begin(opening));
  }

  Step hear(std::string_view bytes) {
    said.clear();
    return dialogue_->on_bytes(bytes, said);
  }
  // The same piece, over and over: what comes of it, and that neither it nor we go on for ever.
  Outcome hear_endlessly(const std::string& piece) {
    std::size_t answered = 0;
    for (int i = 0; i < 100'000; ++i) {
      const Step step = hear(piece);
      answered += said.size();
      EXPECT_LT(said.size(), 10'000U);
      EXPECT_LT(answered, 100'000U);
      if (step) return *step;
    }
    ADD_FAILURE() << "it goes on";
    return success();
  }
  Outcome silence() { return dialogue_->on_silence(); }
  Outcome end() { return dialogue_->on_end(); }

  std::string opening;
  std::string said;  // to what was heard last

 private:
  std::vector<HttpPage> pages_;
  std::unique_ptr<Dialogue> dialogue_;
};

std::string header(std::string_view block, std::uint8_t flags = 0) {
  return frame(headers, static_cast<std::uint8_t>(end_headers | flags), 1, block);
}
std::string body(std::string_view bytes, std::uint8_t flags = end_stream) {
  return frame(data, flags, 1, bytes);
}

TEST(Http2Dialogue, opens_with_preface_settings_and_request) {
  const Http2 http({.path = "/a?b", .virtualhost = "www.example.org"});
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings_frame =
      frame(settings, 0, 0, setting(2, 0) + setting(3, 0) + setting(6, limits::http2_header_bytes));
  ASSERT_THAT(http.opening, StartsWith(preface + settings_frame));
  const auto rest = frames_of(std::string_view(http.opening).substr(preface.size() + settings_frame.size()));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].type, headers);
  EXPECT_EQ(rest[0].flags, end_headers | end_stream);
  EXPECT_EQ(rest[0].stream, 1U);
  EXPECT_THAT(fields_of(rest[0].payload), ElementsAre(":method: GET", ":scheme: http", ":authority: www.example.org",
                                                      ":path: /a?b", "user-agent: KeepAliveClient"));
}

TEST(Http2Dialogue, without_a_virtualhost_the_address_is_asked_for) {
  const Http2 http;
  EXPECT_THAT(fields_of(frames_of(std::string_view(http.opening).substr(24))[1].payload),
              testing::Contains(":authority: 192.0.2.1:8080"));
}

TEST(Http2Dialogue, a_page_is_there_and_the_connection_is_ended_in_form) {
  Http2 http;
  EXPECT_FALSE(http.hear(hello));
  EXPECT_EQ(http.said, frame(settings, ack, 0, ""));
  EXPECT_FALSE(http.hear(header(ok)));
  EXPECT_EQ(http.hear(body("hello")), success());
  EXPECT_EQ(http.said, frame(goaway, 0, 0, number(0, 4) + number(0, 4)));
  EXPECT_EQ(Http2().hear(hello + header(ok, end_stream)), success());
}

TEST(Http2Dialogue, may_come_byte_by_byte_and_in_any_frames) {
  // MD5 of "hello".
  Http2 http({.digest = Digest{0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5,
                               0x92}});
  const std::string answer = hello + frame(ping, 0, 0, "12345678") + header(ok + field("server", "x")) + body("he", 0) +
                             body("", 0) + body("llo", 0) + header(field("x-trailer", "y"), end_stream);
  for (const char c : std::string_view(answer).substr(0, answer.size() - 1)) ASSERT_FALSE(http.hear({&c, 1}));
  EXPECT_EQ(http.hear(answer.substr(answer.size() - 1)), success());
}

TEST(Http2Dialogue, another_status_is_a_failure_before_the_page_has_come) {
  EXPECT_EQ(Http2().hear(hello + header(field(":status", "503"))), failed(Failure::http_status, "503"));
  EXPECT_EQ(Http2({.status_codes = {{404, 404}}}).hear(hello + header("\x8d", end_stream)), success());
}

TEST(Http2Dialogue, words_before_the_answer_are_passed_over) {
  Http2 http;
  EXPECT_FALSE(http.hear(hello + header(field(":status", "103") + field("link", "</a>")) + header(ok)));
  EXPECT_EQ(http.hear(body("")), success());
}

TEST(Http2Dialogue, a_regex_searches_the_page) {
  const config::CheckedPage page{.regex = config::PageRegex{.pattern = "^status: ok$"}};
  EXPECT_EQ(Http2(page).hear(hello + header(ok) + body("status: ok")), success());
  EXPECT_EQ(Http2(page).hear(hello + header(ok) + body("status: no"))->failure, Failure::http_no_match);
}

TEST(Http2Dialogue, whoever_speaks_http_1_is_quoted) {
  EXPECT_EQ(sentence(*Http2().hear("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n")),
            "the reply is no HTTP/2 (HTTP/1.1 400 Bad Request)");
}

TEST(Http2Dialogue, what_is_no_http_at_all_is_a_failure) {
  EXPECT_EQ(Http2().hear("220 mail.example.org ESMTP ready\r\n")->failure, Failure::http2_malformed);
  EXPECT_EQ(Http2().hear(std::string(64, '\0'))->failure, Failure::http2_malformed);
  EXPECT_EQ(Http2().hear(header(ok))->failure, Failure::http2_malformed);  // settings come first
}

TEST(Http2Dialogue, an_end_before_the_answer) {
  Http2 http;
  EXPECT_EQ(http.end(), failed(Failure::closed_early, "nothing had come"));
  EXPECT_FALSE(http.hear(hello + header(ok) + body("he", 0)));
  EXPECT_EQ(http.end(), failed(Failure::closed_early));
  EXPECT_EQ(http.silence(), failed(Failure::reply_timeout));
}

TEST(Http2Dialogue, a_connection_that_is_turned_away) {
  const auto goodbye = [](std::uint32_t last, std::uint32_t code, const std::string& words = {}) {
    return frame(goaway, 0, 0, number(last, 4) + number(code, 4) + words);
  };
  EXPECT_EQ(sentence(*Http2().hear(hello + goodbye(0, 11, "too many\r\n"))),
            "the server turns the connection away: ENHANCE_YOUR_CALM, too many");
  EXPECT_EQ(Http2().hear(hello + goodbye(0, 0))->failure, Failure::http2_goaway);
  // It lets our request come to its end.
  Http2 http;
  EXPECT_FALSE(http.hear(hello + goodbye(1, 0)));
  EXPECT_EQ(http.hear(header(ok, end_stream)), success());
}

TEST(Http2Dialogue, a_request_that_is_broken_off) {
  EXPECT_EQ(sentence(*Http2().hear(hello + frame(rst_stream, 0, 1, number(7, 4)))),
            "the server breaks the request off: REFUSED_STREAM");
  EXPECT_EQ(Http2().hear(hello + header(ok) + frame(rst_stream, 0, 1, number(0, 4)))->failure, Failure::http2_reset);
}

TEST(Http2Dialogue, what_breaks_the_rules_is_a_failure) {
  const auto failure = [](const std::string& bytes) {
    const Step step = Http2().hear(hello + bytes);
    return step ? step->failure : Failure::none;
  };
  EXPECT_EQ(failure(number(0xffffff, 3) + frame(data, 0, 1, "").substr(3)), Failure::http2_malformed);  // huge
  EXPECT_EQ(failure(frame(push_promise, end_headers, 1, number(2, 4) + ok)), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(headers, end_headers, 2, ok)), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(continuation, end_headers, 1, ok)), Failure::http2_malformed);
  EXPECT_EQ(failure(body("before the header")), Failure::http2_malformed);
  EXPECT_EQ(failure(header("\xff\xff\xff\xff\xff\xff")), Failure::http2_malformed);  // a number without end
  EXPECT_EQ(failure(header("\x3f\xe1\xff\xff\x7f")), Failure::http2_malformed);      // a table of gigabytes
  EXPECT_EQ(failure(header("\xfe")), Failure::http2_malformed);                      // no such field
  EXPECT_EQ(failure(header(ok + field("UPPER", "x"))), Failure::http2_malformed);
  EXPECT_EQ(failure(header(field("server", "x"))), Failure::http2_malformed);  // no status
  EXPECT_EQ(failure(header(ok + field("content-length", "9")) + body("short")), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(window_update, 0, 0, number(0x7fffffff, 4))), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(settings, 0, 0, "odd")), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(settings, 0, 0, setting(4, 0xffffffff))), Failure::http2_malformed);
  EXPECT_EQ(failure(frame(ping, 0, 0, "short")), Failure::http2_malformed);
}

TEST(Http2Dialogue, frames_without_end_are_a_failure) {
  const auto endless = [](const std::string& before, const std::string& piece) {
    Http2 http;
    EXPECT_FALSE(http.hear(hello + before));
    return http.hear_endlessly(piece).failure;
  };
  EXPECT_EQ(endless("", frame(settings, 0, 0, "")), Failure::http2_flood);
  EXPECT_EQ(endless("", frame(settings, 0, 0, setting(3, 9))), Failure::http2_flood);
  EXPECT_EQ(endless("", frame(ping, 0, 0, "12345678")), Failure::http2_flood);
  EXPECT_EQ(endless("", frame(window_update, 0, 0, number(1, 4))), Failure::http2_flood);
  EXPECT_EQ(endless("", frame(goaway, 0, 0, number(1, 4) + number(0, 4))), Failure::http2_flood);
  EXPECT_EQ(endless("", frame(Type{0x42}, 0, 0, std::string(16'000, 'n'))), Failure::http2_flood);  // of nobody
  EXPECT_EQ(endless(header(ok), body("", 0)), Failure::http2_flood);
  EXPECT_EQ(endless("", header(field(":status", "100"))), Failure::http2_flood);
  EXPECT_EQ(endless(header(ok), body("x", 0)), Failure::http2_flood);
}

TEST(Http2Dialogue, many_pings_at_once_are_a_failure) {
  std::string pings;
  for (int i = 0; i < 1'000; ++i) pings += frame(ping, 0, 0, "12345678");
  Http2 http;
  EXPECT_EQ(http.hear(hello + pings)->failure, Failure::http2_flood);
  EXPECT_LT(http.said.size(), 2'000U);
}

TEST(Http2Dialogue, a_header_without_end_is_a_failure) {
  Http2 http;
  EXPECT_FALSE(http.hear(hello + frame(headers, 0, 1, ok + field("a", "b"))));
  EXPECT_THAT((std::array{Failure::http2_flood, Failure::http2_malformed, Failure::http_header_too_long}),
              testing::Contains(http.hear_endlessly(frame(continuation, 0, 1, field("a", "b"))).failure));
  // Nothing in them: they cost frames alone.
  Http2 empty;
  EXPECT_FALSE(empty.hear(hello + frame(headers, 0, 1, ok)));
  EXPECT_THAT((std::array{Failure::http2_flood, Failure::http2_malformed}),
              testing::Contains(empty.hear_endlessly(frame(continuation, 0, 1, "")).failure));
}

TEST(Http2Dialogue, fields_without_end_are_a_failure) {
  std::string block = ok;
  while (block.size() < 16'000) block += field("x-more", std::string(100, 'm'));
  EXPECT_EQ(Http2().hear(hello + header(block))->failure, Failure::http_header_too_long);
}

// One field of 4,000 bytes that the table remembers, and a thousand bytes each of which is that field again.
TEST(Http2Dialogue, a_packed_header_is_counted_unpacked) {
  std::string block = ok;
  block += std::string("\x40\x01z\x7f", 4);  // with indexing, name "z", 127 and more
  block += static_cast<char>(0x80 | ((3'900 - 127) & 0x7f));
  block += static_cast<char>((3'900 - 127) >> 7);
  block += std::string(3'900, 'z') + std::string(1'000, '\xbe');  // the newest of the table
  EXPECT_EQ(Http2().hear(hello + header(block))->failure, Failure::http_header_too_long);
}

TEST(Http2Dialogue, a_page_that_nobody_reads_is_enough_when_it_is_long) {
  const std::string piece = body(std::string(16'000, 'x'), 0);
  Http2 unread;
  EXPECT_FALSE(unread.hear(hello + header(ok)));
  EXPECT_EQ(unread.hear_endlessly(piece), success());
  Http2 read({.digest = Digest{}});
  EXPECT_FALSE(read.hear(hello + header(ok)));
  EXPECT_EQ(read.hear_endlessly(piece).failure, Failure::reply_too_long);
}

}  // namespace
}  // namespace baton::health
