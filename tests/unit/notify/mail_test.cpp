#include "notify/mail.h"

#include <gtest/gtest.h>

namespace baton::notify {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t unix_seconds) {
  return WallTime(std::chrono::seconds(unix_seconds));
}

const Mail mail{.from = "baton@example.org",
                .to = {"ops@example.org", "boss@example.org"},
                .subject = "[web1] VRRP Instance VI_1 - Entering MASTER state",
                .body = "=> one line <=\n"};

TEST(MailText, has_the_headers_in_order_with_a_folded_to) {
  EXPECT_EQ(mail_text(mail, at(1'748'934'487), 120min),
            "Date: Tue, 03 Jun 2025 09:08:07 +0200\r\n"
            "From: baton@example.org\r\n"
            "Subject: [web1] VRRP Instance VI_1 - Entering MASTER state\r\n"
            "X-Mailer: Baton\r\n"
            "To: ops@example.org,\r\n boss@example.org\r\n"
            "\r\n"
            "=> one line <=\r\n");
}

TEST(MailText, a_zone_west_of_greenwich_may_be_the_day_before) {  // 1970-01-01 was a Thursday
  EXPECT_TRUE(mail_text(mail, at(0), -210min).starts_with("Date: Wed, 31 Dec 1969 20:30:00 -0330\r\n"));
}

TEST(MailText, a_line_end_in_a_value_cannot_add_a_header) {
  Mail evil = mail;
  evil.subject = "hello\r\nBcc: everybody@example.org";
  EXPECT_NE(mail_text(evil, at(0), 0min).find("Subject: hello  Bcc: everybody@example.org\r\n"), std::string::npos);
}

TEST(MailText, body_lines_end_with_crlf_however_they_were_written) {
  Mail lines = mail;
  lines.body = "a\nb\r\nc\rd";
  EXPECT_TRUE(mail_text(lines, at(0), 0min).ends_with("\r\n\r\na\r\nb\r\nc\r\nd\r\n"));
}

}  // namespace
}  // namespace baton::notify
