// Webhooks of a real daemon: told once a change and in order, changed by a reload, and their secrets kept.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Keeps "PATH STATE PRIORITY AUTHORIZATION" of each request; /hangs is never answered.
constexpr std::string_view receiver = R"(
import http.server, json, threading

class Keep(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass
    def do_POST(self):
        news = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        with open('/run/lab/posts', 'a') as file:
            file.write(f"{self.path} {news['name']} {news['state']} {news.get('priority')} "
                       f"{self.headers['Authorization']}\n")
        if self.path == '/hangs':
            threading.Event().wait()
        self.send_response(204)
        self.end_headers()

server = http.server.ThreadingHTTPServer(('127.0.0.1', 8099), Keep)
server.daemon_threads = True
open('/run/lab/receiver.ready', 'w').close()
server.serve_forever()
)";

constexpr std::string_view head = R"(
webhook hanging {
  url "http://127.0.0.1:8099/hangs"
  timeout 30
}
webhook ops {
  url "http://127.0.0.1:8099/c0ffee-path"
  header "Authorization: Bearer c0ffee-token"
}
)";

class BatonWebhook : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({.head = std::string(head), .prepare = prepare}); }
  static void prepare(Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      std::ofstream(lab.machine(node).outside_path("/run/lab/receiver.py")) << receiver;
      Pair::expect_done(lab.start_program(node, {"/usr/bin/python3", "/run/lab/receiver.py"}));
      const std::string ready = lab.machine(node).outside_path("/run/lab/receiver.ready");
      EXPECT_TRUE(lab.wait_until([&] { return access(ready.c_str(), F_OK) == 0; }, 20s));
    }
  }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    stop_daemon(web1);
    write_file(web1, "/run/lab/posts", "");  // what the lives before told
    Pair::expect_done(lab().start_daemon(web1));
    ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
    ASSERT_TRUE(wait([&] { return !posts("/hangs").empty() && !posts("/c0ffee-path", "MASTER").empty(); }))
        << pair().log();
    write_file(web1, "/run/lab/posts", "");
  }
  // What web1 told that path, less the path; all of it, or that of one state.
  static std::vector<std::string> posts(const std::string& path, std::string_view state = "") {
    std::istringstream text(read_file(web1, "/run/lab/posts"));
    std::vector<std::string> found;
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with(path + " ") && line.contains(state)) found.push_back(line.substr(path.size() + 1));
    }
    return found;
  }
  // Waits for MASTER. STOP before it has one second, which a busy machine may not have for it.
  static std::vector<std::string> posts_of_a_start(const std::string& path) {
    EXPECT_TRUE(wait([&] { return !posts(path, "MASTER").empty(); })) << pair().log();
    std::vector<std::string> found = posts(path);
    std::erase_if(found, [](const std::string& post) { return post.contains("STOP"); });
    return found;
  }
};

TEST_F(BatonWebhook, is_told_once_a_change_and_in_order) {
  stop_daemon(web1);
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  write_file(web1, "/run/lab/posts", "");  // what the lives before told
  Pair::expect_done(lab().start_daemon(web1));
  EXPECT_THAT(posts_of_a_start("/c0ffee-path"),
              ElementsAre("VI_1 BACKUP 200 Bearer c0ffee-token", "VI_1 MASTER 200 Bearer c0ffee-token"))
      << read_file(web1, "/run/lab/posts") << pair().log();
}

TEST_F(BatonWebhook, one_that_hangs_delays_no_advert) {
  // Since the start of this test's daemon it has hung at the first state.
  const Instant begin_of_watch = now();
  ASSERT_TRUE(wait([&] { return adverts(web1, begin_of_watch).size() >= 5; })) << pair().log();
  expect_no_move_since(begin_of_watch);  // web2 has missed none for so long that it would have spoken
  EXPECT_FALSE(was_logged(web1, "webhook hanging: given up", begin_of_watch));
}

TEST_F(BatonWebhook, a_reload_changes_it_and_shows_no_secret) {
  std::string text = pair_config(web1, options());
  text.replace(text.find("c0ffee-path"), 11, "decade-path");
  configure(web1, text);
  const auto planned = baton(web1, "reload --dry-run");
  ASSERT_TRUE(planned);
  EXPECT_THAT(planned->text, HasSubstr("webhook ops"));
  EXPECT_THAT(planned->text, HasSubstr("(secret)"));
  EXPECT_THAT(planned->text, Not(HasSubstr("-path")));
  const Instant asked = now();
  signal(web1, Role::guardian, SIGHUP);
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  start_anew(web1);
  EXPECT_THAT(posts_of_a_start("/decade-path"),
              ElementsAre("VI_1 BACKUP 200 Bearer c0ffee-token", "VI_1 MASTER 200 Bearer c0ffee-token"));
}

TEST_F(BatonWebhook, its_secrets_are_nowhere_to_be_read) {
  const std::string dump = "/tmp/keepalived.data";
  (void)unlink(lab().machine(web1).outside_path(dump).c_str());
  signal(web1, Role::guardian, SIGUSR1);  // the data dump
  ASSERT_TRUE(wait([&] { return read_file(web1, dump).contains("VI_1"); })) << pair().log();
  const std::string baton = BATON_PROGRAM;
  const std::string get = "curl -sf --unix-socket /run/baton/control.sock http://localhost";
  for (const auto& [command, control] :
       {std::pair(baton + " status --json", "VI_1"), std::pair(baton + " status", "VI_1"),
        std::pair("cat " + dump, "VI_1"), std::pair(get + "/v1/mib", "VI_1"), std::pair(get + "/v1/history", "VI_1"),
        std::pair(std::string("ps axww"), "batond")}) {
    const auto said = run(web1, command);
    ASSERT_TRUE(said) << command;
    EXPECT_THAT(said->text, HasSubstr(control)) << command;
    EXPECT_THAT(said->text, Not(HasSubstr("c0ffee"))) << command;
    EXPECT_THAT(said->text, Not(HasSubstr("633066666565"))) << command;  // the same, as the MIB's rows have it
  }
  for (const Event& event : lab().events()) EXPECT_THAT(event.text, Not(HasSubstr("c0ffee")));
}

}  // namespace
}  // namespace baton::lab
