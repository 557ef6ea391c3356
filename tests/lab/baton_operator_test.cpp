// What an operator asks: status, why, events, handover, watch; answered by Batons that run.
#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "served_pair.h"

namespace baton::lab {
namespace {

using nlohmann::json;

class BatonOperator : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = "vrrp_script chk {\n  script \"/usr/bin/test ! -e /run/lab/broken\"\n  interval 1\n  timeout 10\n  "
                  "fall 1\n"
                  "  rise 1\n  weight -150\n}\n",
          .extra = "  track_script {\n    chk\n  }\n"});
  }
  // A backup that has just started takes nothing over yet.
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return says(web2, "status --brief", "1 BACKUP"); })) << pair().log();
  }
  static json asked(NodeId node, const std::string& arguments) {
    const auto said = baton(node, arguments);
    return said ? json::parse(said->text, nullptr, false) : json();
  }
  static bool says(NodeId node, const std::string& arguments, std::string_view text) {
    const auto said = baton(node, arguments);
    return said && said->code == 0 && said->text.contains(text);
  }
};

TEST_F(BatonOperator, why_says_who_is_master_and_what_would_change_it) {
  EXPECT_TRUE(
      wait([] { return says(web1, "why", "gives it up to a backup above 50 when chk fails: 200 - 150 = 50"); }));
  EXPECT_TRUE(says(web2, "why VI_1", "takes over when 10.0.20.14 announces less than 100"));
  EXPECT_TRUE(says(web2, "why VI_1", "takes over when 10.0.20.14 is silent for 3.6 s"));
  write_file(web1, "/run/lab/broken", "");
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(says(web1, "why VI_1", "takes over when chk works again: 200 > 100"));
  EXPECT_TRUE(says(web1, "why VI_1", "chk is down: ")) << asked(web1, "why --json");
  ASSERT_EQ(unlink(lab().machine(web1).outside_path("/run/lab/broken").c_str()), 0);
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  const auto nobody = baton(web1, "why VI_9");
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->code, 3) << nobody->text;
}

TEST_F(BatonOperator, status_is_a_line_an_instance_or_all_of_one) {
  EXPECT_TRUE(says(web1, "status --brief", "1 instance: 1 MASTER"));
  EXPECT_EQ(asked(web1, "status VI_1 --json").value("state", ""), "MASTER");
}

TEST_F(BatonOperator, handover_of_all_waits_until_the_peer_has_them) {
  const json there = asked(web1, "handover --all --json");
  EXPECT_EQ(there.value("/moved/0/to"_json_pointer, ""), "10.0.20.15") << there;
  EXPECT_TRUE(wait([] { return pair().owners() == std::set<NodeId>{web2}; })) << pair().log();
  const json back = asked(web2, "handover VI_1 --json");
  EXPECT_EQ(back.value("/moved/0/to"_json_pointer, ""), "10.0.20.14") << back;
}

TEST_F(BatonOperator, handover_that_nobody_takes_is_a_failure_and_says_so) {
  stop_daemon(web2);
  const auto said = baton(web1, "handover VI_1");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 1) << said->text;
  EXPECT_TRUE(said->text.contains("no backup took over")) << said->text;
}

// Each event once, over a reload in between, which cuts every listener off.
TEST_F(BatonOperator, events_are_followed_over_a_reload) {
  Pair::expect_done(lab().start_program(
      web1, {"sh", "-c", fmt::format("exec {} events --follow --json >/run/lab/followed", BATON_PROGRAM)}));
  const auto followed = [] {
    std::vector<std::string> states;
    std::istringstream lines(read_file(web1, "/run/lab/followed"));
    for (std::string line; std::getline(lines, line);) {
      const json event = json::parse(line, nullptr, false);
      if (event.is_object()) states.push_back(event.value("event", "") + event.value("state", ""));
    }
    return states;
  };
  const auto history = [] {
    std::vector<std::string> states;
    const auto said = baton(web1, "events --json");
    std::istringstream lines(said ? said->text : "");
    for (std::string line; std::getline(lines, line);) {
      const json event = json::parse(line, nullptr, false);
      if (event.is_object()) states.push_back(event.value("event", "") + event.value("state", ""));
    }
    return states;
  };
  EXPECT_EQ(asked(web1, "handover VI_1 --json").value("/moved/0/instance"_json_pointer, ""), "VI_1");
  const pid_t before = worker(web1);
  reload(web1, pair_config(web1, options()));
  ASSERT_TRUE(wait_for_other_worker(web1, before));
  EXPECT_EQ(asked(web2, "handover VI_1 --json").value("/moved/0/instance"_json_pointer, ""), "VI_1");
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(wait([&] { return !history().empty() && followed() == history(); }))
      << testing::PrintToString(followed()) << testing::PrintToString(history()) << pair().log();
}

// baton in a terminal of its own: keys in, screen out.
class Terminal {
 public:
  explicit Terminal(std::vector<std::string> arguments) {
    winsize size{.ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int master = -1;
    child_ = ::forkpty(&master, nullptr, nullptr, &size);
    if (child_ == 0) {
      std::vector<char*> vector;
      for (std::string& each : arguments) vector.push_back(each.data());
      vector.push_back(nullptr);
      ::setenv("TERM", "xterm", 1);
      ::execv(vector[0], vector.data());
      ::_exit(127);
    }
    master_ = UniqueFd(master);
    (void)::fcntl(master, F_SETFL, O_NONBLOCK);
  }
  ~Terminal() {
    if (child_ > 0 && !status_) (void)::kill(child_, SIGKILL);
    if (child_ > 0 && !status_) (void)::waitpid(child_, nullptr, 0);
  }
  void type(std::string_view keys) const { (void)!::write(master_.get(), keys.data(), keys.size()); }
  // All that was drawn until now.
  const std::string& drawn() {
    std::array<char, 4096> buffer;
    for (ssize_t count = 0; (count = ::read(master_.get(), buffer.data(), buffer.size())) > 0;) {
      drawn_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return drawn_;
  }
  std::optional<int> exit_status() {
    int status = 0;
    if (!status_ && ::waitpid(child_, &status, WNOHANG) == child_) status_ = WEXITSTATUS(status);
    return status_;
  }

 private:
  pid_t child_ = -1;
  UniqueFd master_;
  std::string drawn_;
  std::optional<int> status_;
};

TEST_F(BatonOperator, watch_shows_hands_over_and_gives_the_terminal_back) {
  Terminal terminal({BATON_PROGRAM, "watch", "--socket", lab().machine(web1).outside_path("/run/baton/control.sock")});
  const auto shows = [&](std::string_view text) { return wait([&] { return terminal.drawn().contains(text); }); };
  ASSERT_TRUE(shows("this node")) << terminal.drawn();
  terminal.type("\r");
  EXPECT_TRUE(shows("what would change it")) << terminal.drawn();
  terminal.type("q");
  terminal.type("h");
  EXPECT_TRUE(shows("hand over VI_1? y/n")) << terminal.drawn();
  terminal.type("y");
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(shows("10.0.20.15")) << terminal.drawn();
  stop_daemon(web1);
  EXPECT_TRUE(shows("no answer since")) << terminal.drawn();
  terminal.type("q");
  EXPECT_TRUE(wait([&] { return terminal.exit_status().has_value(); })) << terminal.drawn();
  EXPECT_EQ(terminal.exit_status(), 0);
  EXPECT_TRUE(shows("\x1b[?1049l")) << "the screen from before";
}

}  // namespace
}  // namespace baton::lab
