// Called keepalived, Baton is found where scripts look for keepalived.
#include "served_pair.h"

namespace baton::lab {
namespace {

class BatonName : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({}); }
  static bool worker_is_gone() {
    return std::ranges::none_of(process_tree(lab().machine(web1).init()),
                                [](const ProcessInfo& process) { return process.name == "baton-vrrp"; });
  }
  static std::string comm_of(const std::string& pid_file) {
    const auto said = run(web1, fmt::format("cat /proc/$(cat {})/comm", pid_file));
    return said ? said->text : "";
  }
};

TEST_F(BatonName, has_the_pid_files_the_process_name_and_the_files_of_keepalived) {
  stop_daemon(web1);
  const std::string start = fmt::format("/run/keepalived -f {}", config_path(web1));
  const auto started = run(web1, fmt::format("ln -sfn {} /run/keepalived && {}", BATOND_PROGRAM, start));
  ASSERT_TRUE(started) << "it goes to the background";
  EXPECT_EQ(started->code, 0) << started->text;
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_EQ(comm_of("/run/keepalived.pid"), "keepalived\n");
  EXPECT_EQ(comm_of("/run/vrrp.pid"), "baton-vrrp\n");

  const auto second = run(web1, start + " -n -l");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->code, 0) << "already running is no failure";
  EXPECT_TRUE(second->text.contains("Keepalived") && second->text.contains("already running")) << second->text;

  ASSERT_TRUE(run(web1, "kill -USR1 $(cat /run/vrrp.pid)"));  // the worker passes it on
  EXPECT_TRUE(wait([] { return !read_file(web1, "/tmp/keepalived.data").empty(); }));

  // The api role has power over nobody's files: somebody else's in a sticky directory, and a directory of somebody
  // else's.
  const auto prepared =
      run(web1,
          "chmod 1777 /tmp && echo old >/tmp/keepalived.data && chown 65534 /tmp/keepalived.data"
          " && ln -sf /run/keepalived.pid /tmp/keepalived.stats && chown -h 65534 /tmp/keepalived.stats");
  ASSERT_TRUE(prepared && prepared->code == 0) << (prepared ? prepared->text : "");
  ASSERT_TRUE(run(web1, "kill -USR1 $(cat /run/keepalived.pid); kill -USR2 $(cat /run/keepalived.pid)"));
  EXPECT_TRUE(wait([] { return read_file(web1, "/tmp/keepalived.data").contains("VI_1"); })) << pair().log();
  EXPECT_TRUE(wait([] { return read_file(web1, "/tmp/keepalived.stats").contains("VI_1"); })) << pair().log();
  EXPECT_EQ(comm_of("/run/keepalived.pid"), "keepalived\n") << "a link is not followed";

  ASSERT_TRUE(run(web1, "kill $(cat /run/keepalived.pid)"));
  EXPECT_TRUE(wait([] { return worker_is_gone(); }));
  for (const char* file : {"/run/keepalived.pid", "/run/vrrp.pid"}) {
    EXPECT_TRUE(wait([&] { return read_file(web1, file).empty(); })) << file;
  }
}

}  // namespace
}  // namespace baton::lab
