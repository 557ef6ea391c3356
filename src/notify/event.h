// What to tell whom when an instance or a group changes: script calls, FIFO lines and mails as values, with exactly the
// arguments that keepalived gives them (cli.md §7–9). Who starts the scripts and sends the mail is no matter of this
// room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notify/command.h"
#include "notify/mail.h"

namespace baton::notify {

enum class Subject : std::uint8_t { instance, group };

enum class EventState : std::uint8_t {
  master,
  backup,
  fault,
  stop,                 // the daemon stops
  deleted,              // gone from the configuration
  master_rx_lower_pri,  // as MASTER, a lower advert was heard; instances only
  master_priority,      // the effective priority changed in that state (notify_priority_changes); FIFO only
  backup_priority,
  two_owners,  // as MASTER, somebody else was found to have the addresses; mail and webhooks only
};
std::string_view name(EventState state);  // "MASTER", "MASTER_RX_LOWER_PRI": as FIFO lines have it

struct Event {
  Subject subject = Subject::instance;
  std::string name;
  EventState state = EventState::backup;
  unsigned priority = 0;  // effective; not looked at for a group, whose scripts are told 0
  std::string detail{};   // of two_owners: who, and what comes of it

  bool operator==(const Event&) const = default;
};

// The notify lines of one vrrp_instance or vrrp_sync_group.
struct Hooks {
  std::optional<Command> master;
  std::optional<Command> backup;
  std::optional<Command> fault;
  std::optional<Command> stop;
  std::optional<Command> deleted;  // notify_deleted
  std::optional<Command> master_rx_lower_pri;
  std::optional<Command> any;     // `notify`
  bool notifies_deleted = false;  // notify_deleted given: a vanished instance is DELETED, else FAULT
  bool smtp_alert = false;
  bool operator==(const Hooks&) const = default;
};

// One runner key per instance and per group, so that the scripts of each run one after the other: "INSTANCE VI_1".
std::string key(const Event& event);

// The script of the state, then `notify` with four more arguments. Empty: nobody asked.
std::vector<Command> commands(const Event& event, const Hooks& hooks);

// `INSTANCE "VI_1" MASTER 100` and a newline; every event has one.
std::string fifo_line(const Event& event, const Hooks& hooks);

// The mail of an event, when there is one: states and two owners, and only when asked for by smtp_alert. That no state
// is mailed twice in a row is the caller's to see to, who knows the last one.
struct MailSettings {
  std::string router_id;
  std::string from;             // notification_email_from
  std::vector<std::string> to;  // notification_email
};
bool is_state(EventState state);  // that an instance or a group is in; the others happen to it
std::optional<Mail> alert(const Event& event, const Hooks& hooks, const MailSettings& settings);

}  // namespace baton::notify
