#include "cli/why.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr double now = 1'000'000;

json backup() {
  return {{"name", "VI_1"},
          {"interface", "eth0"},
          {"state", "BACKUP"},
          {"leaving", false},
          {"since", now - 90},
          {"reason_text", "a master with a higher priority was heard"},
          {"priority", {{"effective", 90}, {"base", 90}, {"parts", {{{"name", "base"}, {"amount", 90}}}}}},
          {"preempt", true},
          {"holds_addresses", false},
          {"master", {{"address", "10.0.0.2"}, {"priority", 100}, {"advert_int", 1.0}, {"last_advert", now - 0.5}}},
          {"skew_time", 0.6},
          {"master_down_interval", 3.6},
          {"next_timeout_in", 3.1},
          {"faults", json::array()},
          {"adverts", {{"sent", 0}, {"accepted", 90}}},
          {"rejected", json::object()}};
}

json master() {
  json it = backup();
  it.update({{"state", "MASTER"}, {"holds_addresses", true}, {"master", nullptr}, {"next_timeout_in", 0.2}});
  it["advert_int"] = 1.0;
  return it;
}

json track(const char* name, int weight, const char* status) {
  return {{"name", name}, {"kind", "script"}, {"weight", weight}, {"reverse", false}, {"status", status}, {"text", ""}};
}

// As batond counts them: what is up adds a positive weight, what is down a negative one.
void set_tracks(json& it, int base, std::vector<json> tracks) {
  int sum = base;
  json parts = json::array({{{"name", "base"}, {"amount", base}}});
  for (const json& one : tracks) {
    const int weight = one.at("weight");
    const bool up = one.at("status") == "up";
    const int amount = (weight > 0) == up ? weight : 0;
    if (weight != 0) parts.push_back({{"name", one.at("name")}, {"amount", amount}});
    sum += amount;
  }
  it["priority"] = {{"effective", sum}, {"base", base}, {"parts", parts}};
  it["tracks"] = tracks;
}

TEST(Why, a_backup_says_whom_it_hears_and_when_it_takes_over) {
  const Explanation why = explain_instance(backup(), now);
  EXPECT_THAT(why.now, Contains(HasSubstr("BACKUP since ")));
  EXPECT_THAT(why.now, Contains(HasSubstr("because a master with a higher priority was heard")));
  EXPECT_THAT(why.now, Contains("the master is 10.0.0.2, priority 100; its last advert came 500 ms ago"));
  EXPECT_THAT(why.next, Contains("takes over in 3.1 s unless an advert comes before"));
  EXPECT_THAT(why.changes, Contains("takes over when 10.0.0.2 is silent for 3.6 s"));
  EXPECT_THAT(why.changes, Contains("takes over when 10.0.0.2 announces less than 90"));
  EXPECT_THAT(why.changes, Contains("takes over within 600 ms when 10.0.0.2 says goodbye (priority 0)"));
  EXPECT_THAT(why.wrong, IsEmpty());
}

TEST(Why, a_backup_that_does_not_preempt_says_so) {
  json it = backup();
  it["preempt"] = false;
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.changes, Contains(HasSubstr("does not take over from a master that lives (nopreempt)")));
  EXPECT_THAT(why.changes, Not(Contains(HasSubstr("announces less than"))));
}

TEST(Why, a_base_that_somebody_has_set_is_told_beside_the_configured_one) {
  json it = backup();
  it["priority"]["configured"] = 100;
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.now, Contains("priority 90"));
  EXPECT_THAT(why.now,
              Contains("its base was set to 90 by hand; the configuration says 100, and a reload goes back to it"));
}

TEST(Why, who_is_better_than_its_master_says_whether_it_handed_over_or_is_about_to_come) {
  json it = backup();
  it["priority"]["effective"] = 120;
  EXPECT_THAT(explain_instance(it, now).changes, Contains(HasSubstr("takes over as soon as its skew time")));
  it["handed_over"] = true;
  EXPECT_THAT(explain_instance(it, now).changes, Contains(HasSubstr("but the address was handed over to it")));
}

TEST(Why, a_check_that_is_down_says_what_it_costs_and_what_its_return_brings) {
  json it = backup();
  json down = track("chk_nginx", -20, "down");
  down["text"] = "exited with 1";
  set_tracks(it, 110, {down});
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.now, Contains("priority 90 = 110 (base) - 20 (chk_nginx)"));
  EXPECT_THAT(why.wrong, Contains("chk_nginx is down: exited with 1; that costs 20 of priority"));
  EXPECT_THAT(why.changes, Contains("takes over when chk_nginx works again: 110 > 100"));
}

