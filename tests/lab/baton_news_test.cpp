// Whom Baton tells what, and what it is told: notify scripts, FIFO and mail, and a track script that is woken.
#include <gmock/gmock.h>

#include <sstream>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// The script of a state takes its time, so that one that does not wait for it overtakes.
constexpr std::string_view tell_script = R"(#!/bin/sh
[ "$1" = any ] || sleep 0.1
echo "$*" >>/run/lab/told
)";

constexpr std::string_view mail_server = R"(
import signal
from aiosmtpd.controller import Controller

class Keep:
    async def handle_DATA(self, server, session, envelope):
        with open('/run/lab/mails', 'a') as file:
            file.write(f'{envelope.mail_from} {envelope.rcpt_tos}\n{envelope.content.decode()}\n')
        return '250 kept'

Controller(Keep(), hostname='127.0.0.1', port=2525).start()
open('/run/lab/mail.ready', 'w').close()
signal.pause()
)";

// The check runs at the start and then not again while a test lasts: what happens meanwhile is the wake-up.
constexpr std::string_view globals = R"(
global_defs {
  router_id web
  script_user root
  notification_email {
    ops@example.org
    boss@example.org
  }
  notification_email_from baton@example.org
  smtp_server 127.0.0.1 2525
  vrrp_notify_fifo /run/lab/fifo
}
vrrp_script chk_nginx {
  script "killall -0 nginx"
  interval 300
  weight -150
}
)";

constexpr std::string_view hooks = R"(
  notify_master "/run/lab/tell master"
  notify_backup "/run/lab/tell backup"
  notify_fault "/run/lab/tell fault"
  notify_stop "/run/lab/tell stop"
  notify "/run/lab/tell any"
  smtp_alert
  track_script {
    chk_nginx
  }
)";

class BatonNews : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.has_web = true, .head = std::string(globals), .extra = std::string(hooks), .prepare = prepare});
  }
  static void prepare(Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      const auto write = [&](const std::string& name, std::string_view text) {
        const std::string path = lab.machine(node).outside_path("/run/lab/" + name);
        std::ofstream(path) << text;
        EXPECT_EQ(chmod(path.c_str(), 0755), 0);
      };
      write("tell", tell_script);
      write("mail.py", mail_server);
      // Opened for both directions, so that it does not end with the last writer.
      Pair::expect_done(lab.start_program(
          node, {"sh", "-c", "mkfifo -m 600 /run/lab/fifo; exec cat <>/run/lab/fifo >>/run/lab/heard"}));
      Pair::expect_done(lab.start_program(node, {"/usr/bin/python3", "/run/lab/mail.py"}));
      const std::string ready = lab.machine(node).outside_path("/run/lab/mail.ready");
      EXPECT_TRUE(lab.wait_until([&] { return access(ready.c_str(), F_OK) == 0; }, 20s));
    }
  }
  // What the test before caused has been told.
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([&] {
      return was_told_last(web1, "any INSTANCE VI_1 MASTER 200") && was_told_last(web2, "any INSTANCE VI_1 BACKUP 100");
    })) << pair().log();
  }
  static bool was_told_last(NodeId node, std::string_view text) {
    const auto told = lines(node, "/run/lab/told");
    return !told.empty() && told.back() == text;
  }
  static std::vector<std::string> lines(NodeId node, const std::string& file) {
    std::istringstream text(read_file(node, file));
    std::vector<std::string> found;
    for (std::string line; std::getline(text, line);) found.push_back(line);
    return found;
  }
  static std::vector<std::string> wait_for_lines(NodeId node, const std::string& file, std::size_t count) {
    EXPECT_TRUE(wait([&] { return lines(node, file).size() >= count; })) << pair().log();
    return lines(node, file);
  }
  static void forget(NodeId node) {
    for (const char* file : {"/run/lab/told", "/run/lab/heard", "/run/lab/mails"}) write_file(node, file, "");
  }
};

TEST_F(BatonNews, a_start_and_a_stop_are_told_in_order_to_scripts_fifo_and_by_mail) {
  stop_daemon(web1);
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  forget(web1);
  Pair::expect_done(lab().start_daemon(web1));
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 4),
              ElementsAre("backup", "any INSTANCE VI_1 BACKUP 200", "master", "any INSTANCE VI_1 MASTER 200"));
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/heard", 2),
              ElementsAre("INSTANCE \"VI_1\" BACKUP 200", "INSTANCE \"VI_1\" MASTER 200"));
  const auto mails = [] { return read_file(web1, "/run/lab/mails"); };
  EXPECT_TRUE(wait([&] { return mails().contains("Entering MASTER state"); })) << mails() << pair().log();
  EXPECT_THAT(mails(), HasSubstr("baton@example.org ['ops@example.org', 'boss@example.org']"));
  EXPECT_THAT(mails(), HasSubstr("Subject: [web] VRRP Instance VI_1 - Entering MASTER state"));
  EXPECT_THAT(mails(), HasSubstr("Subject: [web] VRRP Instance VI_1 - Entering BACKUP state"));

  forget(web1);
  stop_daemon(web1);
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 2), ElementsAre("stop", "any INSTANCE VI_1 STOP 200"));
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/heard", 1), ElementsAre("INSTANCE \"VI_1\" STOP 200"));
}

