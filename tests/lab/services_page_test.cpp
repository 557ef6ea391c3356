// Load balancing on the web page: a browser beside a balancer before real web servers.
#include <gtest/gtest.h>

#include "balanced_network.h"
#include "browser.h"

namespace baton::lab {
namespace {

constexpr const char* two_servers =
    "global_defs {\n  router_id lab\n  lb_plane nftables\n}\n"
    "virtual_server 10.9.0.100 80 {\n  delay_loop 1\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n"
    "  sorry_server 10.8.0.14 80\n"
    "  real_server 10.8.0.11 80 {\n    TCP_CHECK {\n      connect_timeout 1\n      retry 0\n    }\n  }\n"
    "  real_server 10.8.0.12 80 {\n    TCP_CHECK {\n      connect_timeout 1\n      retry 0\n    }\n  }\n}\n";

bool wait(const std::function<bool()>& condition) {
  const Instant deadline = now() + std::chrono::seconds(90);
  while (!condition()) {
    if (now() > deadline) return false;
    (void)::poll(nullptr, 0, 20);
  }
  return true;
}

TEST(ServicesPage, says_which_server_is_out_and_that_the_sorry_server_serves) {
  if (!Browser::is_installed()) GTEST_SKIP() << "there is no chromium";
  BalancedNetwork network;
  network.run("lb1", "ip addr add 10.9.0.100/32 dev eth0");
  network.start_balancer("lb1", two_servers, "--http 9650");
  ASSERT_TRUE(network.becomes({"s1", "s2"})) << network.log("lb1");
  Browser page(network["lb1"].init(), wait);
  ASSERT_TRUE(page.is_ready());
  page.resize(1280, 800);
  page.open("http://127.0.0.1:9650/");
  const auto sees = [&](const std::string& text) {
    return page.sees("document.getElementById('services')?.innerText.includes('" + text + "')");
  };
  EXPECT_TRUE(sees("2 of 2 up, weight 2 of 1 wanted")) << page.value("document.body.innerText");
  EXPECT_TRUE(sees("served by nftables"));
  EXPECT_TRUE(sees("connections"));  // what they got is counted
  network.stop_web("s2");
  EXPECT_TRUE(sees("1 of 2 up")) << page.value("document.body.innerText");
  EXPECT_TRUE(sees("TCP_CHECK: "));
  network.stop_web("s1");
  EXPECT_TRUE(sees("no quorum"));
  EXPECT_TRUE(sees("the sorry server 10.8.0.14:80 alone serves"));
  page.resize(360, 780);
  EXPECT_TRUE(page.sees("document.documentElement.scrollWidth <= 360"));
}

}  // namespace
}  // namespace baton::lab
