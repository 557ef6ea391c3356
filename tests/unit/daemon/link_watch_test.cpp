#include "daemon/link_watch.h"

#include <gmock/gmock.h>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

struct Bench {
  explicit Bench(const std::string& head = "", const std::string& lines = "")
      : setup(setup_of(head + "\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n" + lines +
                       "\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}\n")),
        watch(setup, [this](const std::string& name, config::CarrierMethod) {
          ++asked;
          return name == "eth0" ? answer : std::nullopt;
        }) {
    link(true);
  }
  void link(bool is_up) {
    interfaces.apply(kernel::LinkChange{{.index = 2, .name = "eth0", .is_up = is_up, .is_enabled = true}, false});
    watch.follow(interfaces, now);
  }
  void advance(Duration span) {
    now += span;
    watch.follow(interfaces, now);
  }
  bool is_up() const { return watch.is_up("eth0"); }

  Setup setup;
  std::optional<bool> answer = true;
  int asked = 0;
  LinkWatch watch;
  kernel::InterfaceTable interfaces;
  Instant now{100s};
};

TEST(LinkWatch, what_the_kernel_tells_counts_at_once) {
  Bench bench;
  EXPECT_TRUE(bench.is_up());
  bench.link(false);
  EXPECT_FALSE(bench.is_up());
  EXPECT_EQ(bench.watch.next_at(), std::nullopt);
  EXPECT_EQ(bench.asked, 0);
}

TEST(LinkWatch, a_delayed_link_is_down_when_it_has_lasted) {
  Bench bench("interface_up_down_delays {\neth0 1.5 0.5\n}");
  bench.link(false);
  EXPECT_TRUE(bench.is_up());
  EXPECT_EQ(bench.watch.next_at(), bench.now + 1500ms);
  bench.advance(1s);
  EXPECT_TRUE(bench.is_up());
  bench.advance(500ms);
  EXPECT_FALSE(bench.is_up());
  EXPECT_EQ(bench.watch.next_at(), std::nullopt);
  bench.link(true);
  EXPECT_FALSE(bench.is_up());
  bench.advance(500ms);
  EXPECT_TRUE(bench.is_up());
}

TEST(LinkWatch, a_link_that_flaps_within_its_delay_was_never_down) {
  Bench bench("interface_up_down_delays {\neth0 1.5\n}");
  bench.link(false);
  bench.advance(1s);
  bench.link(true);
  EXPECT_EQ(bench.watch.next_at(), std::nullopt);
  bench.advance(1s);
  bench.link(false);
  bench.advance(1s);  // counted anew
  EXPECT_TRUE(bench.is_up());
}

TEST(LinkWatch, a_delay_without_the_one_for_up_is_for_down_alone) {  // as keepalived 2.2.7 does it
  Bench bench("interface_up_down_delays {\neth0 1.5\n}");
  bench.link(false);
  bench.advance(1500ms);
  ASSERT_FALSE(bench.is_up());
  bench.link(true);
  EXPECT_TRUE(bench.is_up());
}

TEST(LinkWatch, an_interface_that_is_gone_is_not_waited_for) {
  Bench bench("interface_up_down_delays {\neth0 1.5\n}");
  bench.interfaces.apply(kernel::LinkChange{{.index = 2, .name = "eth0"}, true});
  bench.watch.follow(bench.interfaces, bench.now);
  EXPECT_FALSE(bench.is_up());
}

TEST(LinkWatch, a_polled_link_is_what_the_driver_says_once_a_second) {
  for (const auto& [head, lines] : {std::pair("linkbeat_interfaces {\neth0 ETHTOOL\n}", ""),
                                    std::pair("", "linkbeat_use_polling"), std::pair("linkbeat_use_polling", "")}) {
    Bench bench(head, lines);
    EXPECT_EQ(bench.asked, 1);
    bench.answer = false;
    bench.advance(999ms);
    EXPECT_TRUE(bench.is_up());
    EXPECT_EQ(bench.watch.next_at(), bench.now + 1ms);
    bench.advance(1ms);
    EXPECT_FALSE(bench.is_up());
    EXPECT_EQ(bench.asked, 2);
    bench.link(false);  // the kernel hears nothing of its carrier
    bench.answer = true;
    bench.advance(1s);
    EXPECT_TRUE(bench.is_up());
  }
}

TEST(LinkWatch, where_the_driver_does_not_answer_the_kernel_is_believed) {
  Bench bench("linkbeat_interfaces {\neth0 MII\n}");
  bench.answer.reset();
  bench.advance(1s);
  EXPECT_TRUE(bench.is_up());
  bench.link(false);
  EXPECT_FALSE(bench.is_up());
}

}  // namespace
}  // namespace baton::daemon
