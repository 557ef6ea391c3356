#include "notify/balance_event.h"

#include <fmt/format.h>

namespace baton::notify {
namespace {

std::string_view word(const BalanceEvent& event) {
  return event.is_up ? "UP" : "DOWN";
}

std::string sentence(const BalanceEvent& event, const std::string& reason) {
  if (event.real_server.empty()) {
    return event.is_up ? "Gained quorum, its real servers serve" : "Lost quorum, too few real servers are up";
  }
  const std::string why = reason.empty() ? "" : fmt::format(" ({})", reason);
  return event.is_up ? "CHECK succeeded" + why + ", the server is back" : "CHECK failed" + why + ", the server is out";
}

}  // namespace

std::string key(const BalanceEvent& event) {
  return event.real_server.empty() ? "VS " + event.virtual_server
                                   : fmt::format("RS {} {}", event.real_server, event.virtual_server);
}

std::string fifo_line(const BalanceEvent& event) {
  return fmt::format("{} {}\n", key(event), word(event));
}

std::optional<Mail> alert(const BalanceEvent& event, const std::string& reason, const MailSettings& settings) {
  if (settings.to.empty()) return std::nullopt;
  const std::string thing = event.real_server.empty() ? "Virtualserver " + event.virtual_server
                                                      : fmt::format("Realserver {} of virtual server {}",
                                                                    event.real_server, event.virtual_server);
  return Mail{.from = settings.from,
              .to = settings.to,
              .subject = fmt::format("[{}] {} - {}", settings.router_id, thing, word(event)),
              .body = fmt::format("=> {} <=\n", sentence(event, reason))};
}

}  // namespace baton::notify
