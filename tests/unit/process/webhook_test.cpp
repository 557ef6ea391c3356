// Webhooks to a real HTTP and HTTPS server (python's) on loopback.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* token = "c0ffee-token";

enum class Security { plain, tls };

class Receiver {
 public:
  explicit Receiver(Security security = Security::plain) : security_(security) {
    if (security == Security::tls) make_certificate();
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd child_end(ends[0]);
    stdin_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(child_end.get(), 0);
      const std::string script = std::string(BATON_SOURCE_DIR) + "/tests/unit/process/webhook_server.py";
      ::execl("/usr/bin/python3", "python3", script.c_str(), folder_.file(".").c_str(),
              security == Security::tls ? "tls" : "plain", nullptr);
      ::_exit(127);
    }
    EXPECT_TRUE(eventually([&] { return !folder_.text("port").empty(); }));
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver() {
    stdin_.reset();
    if (!eventually([&] { return ::waitpid(pid_, nullptr, WNOHANG) != 0; }, 10s)) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  notify::Webhook webhook(const std::string& path, std::string name = "ops") const {
    std::string port = folder_.text("port");
    port.pop_back();
    return {.name = std::move(name),
            .url = std::string(security_ == Security::tls ? "https" : "http") + "://127.0.0.1:" + port + path,
            .headers = {std::string("Authorization: Bearer ") + token},
            .states = notify::all_states};
  }
  std::string certificate() const { return folder_.file("cert.pem"); }
  // Waits for request number `index`.
  std::string post(int index) const {
    EXPECT_TRUE(eventually([&] { return has(index); }));
    return folder_.text("post." + std::to_string(index));
  }
  bool has(int index) const { return std::filesystem::exists(folder_.file("post." + std::to_string(index))); }

 private:
  void make_certificate() const {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout " +
        folder_.file("key.pem") + " -out " + folder_.file("cert.pem") + " 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0);
  }

  Security security_;
  Folder folder_;
  UniqueFd stdin_;
  pid_t pid_ = -1;
};

TellWebhooks news(std::uint32_t priority) {
  return {.news = {.node = "web1", .name = "VI_1", .state = notify::EventState::master, .priority = priority}};
}

void set(RunnerBench& bench, const std::vector<notify::Webhook>& webhooks) {
  const auto messages = encode_webhooks(webhooks);
  for (const Bytes& bytes : *messages) bench.send_bytes(bytes);
}

bool counted(RunnerBench& bench, std::uint64_t RunnerCounters::* counter, std::uint64_t number) {
  return bench.next<RunnerCounters>(patience, [&](const RunnerCounters& c) { return c.*counter == number; })
      .has_value();
}

std::string priority_text(int priority) {
  return "\"priority\": " + std::to_string(priority);
}

TEST(Webhook, is_told_once_and_in_order_with_its_headers) {
  const Receiver receiver;
  RunnerBench bench;
  set(bench, {receiver.webhook("/ok")});
  for (std::uint32_t i = 1; i <= 5; ++i) bench.send(news(i));
  for (int i = 0; i < 5; ++i) EXPECT_THAT(receiver.post(i), HasSubstr(priority_text(i + 1)));
  EXPECT_THAT(receiver.post(0), HasSubstr(R"("Content-Type": "application/json")"));
  EXPECT_THAT(receiver.post(0), HasSubstr(R"("Authorization": "Bearer c0ffee-token")"));
  EXPECT_TRUE(counted(bench, &RunnerCounters::webhooks_sent, 5));
  EXPECT_FALSE(receiver.has(5));
}

TEST(Webhook, news_are_done_when_the_last_of_all_webhooks_has_had_them) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook other = receiver.webhook("/ok");
  other.name = "other";
  set(bench, {receiver.webhook("/ok"), other});
  TellWebhooks numbered = news(1);
  numbered.number = 5;
  bench.send(numbered);
  EXPECT_EQ(bench.next<NewsDone>(), NewsDone{{5}});
  EXPECT_TRUE(receiver.has(1));
  TellWebhooks unwanted = news(2);
  unwanted.number = 6;
  unwanted.news.state = notify::EventState::deleted;
  set(bench, {});
  bench.send(unwanted);
  EXPECT_EQ(bench.next<NewsDone>(), NewsDone{{6}});
}

TEST(Webhook, hears_of_the_states_it_wants) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook faults = receiver.webhook("/ok");
  faults.states = notify::bit(notify::EventState::fault);
  set(bench, {faults});
  bench.send(news(1));
  TellWebhooks fault = news(2);
  fault.news.state = notify::EventState::fault;
  bench.send(fault);
  EXPECT_THAT(receiver.post(0), HasSubstr(R"("state": "FAULT")"));
}

TEST(Webhook, over_tls_with_a_certificate_of_ones_own) {
  const Receiver receiver(Security::tls);
  RunnerBench bench;
  notify::Webhook secure = receiver.webhook("/ok");
  secure.ca_file = receiver.certificate();
  set(bench, {secure});
  bench.send(news(1));
  EXPECT_THAT(receiver.post(0), HasSubstr(priority_text(1)));
}

