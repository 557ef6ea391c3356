// What an operator does to a Baton that runs: asks it, reloads it, hands over, deletes an address behind its back,
// takes an interface away.
#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string second_address = "10.0.20.200";

class BatonControl : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({.routers = {{}, {.name = "VI_2", .vrid = 51, .addresses = {second_address}}}}); }
  void SetUp() override {
    ServedPair::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(wait([] { return holds(web1, second_address); })) << pair().log();
  }
  static std::string edited(const std::function<void(PairOptions&)>& edit) {
    PairOptions changed = options();
    edit(changed);
    return pair_config(web1, changed);
  }
  static std::string unedited() { return pair_config(web1, options()); }
};

TEST_F(BatonControl, status_says_on_both_servers_who_is_master_and_why) {
  const json master = status(web1);
  ASSERT_TRUE(master.is_object()) << master;
  EXPECT_EQ(master.value("node", ""), "web1");
  EXPECT_EQ(master.value("configuration", ""), "/run/lab/web1.conf");
  EXPECT_EQ(master.value("/worker/answers"_json_pointer, false), true);
  EXPECT_EQ(master.value("/instances"_json_pointer, json()).size(), 2U);
  const json ours = master.value("/instances/0"_json_pointer, json::object());
  EXPECT_EQ(ours.value("name", ""), "VI_1");
  EXPECT_EQ(ours.value("state", ""), "MASTER");
  EXPECT_EQ(ours.value("holds_addresses", false), true);
  EXPECT_EQ(ours.value("/priority/effective"_json_pointer, 0), 200);
  EXPECT_EQ(ours.value("/addresses/0/present"_json_pointer, false), true);
  EXPECT_GE(ours.value("/adverts/sent"_json_pointer, 0), 1);
  EXPECT_FALSE(ours.value("reason_text", "").empty());

  const json backup = status(web2);
  ASSERT_TRUE(backup.is_object()) << backup;
  EXPECT_EQ(backup.value("node", ""), "web2");
  const json theirs = backup.value("/instances/0"_json_pointer, json::object());
  EXPECT_EQ(theirs.value("state", ""), "BACKUP");
  EXPECT_EQ(theirs.value("holds_addresses", true), false);
  EXPECT_EQ(theirs.value("/priority/effective"_json_pointer, 0), 100);
  EXPECT_EQ(theirs.value("/addresses/0/present"_json_pointer, true), false);
  EXPECT_EQ(theirs.value("/master/address"_json_pointer, ""), "10.0.20.14");
  EXPECT_EQ(theirs.value("/master/priority"_json_pointer, 0), 200);

  const auto unknown = baton(web1, "status VI_9");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->code, 3) << unknown->text;
}

