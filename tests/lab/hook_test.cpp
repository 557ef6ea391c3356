// Hooks that are waited for (docs/decisions/0029): the addresses of a new MASTER wait for its script and its adverts do
// not, another router waits for nothing, and who goes on purpose waits for its own.
#include <gmock/gmock.h>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Each waits until it may end; that of web1's start at once.
constexpr std::string_view script = R"(#!/bin/sh
echo "$1" >>/run/lab/begun
while [ ! -e /run/lab/go ]; do sleep 0.05; done
echo "$1" >>/run/lab/ended
)";

constexpr std::string_view note = "#!/bin/sh\necho master >>/run/lab/noted\n";

constexpr Duration long_enough = 40s;  // for a deadline of ten seconds, on a busy machine

class AwaitedHooks : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    options_of_suite = {.head = "global_defs {\n  script_user root\n}\n", .prepare = prepare};
    options_of_suite.routers = {SharedRouter{}, {.name = "VI_2", .vrid = 51, .addresses = {"10.0.20.101"}}};
    options_of_suite.extra =
        "  before_announce \"/run/lab/hook announce\"\n  before_release \"/run/lab/hook release\"\n"
        "  hook_timeout 10\n  notify_master /run/lab/note\n";
    open(options_of_suite);
  }
  static void prepare(Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      for (const auto& [name, text] : {std::pair("/run/lab/hook", script), {"/run/lab/note", note}}) {
        const std::string path = lab.machine(node).outside_path(name);
        std::ofstream(path) << text;
        EXPECT_EQ(chmod(path.c_str(), 0755), 0);
      }
      std::ofstream(lab.machine(node).outside_path("/run/lab/go")) << "go";
    }
  }
  // VI_2 has no hooks: only the first instance's lines stay.
  static std::string config(NodeId node) {
    return options_of_suite.head + instance_text(node, options_of_suite.routers[0], options_of_suite.extra) +
           instance_text(node, options_of_suite.routers[1]);
  }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const NodeId node : {web1, web2}) {
      reload(node, config(node));
      ASSERT_TRUE(wait([&] { return was_logged(node, "reload complete", begin()); })) << pair().log();
      for (const char* file : {"/run/lab/begun", "/run/lab/ended", "/run/lab/noted"}) write_file(node, file, "");
    }
    ASSERT_TRUE(wait([] { return holds(web1, "10.0.20.101"); })) << pair().log();
  }
  void TearDown() override {
    if (!is_open()) return;
    for (const NodeId node : {web1, web2}) let_go(node);
    Pair::expect_done(lab().set_forwarding(web1, "ens33", true));
  }
  // web1 serves on, and nobody hears it: web2 becomes MASTER.
  static void cut_off_web1() { Pair::expect_done(lab().set_forwarding(web1, "ens33", false)); }
  static void hold(NodeId node) { (void)unlink(lab().machine(node).outside_path("/run/lab/go").c_str()); }
  static void let_go(NodeId node) { write_file(node, "/run/lab/go", "go"); }
  static bool has(NodeId node, const std::string& file, std::string_view word) {
    return read_file(node, "/run/lab/" + file).contains(word);
  }
  static nlohmann::json hook(NodeId node, const char* member) {
    return status(node).value(nlohmann::json::json_pointer(std::string("/instances/0/hook/") + member),
                              nlohmann::json());
  }

  inline static PairOptions options_of_suite;
};

TEST_F(AwaitedHooks, the_address_comes_when_its_script_has_ended_and_adverts_and_other_routers_before) {
  hold(web2);
  cut_off_web1();
  ASSERT_TRUE(wait([&] { return has(web2, "begun", "announce") && adverts(web2, begin()).size() >= 2; }))
      << pair().log();
  EXPECT_TRUE(wait([] { return holds(web2, "10.0.20.101"); })) << "another router waits: " << pair().log();
  EXPECT_TRUE(wait([] { return hook(web2, "awaited") == true; }));
  const auto why = baton(web2, "why VI_1");
  ASSERT_TRUE(why);
  EXPECT_THAT(why->text, HasSubstr("before_announce"));
  EXPECT_FALSE(holds(web2, "10.0.20.100")) << pair().log();
  let_go(web2);
  EXPECT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
  EXPECT_TRUE(wait([&] { return was_logged(web2, "before_announce has ended", begin()); })) << pair().log();
  EXPECT_TRUE(has(web2, "ended", "announce"));
  EXPECT_EQ(hook(web2, "awaited"), false);
}

