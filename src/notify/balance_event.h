// What to tell whom when a real server or the quorum of a virtual server changes, as keepalived words it (cli.md §8,
// §9).
#pragma once

#include <optional>
#include <string>

#include "notify/event.h"

namespace baton::notify {

// A change of a virtual server's quorum, or of one of its real servers.
struct BalanceEvent {
  std::string virtual_server;  // "[10.0.0.1]:tcp:80", "[group]:80", "FWM 3"
  std::string real_server;     // "[10.0.0.11]:tcp:80"; empty: the virtual server itself
  bool is_up = false;

  bool operator==(const BalanceEvent&) const = default;
};

// One runner key for each of them: "VS [10.0.0.1]:tcp:80", "RS [10.0.0.11]:tcp:80 [10.0.0.1]:tcp:80".
std::string key(const BalanceEvent& event);

// The same with UP or DOWN and a newline.
std::string fifo_line(const BalanceEvent& event);

// Nothing when there is nobody to send it to. `reason`: what the check said; may be empty.
std::optional<Mail> alert(const BalanceEvent& event, const std::string& reason, const MailSettings& settings);

}  // namespace baton::notify