TEST(Why, a_bfd_session_is_called_one) {
  json it = backup();
  json down = track("gateway", -20, "down");
  down["kind"] = "bfd";
  down["text"] = "control detection time expired";
  set_tracks(it, 110, {down});
  const Explanation costs = explain_instance(it, now);
  EXPECT_THAT(costs.wrong,
              Contains("BFD session gateway is down: control detection time expired; that costs 20 of priority"));
  down["weight"] = 0;
  set_tracks(it, 110, {down});
  it["faults"] = {"BFD session gateway is down: control detection time expired"};
  EXPECT_THAT(explain_instance(it, now).wrong,
              testing::ElementsAre("BFD session gateway is down: control detection time expired"));
}

TEST(Why, a_return_that_is_not_enough_is_no_takeover) {
  json it = backup();
  set_tracks(it, 90, {track("chk", 5, "down")});
  EXPECT_THAT(explain_instance(it, now).changes,
              Contains("stays BACKUP when chk works again: 95 is not more than 100"));
  it["preempt"] = false;
  set_tracks(it, 90, {track("chk", 50, "down")});
  EXPECT_THAT(explain_instance(it, now).changes,
              Contains("stays BACKUP when chk works again: 140 > 100, but it does not preempt"));
}

TEST(Why, a_master_says_what_would_take_it_away) {
  json it = master();
  set_tracks(it, 100, {track("chk_disk", 0, "up"), track("chk_nginx", -10, "up"), track("chk_bonus", 5, "up")});
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.next, Contains("the next advert leaves in 200 ms"));
  EXPECT_THAT(why.changes, Contains("gives it up when another master is heard with more than 105, or with 105 and a "
                                    "higher address"));
  EXPECT_THAT(why.changes, Contains("gives it up when chk_disk fails: weight 0, so that is a fault"));
  EXPECT_THAT(why.changes, Contains("gives it up to a backup above 95 when chk_nginx fails: 105 - 10 = 95"));
  EXPECT_THAT(why.changes, Contains("gives it up to a backup above 100 when chk_bonus fails: 105 - 5 = 100"));
  EXPECT_THAT(why.changes, Contains("gives it to a backup at: baton handover VI_1"));
}

TEST(Why, of_reverse_tracks_it_is_their_success_that_costs) {
  json it = master();
  json reverse = track("chk", 0, "down");
  reverse["reverse"] = true;
  set_tracks(it, 100, {reverse});
  EXPECT_THAT(explain_instance(it, now).changes, Contains("gives it up when chk is up: weight 0, so that is a fault"));
}

TEST(Why, an_owner_is_above_all_weights) {
  json it = master();
  it["priority"] = {{"effective", 255}, {"base", 255}, {"parts", json::array()}};
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.now, Contains(HasSubstr("owns the address")));
  EXPECT_THAT(why.changes, Not(Contains(HasSubstr("another master is heard"))));
}

TEST(Why, a_fault_says_what_ends_it) {
  json it = backup();
  it.update({{"state", "FAULT"}, {"master", nullptr}, {"next_timeout_in", nullptr}});
  it["faults"] = {"interface eth0 is down or missing", "chk failed"};
  const Explanation why = explain_instance(it, now);
  EXPECT_THAT(why.wrong, Contains("chk failed"));
  EXPECT_THAT(why.changes, Contains("becomes BACKUP when all 2 faults above are mended"));
}

TEST(Why, what_was_thrown_away_is_told_with_its_meaning) {
  json it = backup();
  it["rejected"] = {{"auth_password", 3}, {"no_such_reason", 1}};
  EXPECT_THAT(explain_instance(it, now).wrong,
              testing::ElementsAre("3 packets were thrown away (auth_password); of such a packet: its password is "
                                   "another; compare auth_pass on all nodes"));
}

TEST(Why, an_address_that_is_not_there_is_told) {
  json it = master();
  it["addresses"] = {{{"address", "10.0.0.1"}, {"interface", "eth0"}, {"present", false}}};
  EXPECT_THAT(explain_instance(it, now).wrong, Contains("10.0.0.1 should be on eth0 and is not"));
}

TEST(Why, of_a_dead_worker_there_is_less_to_say_and_nothing_is_made_up) {
  const json will = {
      {"name", "V"},       {"state", "MASTER"},         {"leaving", false},
      {"since", now},      {"reason_text", "whatever"}, {"priority", {{"effective", 100}, {"base", 100}}},
      {"master", nullptr}, {"faults", json::array()}};
  EXPECT_THAT(render_explanation(explain_instance(will, now), false), HasSubstr("V  MASTER"));
}

TEST(Why, a_name_from_outside_does_nothing_to_a_terminal) {
  json it = backup();
  it["name"] = "V\x1b[2J";
  EXPECT_THAT(render_explanation(explain_instance(it, now), false), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace baton::cli
