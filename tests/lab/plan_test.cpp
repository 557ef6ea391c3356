// `baton plan` against what happens: the same files, the same fault, the same owner, and its time within an interval.
#include <nlohmann/json.hpp>

#include "config/load.h"
#include "plan/plan.h"
#include "served_pair.h"
#include "unit/config/memory_file_reader.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

// A check that leaves a trace of each run, so that a failure can come right after one.
constexpr std::string_view head = R"(
global_defs {
  script_user root
}
vrrp_script chk_health {
  script "/usr/bin/sh -c 'test ! -e /run/lab/sick; was=$?; echo . >>/run/lab/runs; exit $was'"
  interval 1
  fall 2
  weight -150
}
)";

class PlanInTheLab : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = std::string(head), .extra = "  track_script {\n    chk_health\n  }\n"});
  }

  static plan::Outcome planned(const std::string& title) {
    std::vector<plan::NodeInput> inputs;
    for (const NodeId node : {web1, web2}) {
      config::MemoryFileReader reader(config::MemoryFileReader::Files{{"/baton.conf", pair_config(node, options())}});
      config::LoadResult loaded = config::load("/baton.conf", reader);
      inputs.push_back({.name = fmt::format("web{}", node + 1), .configuration = std::move(loaded.configuration)});
    }
    const plan::Plan plan = make_plan(plan::make_network(std::move(inputs)), {});
    const auto scenario = std::ranges::find(plan.scenarios, title, &plan::Scenario::title);
    if (scenario != plan.scenarios.end()) return scenario->outcomes.front();
    ADD_FAILURE() << "no scenario is called " << title;
    return {};
  }

  static void wait_for_advert() {
    const std::size_t before = lab().adverts().size();
    ASSERT_TRUE(wait([&] { return lab().adverts().size() > before; }));
  }
  static void wait_for_check() {
    const std::size_t before = read_file(web1, "/run/lab/runs").size();
    ASSERT_TRUE(wait([&] { return read_file(web1, "/run/lab/runs").size() > before; }));
  }

  // What the plan says of it, measured: from now until the address is where it stays.
  static void expect_as_planned(const std::string& title, const std::function<void()>& fault) {
    const plan::Outcome outcome = planned(title);
    ASSERT_EQ(outcome.after, std::vector<plan::NodeId>{web2});
    ASSERT_TRUE(outcome.settled_after);
    const Instant begun = now();
    fault();
    ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
    const double measured =
        std::chrono::duration<double>(*lab().ownership().last_change(pair().address()) - begun).count();
    const double foretold = std::chrono::duration<double>(*outcome.settled_after).count();
    RecordProperty("measured_ms", static_cast<int>(measured * 1000));
    RecordProperty("foretold_ms", static_cast<int>(foretold * 1000));
    EXPECT_NEAR(measured, foretold, 1.0) << outcome.why << "\n" << pair().log();  // advert_int
  }
};

TEST_F(PlanInTheLab, a_machine_that_vanishes) {
  wait_for_advert();
  expect_as_planned("web1 vanishes", [] { Pair::expect_done(lab().power_off(web1)); });
  Pair::expect_done(lab().power_on(web1));
}

TEST_F(PlanInTheLab, a_check_that_fails) {
  wait_for_check();
  expect_as_planned("chk_health fails on web1", [] { write_file(web1, "/run/lab/sick", ""); });
  EXPECT_EQ(unlink(lab().machine(web1).outside_path("/run/lab/sick").c_str()), 0);
}

TEST_F(PlanInTheLab, a_daemon_that_stops) {
  expect_as_planned("the daemon of web1 stops", [] { signal(web1, Role::guardian, SIGTERM); });
  EXPECT_TRUE(wait([] { return !lab().daemon_runs(web1); })) << pair().log();
}

TEST_F(PlanInTheLab, a_link_that_goes_down) {
  wait_for_advert();
  expect_as_planned("ens33 of web1 goes down", [] { Pair::expect_done(lab().set_link(web1, "ens33", false)); });
  Pair::expect_done(lab().set_link(web1, "ens33", true));
}

}  // namespace
}  // namespace baton::lab
