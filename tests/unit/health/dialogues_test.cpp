// What each kind of check says, and what it makes of the answers, however they come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "health/dialogue.h"
#include "health/http_page.h"
#include "health/limits.h"
#include "health/page_digest.h"

namespace baton::health {
namespace {

using testing::HasSubstr;
using testing::Not;

// What it says when it begins.
std::string opening(Dialogue& dialogue) {
  std::string out;
  EXPECT_FALSE(dialogue.begin(out));
  return out;
}

Step hear(Dialogue& dialogue, std::string_view bytes, std::string* answer = nullptr) {
  std::string out;
  Step step = dialogue.on_bytes(bytes, out);
  if (answer != nullptr) *answer = out;
  return step;
}

std::string text(const Step& step) {
  return step ? sentence(*step) : "goes on";
}

// ---------------------------------------------------------------- HTTP

config::CheckTarget target() {
  return {.address = *IpAddress::parse("192.0.2.1"), .port = 80};
}

class Http {
 public:
  explicit Http(config::CheckedPage page, config::HttpProtocol protocol = config::HttpProtocol::http_1_0) {
    if (page.path.empty()) page.path = "/";
    if (page.status_codes.empty()) page.status_codes.emplace_back();
    pages_ = http_pages({.protocol = protocol, .pages = {std::move(page)}}, target());
    dialogue_ = make_http_dialogue(pages_.front());
    request = opening(*dialogue_);
  }

  Step hear(std::string_view bytes) {
    std::string out;
    Step step = dialogue_->on_bytes(bytes, out);
    EXPECT_EQ(out, "");
    return step;
  }
  Outcome end() { return dialogue_->on_end(); }

  std::string request;

