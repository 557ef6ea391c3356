// What a stranger can provoke with every packet is told to nobody with every packet.
#include "daemon/newsroom.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

class NewsroomTest : public testing::Test {
 protected:
  NewsroomTest() {
    auto pair = kernel::Channel::make_pair();
    EXPECT_TRUE(pair);
    api_ = std::move(pair->first);
    listener_ = std::move(pair->second);
  }

  vrrp::LowerPriorityHeard lower() const {
    return {.advert = {.source = *IpAddress::parse("10.0.0.66"), .priority = 10}};
  }
  // States of the events that the api was told.
  std::vector<std::string> told() {
    newsroom_.finish();
    std::vector<std::string> states;
    while (const auto got = listener_.receive()) {
      states.push_back(nlohmann::json::parse(got->bytes.begin(), got->bytes.end()).value("state", ""));
    }
    return states;
  }
  static std::size_t count(const std::string& words, const std::string& text) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) ++found;
    return found;
  }

  daemon::Setup setup_ = setup_of(
      "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nadvert_int 40\nvrrp_version 3\n"
      "virtual_ipaddress {\n10.0.0.1\n}\n}\n");
  vrrp::Node node_{setup_.node};
  loop::Loop loop_;
  log::Logger log_{{.console = true, .syslog = false}};
  kernel::Channel api_, listener_;
  Newsroom newsroom_{setup_, log_, loop_, api_};
};

TEST_F(NewsroomTest, a_flood_of_lower_adverts_is_news_once_in_half_an_advert_interval) {
  for (int i = 0; i < 10'000; ++i) newsroom_.on_lower_priority_heard(0, lower(), node_);
  EXPECT_EQ(told(), std::vector<std::string>{"MASTER_RX_LOWER_PRI"});
}

TEST_F(NewsroomTest, masters_that_take_turns_with_every_advert_fill_no_log) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 10'000; ++i) {
    newsroom_.on_master_learned(
        0, {.address = *IpAddress::parse(i % 2 == 0 ? "10.0.0.66" : "10.0.0.67"), .priority = 200});
  }
  newsroom_.finish();
  EXPECT_EQ(count("master is", testing::internal::GetCapturedStderr()), limits::masters_told);
}

TEST_F(NewsroomTest, a_state_is_told_when_a_runner_was_there_or_another_worker_has_it) {
  const auto change = [&](vrrp::State from, vrrp::State to) {
    newsroom_.on_state_changed(0, {.from = from, .to = to, .reason = vrrp::Reason::start}, node_);
    newsroom_.finish();
  };
  change(vrrp::State::init, vrrp::State::backup);
  EXPECT_EQ(newsroom_.told(0).router, vrrp::State::init);
  auto pair = kernel::Channel::make_pair();
  ASSERT_TRUE(pair);
  newsroom_.meet(std::move(pair->first));
  EXPECT_EQ(newsroom_.told(0).router, vrrp::State::backup);
  EXPECT_EQ(newsroom_.take_told(), std::vector<vrrp::RouterId>{0});

  pair->second.close();
  EXPECT_FALSE(newsroom_.receive([](auto, auto) {}, [](const auto&) {}));
  change(vrrp::State::backup, vrrp::State::master);
  EXPECT_EQ(newsroom_.told(0).router, vrrp::State::backup);
  newsroom_.entrust();
  EXPECT_EQ(newsroom_.told(0).router, vrrp::State::master);
}

// What a worker died over: the state in its will is not the one that was told.
TEST_F(NewsroomTest, what_the_worker_before_did_not_tell_is_told) {
  RouterWill will{.told = {.router = vrrp::State::backup}};
  will.router = {.state = vrrp::State::master, .reason = vrrp::Reason::master_down, .priority = 100};
  newsroom_.take_over(std::vector{std::optional(will)});
  EXPECT_EQ(told(), std::vector<std::string>{"MASTER"});
  will.told.router = vrrp::State::master;
  newsroom_.take_over(std::vector{std::optional(will)});
  EXPECT_EQ(told(), std::vector<std::string>{});
}

}  // namespace
}  // namespace baton::daemon