TEST_F(BatonNews, nginx_that_stops_moves_the_address_long_before_the_check_is_due) {
  forget(web1);
  forget(web2);
  Pair::expect_done(lab().stop_web(web1));
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 2), ElementsAre("backup", "any INSTANCE VI_1 BACKUP 50"));
  EXPECT_THAT(wait_for_lines(web2, "/run/lab/told", 2), ElementsAre("master", "any INSTANCE VI_1 MASTER 100"));
  const auto ours = status(web1);
  EXPECT_EQ(ours.value("/scripts/0/status"_json_pointer, ""), "down");
  EXPECT_EQ(ours.value("/instances/0/priority/effective"_json_pointer, 0), 50);
  EXPECT_EQ(ours.value("/instances/0/priority/parts/1/name"_json_pointer, ""), "chk_nginx");
  EXPECT_EQ(ours.value("/instances/0/priority/parts/1/amount"_json_pointer, 0), -150);
  Pair::expect_done(lab().start_web(web1));
  start_anew(web1);  // the check finds nginx again only when it is due
}

// It stands still when it is told, so that what it was told dies with it.
TEST_F(BatonNews, what_a_dead_runner_has_not_done_is_told_to_the_next) {
  forget(web1);
  signal(web1, Role::runner, SIGSTOP);
  Pair::expect_done(lab().set_carrier(web1, "ens33", false));
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  signal(web1, Role::runner, SIGKILL);
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 2), ElementsAre("fault", "any INSTANCE VI_1 FAULT 200"));
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/heard", 1), ElementsAre("INSTANCE \"VI_1\" FAULT 200"));
  EXPECT_TRUE(wait([] { return read_file(web1, "/run/lab/mails").contains("Entering FAULT state"); })) << pair().log();
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

// Between two runners: nobody takes what is told.
TEST_F(BatonNews, what_is_told_while_there_is_no_runner_is_told_to_the_next) {
  const auto has_runner = [] { return !find_role(lab().daemon_processes(web1), Role::runner).empty(); };
  forget(web1);
  signal(web1, Role::guardian, SIGSTOP);  // which would start the next one
  signal(web1, Role::runner, SIGKILL);
  ASSERT_TRUE(wait([&] { return !has_runner(); }));
  Pair::expect_done(lab().set_carrier(web1, "ens33", false));
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  EXPECT_TRUE(wait([] { return status(web1).value("/instances/0/state"_json_pointer, "") == "FAULT"; }))
      << pair().log();
  EXPECT_FALSE(has_runner());
  EXPECT_EQ(read_file(web1, "/run/lab/heard"), "");
  signal(web1, Role::guardian, SIGCONT);
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/heard", 1), ElementsAre("INSTANCE \"VI_1\" FAULT 200"));
  EXPECT_TRUE(wait([] { return read_file(web1, "/run/lab/mails").contains("Entering FAULT state"); })) << pair().log();
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 2), ElementsAre("fault", "any INSTANCE VI_1 FAULT 200"));
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

// Between two runners and two workers: the one that leaves hands over what it could tell nobody.
TEST_F(BatonNews, what_a_worker_could_tell_no_runner_the_next_worker_tells) {
  const auto processes = [](Role role) { return find_role(lab().daemon_processes(web1), role); };
  bool had_none = false;  // until the next worker was there; a busy machine may be slower than the guardian waits
  for (int attempt = 0; attempt < 5 && !had_none; ++attempt) {
    if (attempt > 0) {
      Pair::expect_done(lab().set_carrier(web1, "ens33", true));
      ASSERT_TRUE(wait([] {
        return was_told_last(web1, "any INSTANCE VI_1 MASTER 200") &&
               read_file(web1, "/run/lab/mails").contains("Entering MASTER state");
      })) << pair().log();
    }
    forget(web1);
    for (int i = 0; i < 2; ++i) {  // the guardian waits longer each time
      ASSERT_TRUE(wait([&] { return !processes(Role::runner).empty(); })) << pair().log();
      signal(web1, Role::runner, SIGKILL);
      ASSERT_TRUE(wait([&] { return processes(Role::runner).empty(); }));
    }
    Pair::expect_done(lab().set_carrier(web1, "ens33", false));
    ASSERT_TRUE(wait([] { return status(web1).value("/instances/0/state"_json_pointer, "") == "FAULT"; }))
        << pair().log();
    const auto first = processes(Role::worker);
    const Instant asked = now();
    reload(web1, read_file(web1, config_path(web1)) + "# another text\n");
    ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
    EXPECT_NE(processes(Role::worker), first);
    had_none = processes(Role::runner).empty();
  }
  ASSERT_TRUE(had_none) << "the next runner came too early each time: " << pair().log();
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/heard", 1), ElementsAre("INSTANCE \"VI_1\" FAULT 200"));
  EXPECT_TRUE(wait([] { return read_file(web1, "/run/lab/mails").contains("Entering FAULT state"); })) << pair().log();
  EXPECT_THAT(wait_for_lines(web1, "/run/lab/told", 2), ElementsAre("fault", "any INSTANCE VI_1 FAULT 200"));
  Pair::expect_done(lab().set_carrier(web1, "ens33", true));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

}  // namespace
}  // namespace baton::lab
