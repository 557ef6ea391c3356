// interface_up_down_delays, linkbeat_interfaces, garp_group.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

LoadResult load_with(const std::string& block) {
  return load_text(block + "\n" + instance_text("advert_int 2"));
}

TEST(LinkDelays, are_read_line_by_line) {
  const LoadResult result = load_with("interface_up_down_delays {\neth0 1.5 2\neth1 3\n}");
  EXPECT_THAT(result.diagnostics, IsEmpty());
  EXPECT_THAT(result.configuration.link_delays, ElementsAre(LinkDelay{"eth0", 1500ms, 2s}, LinkDelay{"eth1", 3s, 0s}));
}

TEST(LinkDelays, must_be_shorter_than_two_intervals) {  // as keepalived 2.2.7 shortens them
  const LoadResult result = load_with("interface_up_down_delays {\neth0 4 1\n}");
  EXPECT_THAT(ids(result), ElementsAre("link-delay"));
  EXPECT_EQ(result.configuration.link_delays.at(0).down, 4s - Duration(2s) / 256);
  EXPECT_EQ(result.configuration.link_delays.at(0).up, 1s);
}

TEST(LinkDelays, that_are_none_are_said) {
  const LoadResult result = load_with("interface_up_down_delays {\neth0\neth1 -1\neth2 1 300\n}");
  EXPECT_THAT(ids(result), ElementsAre("bad-value", "bad-value", "bad-value"));
  EXPECT_THAT(result.configuration.link_delays, IsEmpty());
}

TEST(PolledLinks, have_a_method_or_all_of_them) {
  const LoadResult result =
      load_with("linkbeat_interfaces {\neth0\neth1 MII\neth2 ETHTOOL\neth3 IOCTL\neth4 TELEPATHY\n}");
  using enum CarrierMethod;
  EXPECT_THAT(ids(result), ElementsAre("bad-value"));
  EXPECT_THAT(result.configuration.polled_links,
              ElementsAre(PolledLink{"eth0", any}, PolledLink{"eth1", mii}, PolledLink{"eth2", ethtool},
                          PolledLink{"eth3", ioctl}, PolledLink{"eth4", any}));
}

TEST(PolledLinks, of_an_instance_are_its_interface) {
  for (const auto& result :
       {load_text(instance_text("linkbeat_use_polling")), load_text("linkbeat_use_polling\n" + instance_text(""))}) {
    EXPECT_THAT(ids(result), ElementsAre("old-spelling"));
    EXPECT_THAT(result.configuration.polled_links, ElementsAre(PolledLink{"eth0", CarrierMethod::any}));
  }
}

TEST(AnnouncementGroups, have_interfaces_and_an_interval) {
  const LoadResult result = load_with(
      "garp_group {\ninterfaces {\neth0 eth1\neth2\n}\ngarp_interval 0.002\n}\n"
      "garp_group {\ninterface eth3\ngna_interval 1.5\n}");
  EXPECT_THAT(result.diagnostics, IsEmpty());
  EXPECT_THAT(
      result.configuration.announcement_groups,
      ElementsAre(AnnouncementGroup{{"eth0", "eth1", "eth2"}, 2ms, 0s}, AnnouncementGroup{{"eth3"}, 0s, 1500ms}));
}

TEST(AnnouncementGroups, that_say_nothing_are_ignored) {
  const LoadResult result = load_with(
      "garp_group {\ninterface eth0\n}\ngarp_group {\ngarp_interval 1\n}\n"
      "garp_group {\ninterface eth0\ngarp_interval 1\n}\ngarp_group {\ninterfaces {\neth0\neth1\n}\ngarp_interval "
      "2\n}");
  EXPECT_THAT(ids(result), ElementsAre("incomplete-block", "incomplete-block", "given-twice"));
  EXPECT_THAT(result.configuration.announcement_groups,
              ElementsAre(AnnouncementGroup{{"eth0"}, 1s, 0s}, AnnouncementGroup{{"eth1"}, 2s, 0s}));
}

}  // namespace
}  // namespace baton::config
