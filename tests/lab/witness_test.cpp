// A witness: who is cut off takes nothing over, who is not does, and the witness costs no time.
#include <gmock/gmock.h>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* missing = "the master is silent, and so is the witness";

class Witness : public ServedPair {
 protected:
  // The client is always there, and answers.
  static void SetUpTestSuite() { open({.extra = "  witness 10.0.20.254 10.0.20.250\n"}); }

  void TearDown() override {
    if (!is_open()) return;
    for (const NodeId node : {web1, web2}) Pair::expect_done(lab().set_forwarding(node, "ens33", true));
  }
  static void cut_off(NodeId node) { Pair::expect_done(lab().set_forwarding(node, "ens33", false)); }
  static bool awaits(NodeId node) { return status(node).value("/instances/0/witness/awaited"_json_pointer, false); }
};

TEST_F(Witness, who_is_cut_off_stays_backup_and_says_so) {
  cut_off(web2);
  ASSERT_TRUE(wait([&] { return was_logged(web2, missing, begin()); })) << pair().log();
  EXPECT_TRUE(wait([&] { return awaits(web2); }));
  const auto why = baton(web2, "why VI_1");
  ASSERT_TRUE(why);
  EXPECT_THAT(why->text, HasSubstr("10.0.20.250"));
  EXPECT_THAT(why->text, HasSubstr("witness"));
  lab().run_for(3s);
  EXPECT_EQ(pair().owners(), std::set<NodeId>{web1});
  Pair::expect_done(lab().set_forwarding(web2, "ens33", true));
  EXPECT_TRUE(wait([&] { return !awaits(web2); }));
  expect_no_move_since(begin());
}

TEST_F(Witness, who_is_not_takes_over) {
  cut_off(web1);
  ASSERT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
  EXPECT_FALSE(was_logged(web2, missing, begin())) << "it was asked in time: " << pair().log();
}

TEST_F(Witness, a_goodbye_needs_none) {
  stop_daemon(web1);
  EXPECT_TRUE(wait([] { return holds(web2, "10.0.20.100"); })) << pair().log();
}

}  // namespace
}  // namespace baton::lab
