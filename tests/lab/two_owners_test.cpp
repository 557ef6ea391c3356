// Two owners are noticed: a cut that heals, and a stranger with our address. Both say so, and end as the rules have it.
#include <gmock/gmock.h>

#include <sstream>

#include "served_pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* stranger_mac = "02:00:00:00:06:66";

// Says with ARP that 10.0.20.100 is at a MAC address that nobody has, as often as it is told.
constexpr std::string_view stranger = R"(
import socket, sys
mac, address = bytes.fromhex('020000000666'), bytes([10, 0, 20, 100])
frame = b'\xff' * 6 + mac + bytes.fromhex('08060001080006040001') + mac + address + b'\xff' * 6 + address
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(('ens33', 0))
for _ in range(int(sys.argv[1])):
    wire.send(frame)
)";

class TwoOwners : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.prepare = [](Lab& lab) {
      std::ofstream(lab.machine(web2).outside_path("/run/lab/stranger.py")) << stranger;
    }});
  }
  static json signs(NodeId node) {
    const auto said = baton(node, "status VI_1 --json");
    const json status = said ? json::parse(said->text, nullptr, false) : json();
    return status.is_object() ? status.value("two_owners", json::object()) : json::object();
  }
  static std::vector<json> events(NodeId node) {
    std::vector<json> found;
    const auto said = baton(node, "events --json");
    std::istringstream lines(said ? said->text : "");
    for (std::string line; std::getline(lines, line);) {
      const json event = json::parse(line, nullptr, false);
      if (event.is_object() && event.value("event", "") == "two-owners") found.push_back(event);
    }
    return found;
  }
  static void send_as_stranger(int frames) {
    const auto sent = run(web2, fmt::format("/usr/bin/python3 /run/lab/stranger.py {}", frames));
    ASSERT_TRUE(sent);
    ASSERT_EQ(sent->code, 0) << sent->text;
  }
};

TEST_F(TwoOwners, a_stranger_with_our_address_is_told_by_its_mac_address) {
  lab().run_for(1s);  // web1 has settled
  const int before = signs(web1).value("announcements", 0);
  send_as_stranger(1);
  ASSERT_TRUE(wait([&] { return signs(web1).value("announcements", 0) > before; })) << pair().log();
  const json last = signs(web1).at("last");
  EXPECT_EQ(last.value("mac", ""), stranger_mac) << last;
  EXPECT_EQ(last.value("address", ""), "10.0.20.100") << last;
  EXPECT_TRUE(was_logged(web1, stranger_mac, begin()));
  EXPECT_TRUE(pair().wait_for_owner(web1)) << "clients were told who has it: " << pair().log();
  EXPECT_EQ(signs(web2).value("announcements", 1), 0) << "a BACKUP has no say";
}

// A beat takes a thousand of them; the rest costs the kernel's queue and no mastership.
TEST_F(TwoOwners, a_flood_of_strangers_is_bounded_and_nobody_takes_over) {
  const auto lost = [] { return status(web1).value("/worker/announcements_lost"_json_pointer, 0); };
  const int before = lost();
  const Instant from = now();
  send_as_stranger(200'000);
  EXPECT_TRUE(wait([&] { return lost() > before; })) << pair().log();
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  EXPECT_TRUE(adverts(web2, from).empty()) << "web2 waited in vain: " << pair().log();
}

// The announcements of either are the other's strangers: this comes last.
TEST_F(TwoOwners, a_cut_that_heals_is_told_by_the_winner_and_soon_over) {
  Pair::expect_done(lab().set_forwarding(web1, "ens33", false));
  ASSERT_TRUE(wait([&] { return pair().owners().size() == 2; })) << pair().log();
  lab().run_for(1500ms);  // both have settled as MASTER
  const Instant healed = now();
  Pair::expect_done(lab().set_forwarding(web1, "ens33", true));
  ASSERT_TRUE(wait([&] { return pair().owners() == std::set<NodeId>{web1}; })) << pair().log();
  const Duration both_for = *lab().ownership().last_change(pair().address()) - healed;
  RecordProperty("both_for_ms", static_cast<int>(both_for / 1ms));  // an interval, where the machine is not busy
  EXPECT_LT(both_for, master_down_interval(lab().topology().targets.front(), 100)) << pair().log();
  ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  ASSERT_TRUE(wait([&] { return signs(web1).value("adverts", 0) > 0; })) << pair().log();
  const auto tells_of_web2 = [](const json& event) {
    return event.value("state", "") == "kept" && event.value("peer", "") == "10.0.20.15";
  };
  EXPECT_TRUE(wait([&] { return std::ranges::any_of(events(web1), tells_of_web2); })) << pair().log();
  const auto why = baton(web1, "why VI_1");
  ASSERT_TRUE(why);
  EXPECT_THAT(why->text, HasSubstr("signs of two owners"));
}

}  // namespace
}  // namespace baton::lab