TEST(Webhook, a_certificate_that_nobody_vouches_for_is_told_nothing) {
  const Receiver receiver(Security::tls);
  RunnerBench bench;
  set(bench, {receiver.webhook("/ok")});
  bench.send(news(1));
  const auto event = bench.event("certificate");
  ASSERT_TRUE(event);
  EXPECT_THAT(event->text, HasSubstr("webhook ops: given up after 1 attempt: "));
  EXPECT_TRUE(counted(bench, &RunnerCounters::webhooks_failed, 1));
  EXPECT_FALSE(receiver.has(0));
}

TEST(Webhook, a_failure_of_the_server_is_tried_again_before_the_next) {
  const Receiver receiver;
  RunnerBench bench;
  set(bench, {receiver.webhook("/once-1")});
  bench.send(news(1));
  bench.send(news(2));
  const auto event = bench.event("trying again");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->text, "webhook ops: it answers with status 500; trying again");
  EXPECT_THAT(receiver.post(1), HasSubstr(priority_text(1)));
  EXPECT_THAT(receiver.post(2), HasSubstr(priority_text(2)));
}

TEST(Webhook, is_given_up_after_its_retries_and_the_next_message_tells_it) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook webhook = receiver.webhook("/fails");
  webhook.retries = 1;
  set(bench, {webhook});
  bench.send(news(1));
  const auto event = bench.event("given up after 2 attempts: it answers with status 500");
  ASSERT_TRUE(event);
  EXPECT_THAT(event->text, Not(HasSubstr(token)));
  webhook.url = receiver.webhook("/ok").url;
  set(bench, {webhook});  // a reload
  bench.send(news(2));
  EXPECT_THAT(receiver.post(2), HasSubstr(R"("lost": 1)"));
}

TEST(Webhook, a_refusal_is_final) {
  const Receiver receiver;
  RunnerBench bench;
  set(bench, {receiver.webhook("/refuses")});
  bench.send(news(1));
  EXPECT_TRUE(bench.event("given up after 1 attempt: it answers with status 400"));
}

TEST(Webhook, a_redirect_is_not_followed) {
  const Receiver receiver;
  RunnerBench bench;
  set(bench, {receiver.webhook("/moved")});
  bench.send(news(1));
  EXPECT_TRUE(bench.event("status 307, a redirect, which is not followed"));
  EXPECT_FALSE(receiver.has(1));
}

TEST(Webhook, an_answer_without_end_is_cut_off) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook webhook = receiver.webhook("/floods");
  webhook.timeout = 60s;
  set(bench, {webhook});
  bench.send(news(1));
  EXPECT_TRUE(counted(bench, &RunnerCounters::webhooks_sent, 1));
}

TEST(Webhook, nobody_listens) {
  RunnerBench bench;
  set(bench, {{.name = "ops", .url = "http://127.0.0.1:1/c0ffee-token", .states = notify::all_states}});
  bench.send(news(1));
  const auto event = bench.event("trying again");
  ASSERT_TRUE(event);
  EXPECT_THAT(event->text, Not(HasSubstr(token)));
}

TEST(Webhook, one_that_hangs_holds_up_no_other_and_no_script) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook hanging = receiver.webhook("/hangs", "hanging");
  hanging.timeout = 60s;
  set(bench, {hanging, receiver.webhook("/ok")});
  bench.send(news(1));
  EXPECT_THAT(receiver.post(0) + receiver.post(1), HasSubstr("/ok"));
  bench.send(Notify{.key = "k", .rules = {}, .commands = {command({"true"})}, .deadline = 5s});
  EXPECT_TRUE(bench.next<NotifyFinished>());
  EXPECT_TRUE(counted(bench, &RunnerCounters::webhooks_sent, 1));
}

TEST(Webhook, no_attempt_outlasts_its_timeout) {
  const Receiver receiver;
  RunnerBench bench;
  notify::Webhook hanging = receiver.webhook("/hangs");
  hanging.timeout = 100ms;
  set(bench, {hanging});
  bench.send(news(1));
  EXPECT_TRUE(bench.event("timed out after"));
}

TEST(Webhook, a_flood_keeps_the_latest) {
  RunnerBench bench;
  set(bench, {{.name = "ops", .url = "http://127.0.0.1:1/", .states = notify::all_states}});
  for (std::uint32_t i = 0; i < 300; ++i) bench.send(news(i));
  EXPECT_TRUE(bench.event("more than 200 wait for it"));
  EXPECT_TRUE(counted(bench, &RunnerCounters::webhooks_dropped, 100));
}

TEST(Webhook, what_waits_for_one_that_a_reload_takes_out_is_dropped_and_said) {
  RunnerBench bench;
  set(bench, {{.name = "ops", .url = "http://127.0.0.1:1/", .states = notify::all_states}});
  bench.send(news(1));
  EXPECT_TRUE(bench.event("trying again"));
  set(bench, {});
  EXPECT_TRUE(bench.event("webhook ops: it was removed, and 1 that it had not been told are dropped"));
}

TEST(Webhook, the_last_word_of_a_daemon_that_stops_is_told) {
  const Receiver receiver;
  RunnerBench bench;
  set(bench, {receiver.webhook("/ok")});
  TellWebhooks last = news(1);
  last.news.state = notify::EventState::stop;
  bench.send(last);
  bench.send(Stop{.bound = 10s});
  EXPECT_TRUE(bench.next<Stopped>(patience, [](const Stopped& stopped) { return stopped.abandoned == 0; }));
  EXPECT_THAT(receiver.post(0), HasSubstr(R"("state": "STOP")"));
}

}  // namespace
}  // namespace baton::process
