// Who is told of a change of state, and who is not.
#include <fmt/format.h>

#include <algorithm>

#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Globals;
using config::Notifications;

void check_told(const CheckedFile& file, const config::Place& place, std::string_view kind, std::string_view name,
                const Notifications& told, Report& report) {
  const Globals& globals = file.configuration().globals;
  if (!told.master || !told.backup || told.any || told.fault) return;
  if (globals.notify_fifo || globals.vrrp_notify_fifo) return;
  report.add("fault-not-told", file, file.keyword(place, "notify_backup"),
             fmt::format("{} {} has no notify_fault: in FAULT, when the link or a check fails, what notify_master has "
                         "started goes on",
                         kind, name),
             "add notify_fault with the command of notify_backup");
}

}  // namespace

void check_notifications(const CheckedFile& file, Report& report) {
  for (const config::Instance& instance : file.configuration().instances) {
    check_told(file, instance.place, "vrrp_instance", instance.name, instance.notifications, report);
  }
  for (const config::SyncGroup& group : file.configuration().groups) {
    check_told(file, group.place, "vrrp_sync_group", group.name, group.notifications, report);
  }
}

void check_mail(const CheckedFile& file, Report& report) {
  const config::Configuration& configuration = file.configuration();
  const config::Mail& mail = configuration.globals.mail;
  const auto asks = [](const auto& one) { return one.smtp_alert; };
  const auto instance = std::ranges::find_if(configuration.instances, asks);
  const auto group = std::ranges::find_if(configuration.groups, asks);
  const bool is_asked_for = instance != configuration.instances.end() || group != configuration.groups.end();
  if (is_asked_for && (!mail.relay || mail.recipients.empty())) {
    const config::Place& block = instance != configuration.instances.end() ? instance->place : group->place;
    report.add("mail-to-nobody", file, file.keyword(block, "smtp_alert"),
               fmt::format("smtp_alert is set, and there is no {}: no mail is sent",
                           mail.relay ? "notification_email" : "smtp_server"),
               "add smtp_server and notification_email to global_defs, or remove smtp_alert");
  } else if (!is_asked_for && mail.relay && !mail.recipients.empty() && !configuration.instances.empty()) {
    report.add("mail-not-asked-for", file, file.loaded.keyword_places.of_global("notification_email"),
               "there are recipients, and no smtp_alert: nobody gets mail about a change of state",
               "add smtp_alert to the instances, or to global_defs for all");
  }
}

}  // namespace baton::check