 private:
  std::vector<HttpPage> pages_;
  std::unique_ptr<Dialogue> dialogue_;
};

constexpr std::string_view whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
// MD5 of "hello".
constexpr Digest hello{0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76, 0xb9, 0x71, 0x9d, 0x91, 0x10, 0x17, 0xc5, 0x92};

config::CheckedPage searching(std::string pattern) {
  return {.regex = config::PageRegex{.pattern = std::move(pattern)}};
}

TEST(HttpDialogue, asks_as_keepalived_does) {
  EXPECT_EQ(Http({.path = "/a?b", .virtualhost = "www.example.org"}).request,
            "GET /a?b HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example.org\r\n\r\n");
  EXPECT_THAT(Http({}).request, HasSubstr("Host: 192.0.2.1:80\r\n"));
  EXPECT_THAT(Http({}, config::HttpProtocol::http_1_0_close).request, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(Http({}, config::HttpProtocol::http_1_1).request, HasSubstr(" HTTP/1.1\r\n"));
}

TEST(HttpDialogue, says_whether_the_connection_can_be_asked_again) {
  const auto pages = http_pages({.keep_connection = true, .pages = {{.path = "/", .status_codes = {{}}}}},
                                {.address = *IpAddress::parse("192.0.2.1"), .port = 80});
  EXPECT_THAT(pages.front().request, HasSubstr(" HTTP/1.1\r\n"));
  EXPECT_THAT(pages.front().request, testing::Not(HasSubstr("Connection:")));
  const auto leaves = [&](std::string_view reply) {
    const auto dialogue = make_http_dialogue(pages.front());
    std::string out;
    EXPECT_FALSE(dialogue->begin(out));
    EXPECT_EQ(dialogue->on_bytes(reply, out), success());
    return dialogue->leaves_connection();
  };
  EXPECT_TRUE(leaves("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_FALSE(leaves("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(leaves("HTTP/1.0 204 No Content\r\n\r\n"));
}

TEST(HttpDialogue, a_page_of_the_wanted_status_will_do) {
  EXPECT_EQ(Http({}).hear(whole), success());
  Http http({});
  EXPECT_FALSE(http.hear("HTTP/1.0 204 No Content\r\nServer: x\r\n"));
  EXPECT_EQ(http.hear("\r\n"), success());
}

TEST(HttpDialogue, may_come_byte_by_byte) {
  Http http({.digest = hello});
  for (const char c : whole.substr(0, whole.size() - 1)) ASSERT_FALSE(http.hear({&c, 1}));
  EXPECT_EQ(http.hear("o"), success());
}

TEST(HttpDialogue, without_a_length_the_end_is_the_end) {
  Http http({.digest = hello});
  EXPECT_FALSE(http.hear("HTTP/1.0 200 OK\r\n\r\nhel"));
  EXPECT_FALSE(http.hear("lo"));
  EXPECT_EQ(http.end(), success());
}

TEST(HttpDialogue, chunks_are_put_together) {
  Http http({.digest = hello});
  EXPECT_EQ(http.hear("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
            success());
}

TEST(HttpDialogue, another_status_is_a_failure_before_the_page_has_come) {
  Http http({});
  EXPECT_EQ(http.hear("HTTP/1.1 503 Away\r\nContent-Length: 100\r\n\r\n"), failed(Failure::http_status, "503"));
  EXPECT_EQ(text(Http({}).hear("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")), "status 302");
  EXPECT_EQ(Http({.status_codes = {{404, 404}, {500, 599}}}).hear("HTTP/1.1 502 B\r\nContent-Length: 0\r\n\r\n"),
            success());
}

TEST(HttpDialogue, an_interim_answer_is_not_the_answer) {  // RFC 9110, 15.2
  Http http({.digest = hello});
  EXPECT_FALSE(http.hear("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"));
  EXPECT_EQ(http.hear(whole), success());
}

TEST(HttpDialogue, another_digest_is_told) {
  Digest other = hello;
  other[0] = 0;
  EXPECT_EQ(text(Http({.digest = other}).hear(whole)), "another digest: 5d41402abc4b2a76b9719d911017c592");
}

TEST(HttpDialogue, a_page_of_json_says_what_it_should) {
  const auto judged = [](const std::string& page) {
    const config::CheckedPage wanted{.regex = config::PageRegex{.pattern = "}$"},
                                     .json = {{.pointer = "/status", .value = "ok"}}};
    return text(
        Http(wanted).hear("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page));
  };
  EXPECT_EQ(judged(R"({"status": "ok"})"), "success");
  EXPECT_EQ(judged(R"({"status": "starting"})"), "another value is at /status: \"starting\"");
  EXPECT_EQ(judged(R"({"status": "ok"} )"), "the page does not match the regex");  // both hold, or none does
  EXPECT_EQ(judged("{" + std::string(limits::json_bytes, ' ') + "}"), "the page is too long for JSON");
}

TEST(HttpDialogue, a_regex_searches_the_page) {
  EXPECT_EQ(Http(searching("h.l+o$")).hear(whole), success());
  EXPECT_EQ(Http(searching("^ello")).hear(whole), failed(Failure::http_no_match));
  config::CheckedPage page = searching("hello");
  page.regex->no_match = true;
  EXPECT_EQ(Http(page).hear(whole), failed(Failure::http_match));
}

TEST(HttpDialogue, offsets_bound_the_search) {
  config::CheckedPage page = searching("l");
  page.regex->min_offset = 4;
  EXPECT_EQ(Http(page).hear(whole), failed(Failure::http_no_match));
  page.regex->min_offset = 0;
  page.regex->max_offset = 1;
  EXPECT_EQ(Http(page).hear(whole), failed(Failure::http_no_match));
  page.regex->max_offset = 2;
  EXPECT_EQ(Http(page).hear(whole), success());
}

TEST(HttpDialogue, a_regex_that_is_none_never_passes) {
  const Step step = Http(searching("(")).hear(whole);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->failure, Failure::http_regex_invalid);
}

TEST(HttpDialogue, a_regex_may_not_take_for_ever) {
  const std::string page = std::string(200, 'a') + "b";
  Http http(searching("(a+)+$"));
  EXPECT_EQ(http.hear("HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page),
            failed(Failure::http_regex_limit));
}

TEST(HttpDialogue, a_page_that_a_regex_cannot_read_is_no_success) {
  config::CheckedPage page = searching("error");
  page.regex->options = {config::RegexOption::utf};
  page.regex->no_match = true;
  EXPECT_EQ(text(Http(page).hear("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n\xe9.")),
            "the regex cannot be used (UTF-8 error: 1 byte missing at end)");
  // A letter that is cut at the end of what is searched is no such page.
  const std::string long_page = std::string(limits::searched_bytes - 1, 'x') + "\u00e9";
  EXPECT_EQ(Http(page).hear("HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(long_page.size()) + "\r\n\r\n" +
                            long_page),
            success());
}

TEST(HttpDialogue, what_is_no_http_is_shown) {
  EXPECT_EQ(text(Http({}).hear("SSH-2.0-OpenSSH_9.2\r\n\r\n")), "the reply is no HTTP (SSH-2.0-OpenSSH_9.2)");
  EXPECT_THAT(text(Http({}).hear(std::string("\x16\x03\x01\x00\xff\x01\r\n\r\n", 10))), HasSubstr("no HTTP"));
}

TEST(HttpDialogue, a_header_without_end_is_a_failure) {
  Http http({});
  Step step = http.hear("HTTP/1.1 200 OK\r\n");
  for (int line = 0; !step && line < 100'000; ++line) step = http.hear("X-More: more and more and more\r\n");
  EXPECT_EQ(step, failed(Failure::http_header_too_long));
  Http one_line({});
  step = one_line.hear("HTTP/1.1 200 OK\r\nX: ");
  for (int piece = 0; !step && piece < 100'000; ++piece) step = one_line.hear("more and more");
  EXPECT_EQ(step, failed(Failure::http_header_too_long));
}

TEST(HttpDialogue, of_a_page_without_end_enough_is_enough) {
  const std::string piece(64 * 1024, 'x');
  Http unread({});
  Step step = unread.hear("HTTP/1.0 200 OK\r\n\r\n");
  for (int i = 0; !step && i < 1'000; ++i) step = unread.hear(piece);
  EXPECT_EQ(step, success());
  Http read({.digest = hello});
  step = read.hear("HTTP/1.0 200 OK\r\n\r\n");
  for (int i = 0; !step && i < 1'000; ++i) step = read.hear(piece);
  EXPECT_EQ(step, failed(Failure::reply_too_long));
}

TEST(HttpDialogue, an_early_end_is_a_failure) {
  Http http({});
  EXPECT_FALSE(http.hear("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"));
  EXPECT_EQ(http.end().failure, Failure::closed_early);
  EXPECT_EQ(sentence(Http({}).end()), "the connection was closed in the middle of the reply (nothing had come)");
}

// ---------------------------------------------------------------- SMTP

std::unique_ptr<Dialogue> smtp() {
  return make_smtp_dialogue({.helo_name = "lb.example.org"});
}

TEST(SmtpDialogue, greeting_helo_quit) {
  const auto dialogue = smtp();
  EXPECT_EQ(opening(*dialogue), "");
  std::string answer;
  EXPECT_FALSE(hear(*dialogue, "220-mail.example.org\r\n220 ESMTP\r\n", &answer));
  EXPECT_EQ(answer, "HELO lb.example.org\r\n");
  EXPECT_EQ(hear(*dialogue, "250 hello\r\n", &answer), success());
  EXPECT_EQ(answer, "QUIT\r\n");
}

TEST(SmtpDialogue, says_what_the_server_said) {
  EXPECT_EQ(text(hear(*smtp(), "554 go away\r\n")), "the mail server's greeting was: 554 go away");
  const auto dialogue = smtp();
  (void)hear(*dialogue, "220 hi\r\n");
  EXPECT_EQ(text(hear(*dialogue, "421 too busy\r\n")), "the mail server's answer to HELO was: 421 too busy");
  EXPECT_EQ(hear(*smtp(), "HTTP/1.1 400 Bad\r\n")->failure, Failure::smtp_malformed);
}

TEST(SmtpDialogue, lines_and_replies_end) {
  EXPECT_EQ(hear(*smtp(), std::string(limits::smtp_line + 1, '2')), failed(Failure::reply_too_long));
  const auto dialogue = smtp();
  Step step;
  for (int i = 0; !step && i < 10'000; ++i) step = hear(*dialogue, "220-and on\r\n");
  EXPECT_EQ(step, failed(Failure::reply_too_long));
}

TEST(SmtpDialogue, control_characters_of_strangers_do_not_reach_the_log) {
  EXPECT_THAT(text(hear(*smtp(), "554 \x1b[2Jx\r\n")), Not(HasSubstr("\x1b")));
}

// ---------------------------------------------------------------- DNS

class Dns {
 public:
  explicit Dns(const config::DnsCheck& check = {.type = config::DnsType::a, .name = "www.example.org"})
      : dialogue_(make_dns_dialogue(check, 0x1234)) {
    question = opening(*dialogue_);
  }

  // The question, turned into a reply.
  std::string reply(char code, char answers, std::string_view records) const {
    std::string message = question;
    message[2] = static_cast<char>(0x81);
    message[3] = static_cast<char>(static_cast<unsigned char>(0x80) | static_cast<unsigned char>(code));
    message[7] = answers;
    return message.append(records);
  }
  Step hear(std::string_view bytes) {
    std::string out;
    return dialogue_->on_bytes(bytes, out);
  }

  std::string question;

 private:
  std::unique_ptr<Dialogue> dialogue_;
};

const std::string record("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1", 16);

TEST(DnsDialogue, asks_one_question) {  // RFC 1035, 4.1
  EXPECT_EQ(Dns().question, std::string("\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\7example\3org\0\0\1\0\1", 33));
  EXPECT_EQ(Dns({.type = config::DnsType::soa, .name = "."}).question,
            std::string("\x12\x34\x01\0\0\1\0\0\0\0\0\0\0\0\6\0\1", 17));
}

TEST(DnsDialogue, a_record_will_do) {
  Dns dns;
  EXPECT_EQ(dns.hear(dns.reply(0, 1, record)), success());
}

TEST(DnsDialogue, codes_have_names) {
  Dns dns;
  EXPECT_EQ(text(dns.hear(dns.reply(3, 0, ""))), "the name server answered NXDOMAIN");
  Dns other;
  EXPECT_EQ(other.hear(other.reply(0, 0, "")), failed(Failure::dns_no_answer));
}

TEST(DnsDialogue, packets_of_others_are_let_pass_but_not_for_ever) {
  Dns dns;
  std::string foreign = dns.reply(0, 1, record);
  foreign[0] = 0;
  EXPECT_FALSE(dns.hear(foreign));
  EXPECT_EQ(dns.hear(dns.reply(0, 1, record)), success());
  Dns flooded;
  Step step;
  for (int i = 0; !step && i < 1'000; ++i) step = flooded.hear(foreign);
  EXPECT_TRUE(step && !step->is_success());
}

TEST(DnsDialogue, a_name_that_points_to_itself_is_not_followed) {
  Dns dns;
  EXPECT_TRUE(dns.hear(dns.reply(0, 1, std::string("\xc0\x21\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1", 16))));
}

TEST(DnsDialogue, every_cut_is_malformed_or_no_answer) {
  const Dns asked;
  const std::string whole_reply = asked.reply(0, 1, record);
  for (std::size_t size = 0; size < whole_reply.size(); ++size) {
    Dns dns;
    const Step step = dns.hear(std::string_view(whole_reply).substr(0, size));
    EXPECT_TRUE(step && step->failure == Failure::dns_malformed) << size;
  }
}

// ---------------------------------------------------------------- UDP, ping

TEST(UdpDialogue, silence_is_success_where_no_reply_is_required) {
  const auto dialogue = make_udp_dialogue({.payload = {1, 2, 3}}, 0);
  EXPECT_EQ(opening(*dialogue), "\1\2\3");
  EXPECT_EQ(dialogue->on_silence(), success());
  EXPECT_EQ(make_udp_dialogue({.requires_reply = true}, 0)->on_silence(), failed(Failure::reply_timeout));
}

TEST(UdpDialogue, without_a_payload_something_is_sent) {
  EXPECT_EQ(opening(*make_udp_dialogue({}, 0x4142434445464748)), "ABCDEFGH");
}

TEST(UdpDialogue, a_reply_is_compared_as_far_as_both_go) {
  const config::UdpCheck check{.requires_reply = true,
                               .reply = {{.value = 0x41}, {.value = 0x40, .mask = 0xf0}},
                               .min_reply_bytes = 1,
                               .max_reply_bytes = 3};
  EXPECT_EQ(hear(*make_udp_dialogue(check, 0), "AB"), success());
  EXPECT_EQ(hear(*make_udp_dialogue(check, 0), "A"), success());
  EXPECT_EQ(hear(*make_udp_dialogue(check, 0), "ABx"), success());
  EXPECT_EQ(text(hear(*make_udp_dialogue(check, 0), "Ax")), "another reply than was wanted (byte 2 is 78)");
  EXPECT_EQ(text(hear(*make_udp_dialogue(check, 0), "ABxx")), "the reply has the wrong length: 4 bytes");
  EXPECT_FALSE(hear(*make_udp_dialogue(check, 0), "")->is_success());
}

TEST(PingDialogue, an_echo_reply_with_our_number_will_do) {
  const auto dialogue = make_ping_dialogue(Family::ipv4, 0x4142434445464748);
  std::string packet = opening(*dialogue);
  EXPECT_EQ(packet, std::string("\x08\0\0\0\0\0\0\1", 8) + "ABCDEFGH");
  EXPECT_FALSE(hear(*dialogue, packet));  // a request
  packet[0] = 0;
  packet[15] = 'x';
  EXPECT_FALSE(hear(*dialogue, packet));
  packet[15] = 'H';
  EXPECT_EQ(hear(*dialogue, packet), success());
}

// ---------------------------------------------------------------- sentences

TEST(Outcome, every_failure_has_a_name_and_a_sentence_of_its_own) {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (std::size_t i = 0; i < failure_count; ++i) {
    names.emplace(name(static_cast<Failure>(i)));
    sentences.insert(sentence({.failure = static_cast<Failure>(i)}));
  }
  EXPECT_EQ(names.size(), failure_count);
  EXPECT_EQ(sentences.size(), failure_count);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace baton::health
