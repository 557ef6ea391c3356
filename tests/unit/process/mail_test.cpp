// Mail to a real server (aiosmtpd) on loopback.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

enum class Security { plain, starttls };

class MailServerProcess {
 public:
  explicit MailServerProcess(Security security) {
    if (security == Security::starttls) make_certificate();
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd child_end(ends[0]);
    stdin_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(child_end.get(), 0);
      const std::string script = std::string(BATON_SOURCE_DIR) + "/tests/unit/process/mail_server.py";
      ::execl("/usr/bin/python3", "python3", script.c_str(), folder_.file(".").c_str(),
              security == Security::starttls ? "starttls" : "plain", nullptr);
      ::_exit(127);
    }
    EXPECT_TRUE(eventually([&] { return !folder_.text("port").empty(); }));
  }
  MailServerProcess(const MailServerProcess&) = delete;
  MailServerProcess& operator=(const MailServerProcess&) = delete;
  ~MailServerProcess() {
    stdin_.reset();
    if (!eventually([&] { return ::waitpid(pid_, nullptr, WNOHANG) != 0; }, 10s)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  notify::MailServer settings() const {
    notify::MailServer server;
    server.host = "127.0.0.1";
    server.port = static_cast<std::uint16_t>(std::stoi(folder_.text("port")));
    server.helo_name = "web1.example.org";
    server.connect_timeout = 5s;
    return server;
  }
  std::string certificate() const { return folder_.file("cert.pem"); }
  // Waits for mail number `index`.
  std::string mail(int index) const {
    const std::string name = "mail." + std::to_string(index);
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(folder_.file(name)); }));
    return folder_.text(name);
  }

 private:
  void make_certificate() const {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder_.file("key.pem") + " -out " + folder_.file("cert.pem") + " 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0);
  }

  Folder folder_;
  UniqueFd stdin_;
  pid_t pid_ = -1;
};

SendMail order(const notify::MailServer& server,
               std::vector<std::string> to = {"ops@example.org", "boss@example.org"}) {
  return {.server = server,
          .mail = {.from = "Baton <baton@example.org>",
                   .to = std::move(to),
                   .subject = "[web1] VRRP Instance VI_1 - Entering MASTER state",
                   .body = "=> one line <=\n.\n"}};
}

TEST(Mail, arrives_with_envelope_headers_and_body) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(server.settings()));
  const std::string mail = server.mail(0);
  EXPECT_THAT(mail, HasSubstr(R"("helo": "web1.example.org", "from": "baton@example.org")"));
  EXPECT_THAT(mail, HasSubstr(R"("to": ["ops@example.org", "boss@example.org"], "tls": false, "login": false)"));
  EXPECT_THAT(mail, HasSubstr("\r\nSubject: [web1] VRRP Instance VI_1 - Entering MASTER state\r\n"));
  EXPECT_THAT(mail, HasSubstr("To: ops@example.org,\r\n boss@example.org\r\n\r\n=> one line <=\r\n.\r\n"));
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.mails_sent == 1; }));
}

TEST(Mail, is_done_when_it_was_sent_or_refused) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  SendMail good = order(server.settings());
  good.number = 5;
  bench.send(good);
  EXPECT_EQ(bench.next<NewsDone>(), NewsDone{{5}});
  SendMail refused = order(server.settings(), {"refused@example.org"});
  refused.number = 6;
  bench.send(refused);
  EXPECT_EQ(bench.next<NewsDone>(), NewsDone{{6}});
}

TEST(Mail, several_arrive_in_order_each_on_a_connection_of_its_own) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  for (int i = 0; i < 5; ++i) {
    SendMail numbered = order(server.settings());
    numbered.mail.subject = "number " + std::to_string(i);
    bench.send(numbered);
  }
  for (int i = 0; i < 5; ++i) EXPECT_THAT(server.mail(i), HasSubstr("number " + std::to_string(i) + "\r\n"));
}

TEST(Mail, starttls_and_login) {
  const MailServerProcess server(Security::starttls);
  RunnerBench bench;
  SendMail secure = order(server.settings());
  secure.server.security = notify::MailSecurity::starttls;
  secure.server.user = "user";
  secure.server.password = "secret";
  secure.server.ca_file = server.certificate();
  bench.send(secure);
  EXPECT_THAT(server.mail(0), HasSubstr(R"("tls": true, "login": true)"));
}

TEST(Mail, a_certificate_that_nobody_vouches_for_gets_no_password) {
  const MailServerProcess server(Security::starttls);
  RunnerBench bench;
  SendMail secure = order(server.settings());
  secure.server.security = notify::MailSecurity::starttls;
  secure.server.user = "user";
  secure.server.password = "secret";
  bench.send(secure);
  EXPECT_TRUE(bench.event("certificate"));
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.mails_failed == 1; }));
}

TEST(Mail, a_refusal_is_told_in_the_servers_words_and_is_final) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(server.settings(), {"refused@example.org"}));
  const auto event = bench.event("nobody of that name lives here");
  ASSERT_TRUE(event);
  EXPECT_THAT(event->text, HasSubstr("mail \"[web1] VRRP Instance VI_1 - Entering MASTER state\" to 127.0.0.1:"));
  EXPECT_THAT(event->text, ::testing::Not(HasSubstr("trying again")));
}

TEST(Mail, one_refused_recipient_does_not_cost_the_others_their_mail) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(server.settings(), {"refused@example.org", "ops@example.org"}));
  EXPECT_THAT(server.mail(0), HasSubstr(R"("to": ["ops@example.org"])"));
}

TEST(Mail, a_temporary_failure_is_tried_again) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(server.settings(), {"later@example.org"}));
  EXPECT_TRUE(bench.event("come back later; trying again"));
  EXPECT_TRUE(bench.event("come back later; trying again"));
}

TEST(Mail, a_refusal_of_something_else_does_not_make_a_broken_connection_final) {
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(server.settings(), {"refused@example.org", "breaks@example.org"}));
  const auto event = bench.event("not sent");
  ASSERT_TRUE(event);
  EXPECT_THAT(event->text, HasSubstr("trying again"));
  EXPECT_THAT(event->text, ::testing::Not(HasSubstr("the server says")));
}

TEST(Mail, at_a_stop_those_behind_one_that_waits_are_tried) {
  notify::MailServer nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  const MailServerProcess server(Security::plain);
  RunnerBench bench;
  bench.send(order(nobody));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(bench.event("trying again"));  // the next time in half a minute
  bench.send(order(server.settings()));
  bench.send(Stop{.bound = 20s});
  const auto stopped = bench.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->abandoned, 0U);
  EXPECT_THAT(server.mail(0), HasSubstr("ops@example.org"));
}

TEST(Mail, nobody_listens_and_the_others_are_not_held_up_by_it) {
  notify::MailServer nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  RunnerBench bench;
  bench.send(order(nobody));
  EXPECT_TRUE(bench.event("trying again"));
  bench.send(Notify{.key = "k", .rules = {}, .commands = {command({"true"})}, .deadline = 5s});
  EXPECT_TRUE(bench.next<NotifyFinished>());
}

TEST(Mail, a_flood_keeps_the_latest) {
  notify::MailServer nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  RunnerBench bench;
  for (int i = 0; i < 300; ++i) bench.send(order(nobody));
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.mails_dropped == 99; }));
}

}  // namespace
}  // namespace baton::process
