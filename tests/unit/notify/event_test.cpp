#include "notify/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::notify {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Command command(std::string path) {
  return {.argv = {std::move(path)}, .user = {}, .group = {}};
}

Hooks all_hooks() {
  return {.master = command("/m"),
          .backup = command("/b"),
          .fault = command("/f"),
          .stop = command("/s"),
          .deleted = command("/d"),
          .master_rx_lower_pri = command("/l"),
          .any = Command{.argv = {"/any", "configured argument"}, .user = "mail", .group = {}},
          .notifies_deleted = true,
          .smtp_alert = true};
}

Event instance(EventState state) {
  return {.subject = Subject::instance, .name = "VI_1", .state = state, .priority = 104};
}

std::vector<std::vector<std::string>> arguments(const std::vector<Command>& commands) {
  std::vector<std::vector<std::string>> arguments;
  for (const Command& command : commands) arguments.push_back(command.argv);
  return arguments;
}

TEST(NotifyEvent, state_script_comes_first_with_its_configured_arguments_only_then_notify_with_four_more) {
  EXPECT_THAT(
      arguments(commands(instance(EventState::master), all_hooks())),
      ElementsAre(ElementsAre("/m"), ElementsAre("/any", "configured argument", "INSTANCE", "VI_1", "MASTER", "104")));
}

TEST(NotifyEvent, each_command_keeps_its_user) {
  EXPECT_EQ(commands(instance(EventState::master), all_hooks()).at(1).user, "mail");
}

TEST(NotifyEvent, every_state_has_its_script) {
  const Hooks hooks = all_hooks();
  const auto first = [&](EventState state) { return commands(instance(state), hooks).at(0).argv.at(0); };
  EXPECT_EQ(first(EventState::backup), "/b");
  EXPECT_EQ(first(EventState::fault), "/f");
  EXPECT_EQ(first(EventState::stop), "/s");
  EXPECT_EQ(first(EventState::deleted), "/d");
}

TEST(NotifyEvent, a_lower_advert_has_a_script_of_its_own_and_is_no_state) {
  EXPECT_THAT(arguments(commands(instance(EventState::master_rx_lower_pri), all_hooks())),
              ElementsAre(ElementsAre("/l")));
}

TEST(NotifyEvent, priority_changes_go_to_the_fifo_alone) {
  EXPECT_THAT(commands(instance(EventState::master_priority), all_hooks()), IsEmpty());
  EXPECT_EQ(fifo_line(instance(EventState::master_priority), {}), "INSTANCE \"VI_1\" MASTER_PRIORITY 104\n");
}

TEST(NotifyEvent, a_group_is_told_with_priority_zero) {
  const Event event{.subject = Subject::group, .name = "G1", .state = EventState::fault, .priority = 7};
  EXPECT_THAT(commands(event, all_hooks()).at(1).argv,
              ElementsAre("/any", "configured argument", "GROUP", "G1", "FAULT", "0"));
  EXPECT_EQ(fifo_line(event, {}), "GROUP \"G1\" FAULT 0\n");
}

TEST(NotifyEvent, deleted_is_fault_unless_notify_deleted) {
  Hooks hooks = all_hooks();
  hooks.notifies_deleted = false;
  hooks.deleted = {};
  const Event event = instance(EventState::deleted);
  EXPECT_THAT(arguments(commands(event, hooks)),
              ElementsAre(ElementsAre("/any", "configured argument", "INSTANCE", "VI_1", "FAULT", "104")));
  EXPECT_EQ(fifo_line(event, hooks), "INSTANCE \"VI_1\" FAULT 104\n");
}

TEST(NotifyEvent, nothing_configured_nothing_called) {
  EXPECT_THAT(commands(instance(EventState::master), {}), IsEmpty());
}

TEST(NotifyEvent, instance_and_group_of_one_name_have_different_keys) {
  EXPECT_EQ(key(instance(EventState::stop)), "INSTANCE VI_1");
  EXPECT_EQ(key({.subject = Subject::group, .name = "VI_1"}), "GROUP VI_1");
}

TEST(NotifyEvent, alert_has_keepalived_subjects) {
  const MailSettings settings{.router_id = "web1", .from = "a@b", .to = {"c@d"}};
  const auto subject = [&](EventState state) { return alert(instance(state), all_hooks(), settings)->subject; };
  EXPECT_EQ(subject(EventState::master), "[web1] VRRP Instance VI_1 - Entering MASTER state");
  EXPECT_EQ(subject(EventState::backup), "[web1] VRRP Instance VI_1 - Entering BACKUP state");
  EXPECT_EQ(subject(EventState::fault), "[web1] VRRP Instance VI_1 - Entering FAULT state");
  EXPECT_EQ(subject(EventState::stop), "[web1] VRRP Instance VI_1 - Stopping");
  EXPECT_EQ(subject(EventState::deleted), "[web1] VRRP Instance VI_1 - Deleted");
  const Event group{.subject = Subject::group, .name = "G1", .state = EventState::master};
  EXPECT_EQ(alert(group, all_hooks(), settings)->subject, "[web1] VRRP Group G1 - Entering MASTER state");
}

TEST(NotifyEvent, alert_body_is_one_line_between_arrows) {
  const MailSettings settings{.router_id = "web1", .from = "a@b", .to = {"c@d"}};
  EXPECT_THAT(alert(instance(EventState::master), all_hooks(), settings)->body,
              ::testing::MatchesRegex("=> [^\n]+ <=\n"));
}

// Readers of FIFOs and scripts know keepalived's words; a person wants to know who it is.
TEST(NotifyEvent, two_owners_are_mailed_with_who_it_is_and_call_no_script) {
  const MailSettings settings{.router_id = "web1", .from = "a@b", .to = {"c@d"}};
  Event two = instance(EventState::two_owners);
  two.detail = "10.0.20.15 is MASTER as well";
  const auto mail = alert(two, all_hooks(), settings);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->subject, "[web1] VRRP Instance VI_1 - Two owners");
  EXPECT_THAT(mail->body, ::testing::HasSubstr("as well: 10.0.20.15 is MASTER as well <="));
  EXPECT_THAT(commands(two, all_hooks()), IsEmpty());
}

TEST(NotifyEvent, no_alert_without_smtp_alert_without_recipient_or_for_what_is_no_state) {
  const MailSettings settings{.router_id = "web1", .from = "a@b", .to = {"c@d"}};
  EXPECT_EQ(alert(instance(EventState::master), {}, settings), std::nullopt);
  EXPECT_EQ(alert(instance(EventState::master), all_hooks(), {}), std::nullopt);
  EXPECT_EQ(alert(instance(EventState::master_rx_lower_pri), all_hooks(), settings), std::nullopt);
}

}  // namespace
}  // namespace baton::notify