TEST_F(BatonControl, reload_adds_and_drops_an_address_and_moves_nothing) {
  const pid_t before = worker(web1);
  reload(web1, edited([](PairOptions& it) { it.routers.front().addresses.emplace_back("10.0.20.101"); }));
  EXPECT_TRUE(wait([] { return holds(web1, "10.0.20.101"); })) << pair().log();
  EXPECT_TRUE(wait_for_other_worker(web1, before));
  reload(web1, unedited());
  EXPECT_TRUE(wait([] { return !holds(web1, "10.0.20.101"); })) << pair().log();
  const std::size_t heard = adverts(web1, begin()).size();
  ASSERT_TRUE(wait([&] { return adverts(web1, begin()).size() > heard; })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonControl, reload_that_drops_an_instance_gives_its_address_to_the_peer_and_leaves_the_other_alone) {
  reload(web1, edited([](PairOptions& it) { it.routers.pop_back(); }));
  EXPECT_TRUE(wait([] { return holds(web2, second_address) && !holds(web1, second_address); })) << pair().log();
  EXPECT_TRUE(said_goodbye(web1, begin(), 51)) << pair().log();  // else the peer waits its master-down time
  expect_no_move_since(begin());
  reload(web1, unedited());
  EXPECT_TRUE(wait([] { return holds(web1, second_address) && !holds(web2, second_address); })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonControl, reload_of_a_file_with_an_error_is_refused_and_the_old_configuration_goes_on) {
  const pid_t before = worker(web1);
  reload(web1, edited([](PairOptions& it) { it.routers.front().vrid = 999; }));
  EXPECT_TRUE(wait([&] { return was_logged(web1, "refused", begin()); })) << pair().log();
  ASSERT_TRUE(wait([&] { return adverts(web1, begin()).size() >= 2; })) << pair().log();
  EXPECT_EQ(worker(web1), before);
  EXPECT_TRUE(holds(web1, second_address));
  expect_no_move_since(begin());
}

TEST_F(BatonControl, reload_of_a_file_whose_braces_went_wrong_is_refused) {
  const pid_t before = worker(web1);
  std::string text = unedited();
  text.erase(text.find('}'), 1);  // of the first block in the first instance: the next one runs on inside it
  reload(web1, text);
  EXPECT_TRUE(wait([&] { return was_logged(web1, "refused", begin()); })) << pair().log();
  EXPECT_EQ(worker(web1), before);
  expect_no_move_since(begin());
}

TEST_F(BatonControl, whoever_asks_while_a_reload_changes_the_roles_is_answered) {
  for (int i = 0; i < 10; ++i) {
    reload(web1, unedited());
    const auto asked = baton(web1, "status");
    ASSERT_TRUE(asked);
    ASSERT_EQ(asked->code, 0) << "after reload " << i + 1 << ": " << asked->text;
  }
  // Refused while one is on its way.
  EXPECT_TRUE(wait([] {
    const auto asked = baton(web1, "reload --dry-run");
    return asked && asked->code == 0;
  })) << pair().log();
}

TEST_F(BatonControl, an_address_that_somebody_deletes_is_put_back) {
  Pair::expect_done(lab().remove_address(web1, pair().address()));
  ASSERT_TRUE(wait([&] { return was_told(web1, Event::Kind::address, "lost 10.0.20.100", begin()); })) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_EQ(adverts(web2, begin()).size(), 0U) << pair().log();
}

// Somebody else manages the address and means it to be away: a loop that takes it off as soon as it is there.
TEST_F(BatonControl, an_address_that_somebody_keeps_deleting_is_put_back_more_and_more_slowly) {
  write_file(web1, "/run/lab/thief",
             "#!/bin/sh\nend=$(($(date +%s) + 4))\nwhile [ $(date +%s) -lt $end ]; do\n"
             "  ip address del 10.0.20.200/32 dev ens33 2>/dev/null && echo taken >>/run/lab/taken\ndone\n",
             0755);
  ASSERT_TRUE(run(web1, "/run/lab/thief"));
  const std::string taken = read_file(web1, "/run/lab/taken");
  const auto times = std::ranges::count(taken, '\n');
  EXPECT_GE(times, 2) << pair().log();  // at once, after 1 s, after 2 s more
  EXPECT_LE(times, 6) << pair().log();  // one that is taken within the millisecond is put back once more
  EXPECT_TRUE(was_logged(web1, "somebody keeps removing 10.0.20.200", begin())) << pair().log();
  EXPECT_TRUE(wait([] { return holds(web1, second_address); })) << pair().log();
  expect_no_move_since(begin());
}

TEST_F(BatonControl, handover_moves_one_instance_and_it_stays_where_it_was_sent) {
  const auto there = baton(web1, "handover VI_1");
  ASSERT_TRUE(there);
  EXPECT_EQ(there->code, 0) << there->text;
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  expect_hardly_missed_since(begin());
  EXPECT_TRUE(holds(web1, second_address)) << pair().log();
  // web1 is the better one and preempts, but not what it was told to give away.
  const Instant moved = now();
  ASSERT_TRUE(wait([&] { return adverts(web2, moved).size() >= 3; })) << pair().log();
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web2});
  EXPECT_EQ(status(web1).value("/instances/0/reason"_json_pointer, ""), "handover");
  const auto back = baton(web2, "handover VI_1");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->code, 0) << back->text;
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(BatonControl, an_interface_that_is_missing_at_the_start_is_waited_for) {
  stop_daemon(web1);
  Pair::expect_done(lab().remove_interface(web1, "ens33"));
  Pair::expect_done(lab().start_daemon(web1));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "ens33 is not there", begin()); })) << pair().log();
  json waiting;
  EXPECT_TRUE(wait([&] {
    waiting = status(web1).value("/instances/0"_json_pointer, json::object());
    return waiting.value("state", "") == "FAULT";
  })) << pair().log();
  EXPECT_NE(waiting.value("/faults/0"_json_pointer, "").find("ens33"), std::string::npos) << waiting;
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  Pair::expect_done(lab().add_interface(web1, "ens33"));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

TEST_F(BatonControl, an_interface_that_vanishes_and_returns_takes_the_address_with_it) {
  Pair::expect_done(lab().remove_interface(web1, "ens33"));
  ASSERT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  Pair::expect_done(lab().add_interface(web1, "ens33"));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
}

}  // namespace
}  // namespace baton::lab
