#include "notify/event.h"

#include <fmt/format.h>

#include <utility>

namespace baton::notify {

namespace {

// A vanished instance is reported as FAULT unless notify_deleted is configured.
EventState told(const Event& event, const Hooks& hooks) {
  if (event.state == EventState::deleted && !hooks.notifies_deleted) return EventState::fault;
  return event.state;
}

std::string_view subject_word(Subject subject) {
  return subject == Subject::instance ? "INSTANCE" : "GROUP";
}

unsigned told_priority(const Event& event) {
  return event.subject == Subject::instance ? event.priority : 0;
}

const std::optional<Command>& state_hook(EventState state, const Hooks& hooks) {
  static const std::optional<Command> none;
  switch (state) {
    case EventState::master: return hooks.master;
    case EventState::backup: return hooks.backup;
    case EventState::fault: return hooks.fault;
    case EventState::stop: return hooks.stop;
    case EventState::deleted: return hooks.deleted;
    case EventState::master_rx_lower_pri: return hooks.master_rx_lower_pri;
    case EventState::master_priority:
    case EventState::backup_priority:
    case EventState::two_owners: return none;
  }
  std::unreachable();
}

// The end of the subject and the sentence of the body.
std::pair<std::string_view, std::string_view> mail_words(EventState state) {
  switch (state) {
    case EventState::master: return {"Entering MASTER state", "This node now holds the virtual addresses"};
    case EventState::backup: return {"Entering BACKUP state", "This node does not hold the virtual addresses"};
    case EventState::fault: return {"Entering FAULT state", "This node cannot hold the virtual addresses"};
    case EventState::stop: return {"Stopping", "The daemon stops on this node"};
    case EventState::deleted: return {"Deleted", "Removed from the configuration of this node"};
    case EventState::two_owners: return {"Two owners", "Somebody else has the virtual addresses as well"};
    case EventState::master_rx_lower_pri:
    case EventState::master_priority:
    case EventState::backup_priority: break;
  }
  std::unreachable();
}

}  // namespace

std::string_view name(EventState state) {
  switch (state) {
    case EventState::master: return "MASTER";
    case EventState::backup: return "BACKUP";
    case EventState::fault: return "FAULT";
    case EventState::stop: return "STOP";
    case EventState::deleted: return "DELETED";
    case EventState::master_rx_lower_pri: return "MASTER_RX_LOWER_PRI";
    case EventState::master_priority: return "MASTER_PRIORITY";
    case EventState::backup_priority: return "BACKUP_PRIORITY";
    case EventState::two_owners: return "TWO_OWNERS";
  }
  std::unreachable();
}

// keepalived calls `notify` for states only; the other events have their own script or the FIFO.
bool is_state(EventState state) {
  switch (state) {
    case EventState::master:
    case EventState::backup:
    case EventState::fault:
    case EventState::stop:
    case EventState::deleted: return true;
    case EventState::master_rx_lower_pri:
    case EventState::master_priority:
    case EventState::backup_priority:
    case EventState::two_owners: return false;
  }
  std::unreachable();
}

std::string key(const Event& event) {
  return fmt::format("{} {}", subject_word(event.subject), event.name);
}

std::vector<Command> commands(const Event& event, const Hooks& hooks) {
  const EventState state = told(event, hooks);
  std::vector<Command> commands;
  // A vanished instance without notify_deleted is told to `notify` as FAULT, but notify_fault is not called (watched).
  if (const auto& hook = state_hook(event.state, hooks)) commands.push_back(*hook);
  if (hooks.any && is_state(state)) {
    Command& any = commands.emplace_back(*hooks.any);
    any.argv.insert(any.argv.end(), {std::string(subject_word(event.subject)), event.name, std::string(name(state)),
                                     std::to_string(told_priority(event))});
  }
  return commands;
}

std::string fifo_line(const Event& event, const Hooks& hooks) {
  return fmt::format("{} \"{}\" {} {}\n", subject_word(event.subject), event.name, name(told(event, hooks)),
                     told_priority(event));
}

std::optional<Mail> alert(const Event& event, const Hooks& hooks, const MailSettings& settings) {
  const EventState state = told(event, hooks);
  const bool is_told = is_state(state) || state == EventState::two_owners;
  if (!hooks.smtp_alert || !is_told || settings.to.empty()) return std::nullopt;
  const auto [happening, sentence] = mail_words(state);
  const std::string_view thing = event.subject == Subject::instance ? "Instance" : "Group";
  return Mail{.from = settings.from,
              .to = settings.to,
              .subject = fmt::format("[{}] VRRP {} {} - {}", settings.router_id, thing, event.name, happening),
              .body = fmt::format("=> VRRP {} {}: {}{}{} <=\n", thing, event.name, sentence,
                                  event.detail.empty() ? "" : ": ", event.detail)};
}

}  // namespace baton::notify