TEST_F(AwaitedHooks, a_script_that_hangs_holds_it_up_for_its_deadline_and_no_longer) {
  hold(web2);
  cut_off_web1();
  ASSERT_TRUE(wait([&] { return was_logged(web2, "before_announce has not ended within 10 s", begin()); }, long_enough))
      << pair().log();
  EXPECT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
  EXPECT_GE(adverts(web2, begin()).size(), 8U) << pair().log();
  EXPECT_GE(hook(web2, "late"), 1);
}

TEST_F(AwaitedHooks, who_is_master_no_more_takes_no_address_when_its_script_ends) {
  hold(web2);
  const Instant cut = now();
  cut_off_web1();
  ASSERT_TRUE(wait([&] { return has(web2, "begun", "announce"); })) << pair().log();
  Pair::expect_done(lab().set_forwarding(web1, "ens33", true));
  ASSERT_TRUE(wait([&] { return was_logged(web2, "(VI_1) Entering BACKUP STATE", cut); }, long_enough)) << pair().log();
  let_go(web2);
  ASSERT_TRUE(wait([&] { return has(web2, "ended", "announce"); })) << pair().log();
  // The other script begins when the worker has been told of this one's end, and answers come after what it does then.
  ASSERT_TRUE(wait([&] { return has(web2, "ended", "release"); })) << pair().log();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(hook(web2, "awaited"), false);
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web1}) << pair().log();
}

// It is MASTER, and its news wait for the addresses.
TEST_F(AwaitedHooks, a_worker_that_dies_before_it_told_of_its_state_leaves_that_to_the_next_one) {
  hold(web2);
  cut_off_web1();
  ASSERT_TRUE(wait([&] { return has(web2, "begun", "announce"); })) << pair().log();
  EXPECT_EQ(read_file(web2, "/run/lab/noted"), "");
  const Instant death = now();
  signal(web2, Role::worker, SIGKILL);
  ASSERT_TRUE(wait([&] { return was_logged(web2, "goes on where the old one ended", death); })) << pair().log();
  EXPECT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
  EXPECT_TRUE(wait([] { return has(web2, "noted", "master"); })) << pair().log();
  EXPECT_TRUE(was_logged(web2, "(VI_1) is MASTER; the process before ended before it told anybody", death));
  // Who leaves later has told it; when nobody is left it is told no more.
  const Instant asked = now();
  reload(web2, config(web2));
  ASSERT_TRUE(wait([&] { return was_logged(web2, "reload complete", asked); })) << pair().log();
  let_go(web2);
  signal(web2, Role::guardian, SIGTERM);
  ASSERT_TRUE(wait([] { return batond_processes(web2).empty(); }, long_enough)) << pair().log();
  EXPECT_EQ(read_file(web2, "/run/lab/noted"), "master\n") << pair().log();
  EXPECT_FALSE(was_logged(web2, "told anybody", asked)) << pair().log();
}

TEST_F(AwaitedHooks, who_goes_on_purpose_serves_until_its_script_has_ended) {
  hold(web1);
  const Instant asked = now();
  signal(web1, Role::guardian, SIGTERM);
  ASSERT_TRUE(wait([&] { return has(web1, "begun", "release"); })) << pair().log();
  const Instant begun = now();
  ASSERT_TRUE(wait([&] { return adverts(web1, begun).size() >= 2; })) << pair().log();
  EXPECT_TRUE(holds(web1, "10.0.20.100")) << pair().log();
  EXPECT_FALSE(said_goodbye(web1, asked)) << pair().log();
  let_go(web1);
  EXPECT_TRUE(wait([&] { return said_goodbye(web1, asked); })) << pair().log();
  EXPECT_TRUE(wait([] { return !lab().daemon_runs(web1); })) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
}

// The worker that follows knows of no handover: what before_release has stopped begins again.
TEST_F(AwaitedHooks, a_handover_that_a_reload_overtakes_is_dropped_and_said_so) {
  hold(web1);
  ASSERT_TRUE(run(web1, fmt::format("{} handover VI_1 >/dev/null 2>&1 &", BATON_PROGRAM)));  // it waits for the end
  ASSERT_TRUE(wait([] { return has(web1, "begun", "release"); })) << pair().log();
  const Instant before = now();
  reload(web1, config(web1));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", before); })) << pair().log();
  EXPECT_TRUE(was_logged(web1, "waited for before_release are dropped", before)) << pair().log();
  let_go(web1);
  EXPECT_TRUE(wait([] { return has(web1, "ended", "announce"); })) << pair().log();
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web1});
}

}  // namespace
}  // namespace baton::lab
