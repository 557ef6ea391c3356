// `baton reload`: what a reload changes is said before it is done, done as it was said, and undone when nobody wants
// it.
#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string more_address = "10.0.20.101";

class BatonReload : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({.routers = {{}, {.name = "VI_2", .vrid = 51, .addresses = {"10.0.20.200"}}}}); }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return holds(web1, "10.0.20.200"); })) << pair().log();
  }
  void TearDown() override {
    if (!is_open()) return;
    configure(web1, unedited());
    (void)reload_with("");
  }

  static std::string edited(const std::function<void(PairOptions&)>& edit) {
    PairOptions changed = options();
    edit(changed);
    return pair_config(web1, changed);
  }
  static std::string with_more_addresses() {
    return edited([](PairOptions& it) { it.routers.front().addresses.push_back(more_address); });
  }
  static std::string unedited() { return pair_config(web1, options()); }

  static json reload_with(const std::string& arguments, int expected_code = 0) {
    const auto said = baton(web1, "reload --json " + arguments);
    EXPECT_TRUE(said);
    if (!said) return json::object();
    EXPECT_EQ(said->code, expected_code) << said->text;
    const json report = json::parse(said->text, nullptr, false);
    EXPECT_TRUE(report.is_object()) << said->text;
    return report;
  }
  static json protocol_text(const json& report, const std::string& instance) {
    for (const json& event : report.value("protocol", json::array())) {
      if (event["instance"] == instance) return event["text"];
    }
    return nullptr;
  }
};

TEST_F(BatonReload, a_rehearsal_says_what_would_be_done_and_does_nothing) {
  const pid_t before = worker(web1);
  configure(web1, with_more_addresses());
  const json report = reload_with("--dry-run");
  EXPECT_EQ(report["result"], "dry-run");
  EXPECT_EQ(report["changes"], (json::array({{{"object", "vrrp_instance VI_1"},
                                              {"keyword", "virtual_ipaddress"},
                                              {"before", nullptr},
                                              {"after", more_address + "/32 dev ens33"}}})));
  EXPECT_EQ(report["kernel"], json::array({"ip address add " + more_address + "/32 dev ens33"}));
  EXPECT_EQ(protocol_text(report, "VI_1"),
            "stays MASTER; sends an advert with priority 200 at once; announces its addresses");
  EXPECT_EQ(protocol_text(report, "VI_2"), nullptr);
  EXPECT_EQ(report["unchanged"], 1);
  EXPECT_EQ(worker(web1), before);
  EXPECT_FALSE(holds(web1, more_address));
}

TEST_F(BatonReload, what_is_reloaded_is_what_was_said) {
  configure(web1, with_more_addresses());
  const json report = reload_with("");
  EXPECT_EQ(report["result"], "carried-out");
  EXPECT_EQ(report["kernel"], json::array({"ip address add " + more_address + "/32 dev ens33"}));
  EXPECT_TRUE(wait([] { return holds(web1, more_address); })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonReload, an_instance_that_is_not_changed_keeps_its_pace) {
  // A machine that holds the worker up for 300 ms makes a short gap as well, but not each time.
  Duration shortest{};
  for (int tries = 0; tries < 3 && shortest < 700ms && !HasFailure(); ++tries) {
    configure(web1, tries % 2 == 0 ? with_more_addresses() : pair_config(web1, options()));
    const Instant at = now();
    ASSERT_TRUE(wait([&] { return !adverts(web1, at, 51).empty(); })) << pair().log();
    (void)reload_with("");
    ASSERT_TRUE(wait([&] { return adverts(web1, at, 51).size() >= 3; })) << pair().log();
    shortest = 10s;
    std::optional<Instant> before;
    for (const AdvertRecord& record : lab().adverts()) {
      if (record.node != web1 || record.at < at || record.advert.vrid != 51) continue;
      if (before) shortest = std::min<Duration>(shortest, record.at - *before);
      before = record.at;
    }
  }
  EXPECT_GE(shortest, 700ms) << "an advert that was not due" << pair().log();
}

TEST_F(BatonReload, a_file_with_an_error_is_refused_with_place_and_mend) {
  ASSERT_TRUE(wait([] { return has_one_worker(web1); }));
  const pid_t before = worker(web1);
  configure(web1, edited([](PairOptions& it) { it.routers.front().vrid = 999; }));
  const json report = reload_with("", 1);
  EXPECT_EQ(report["result"], "refused");
  const json first = report.value("/diagnostics/0"_json_pointer, json::object());
  EXPECT_EQ(first.value("severity", ""), "error");
  EXPECT_EQ(first.value("file", ""), config_path(web1));
  EXPECT_GT(first.value("line", 0), 0);
  EXPECT_NE(first.value("fix", ""), "");
  EXPECT_EQ(worker(web1), before);
  expect_no_move_since(begin());
}

TEST_F(BatonReload, what_nobody_confirms_is_undone) {
  configure(web1, with_more_addresses());
  (void)reload_with("--confirm-within 5s");
  EXPECT_TRUE(wait([] { return holds(web1, more_address); })) << pair().log();
  EXPECT_TRUE(status(web1)["confirm_until"].is_number());
  EXPECT_TRUE(wait([] { return !holds(web1, more_address); }, 20s)) << pair().log();
  EXPECT_TRUE(wait([] { return status(web1)["confirm_until"].is_null(); }));
  EXPECT_EQ(reload_with("--confirm", 1)["result"], "failed");
  expect_no_move_since(begin());
}

TEST_F(BatonReload, what_somebody_confirms_stays) {
  configure(web1, with_more_addresses());
  (void)reload_with("--confirm-within 5s");
  EXPECT_EQ(reload_with("--confirm")["result"], "confirmed");
  EXPECT_TRUE(status(web1)["confirm_until"].is_null());
  EXPECT_FALSE(wait([] { return !holds(web1, more_address); }, 8s)) << pair().log();
}

TEST_F(BatonReload, an_address_moves_between_instances_in_one_reload) {
  configure(web1, edited([](PairOptions& it) {
              it.routers[0].addresses.push_back(more_address);
              it.routers[1].addresses.emplace_back("10.0.20.201");
            }));
  (void)reload_with("");
  ASSERT_TRUE(wait([] { return holds(web1, more_address) && holds(web1, "10.0.20.201"); })) << pair().log();
  configure(web1, edited([](PairOptions& it) {
              it.routers[1].addresses.push_back(more_address);
              it.routers[0].addresses.emplace_back("10.0.20.201");
            }));
  const json report = reload_with("");
  EXPECT_EQ(report["kernel"], json::array()) << "the node holds both before and after";
  EXPECT_TRUE(holds(web1, more_address) && holds(web1, "10.0.20.201"));
  expect_no_move_since(begin());
}

// The kernel changes no label in place.
TEST_F(BatonReload, an_address_with_another_label_is_put_anew) {
  const auto labelled = [](const std::string& label) {
    return edited([&](PairOptions& it) { it.routers[0].addresses.push_back(more_address + " label " + label); });
  };
  const auto has_label = [](const std::string& label) {
    const auto said = run(web1, "ip -o addr show dev ens33");
    return said && said->text.contains(more_address + "/32 scope global " + label);
  };
  configure(web1, labelled("ens33:1"));
  (void)reload_with("");
  ASSERT_TRUE(wait([&] { return has_label("ens33:1"); })) << pair().log();
  configure(web1, labelled("ens33:2"));
  (void)reload_with("");
  EXPECT_TRUE(wait([&] { return has_label("ens33:2"); })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonReload, counters_go_on) {
  const auto sent = [] { return status(web1).value("/instances/1/adverts/sent"_json_pointer, 0); };
  ASSERT_TRUE(wait([&] { return sent() >= 2; }));
  const int before = sent();
  configure(web1, with_more_addresses());
  (void)reload_with("");
  EXPECT_GE(sent(), before);
}

TEST_F(BatonReload, only_root_may) {
  const auto said = run(web1, fmt::format("setpriv --reuid 65534 --clear-groups {} reload --dry-run", BATON_PROGRAM));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 1) << said->text;
}

}  // namespace
}  // namespace baton::lab
