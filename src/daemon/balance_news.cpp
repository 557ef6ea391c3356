#include "daemon/balance_news.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::daemon {

void BalanceNews::tell(const balance::Action& action) {
  std::visit([this](const auto& change) { tell(change); }, action);
}

void BalanceNews::tell(const balance::ServerChanged& change) {
  const VirtualServerHooks& service = balance_.hooks[change.service];
  const RealServerHooks& server = service.servers[change.server];
  const std::string why = change.reason.empty() ? "" : ": " + change.reason;
  log_.write(change.is_up ? log::Level::notice : log::Level::warning,
             fmt::format("real server {} of virtual server {} is {}{}", server.name, service.name,
                         change.is_up ? "up" : "down", why),
             {{"VIRTUAL_SERVER", service.name}, {"REAL_SERVER", server.name}});
  const notify::BalanceEvent event{.virtual_server = service.name, .real_server = server.name, .is_up = change.is_up};
  run(event, change.is_up ? server.up : server.down);
  write_fifos(event);
  if (server.smtp_alert && !change.is_first) mail(event, change.reason);
}

void BalanceNews::tell(const balance::QuorumChanged& change) {
  const VirtualServerHooks& service = balance_.hooks[change.service];
  const balance::Service& made = balance_.services[change.service];
  log_.write(change.has_quorum ? log::Level::notice : log::Level::warning,
             fmt::format("virtual server {} {} its quorum of {}: real servers that are up weigh {}{}", service.name,
                         change.has_quorum ? "has" : "has lost", made.quorum, change.weight,
                         change.has_quorum || !made.sorry ? "" : "; the sorry server serves"),
             {{"VIRTUAL_SERVER", service.name}});
  const notify::BalanceEvent event{.virtual_server = service.name, .real_server = {}, .is_up = change.has_quorum};
  run(event, change.has_quorum ? service.quorum_up : service.quorum_down);
  write_fifos(event);
  if (service.smtp_alert) mail(event, {});
}

void BalanceNews::run(const notify::BalanceEvent& event, const std::optional<notify::Command>& command) {
  if (!command) return;
  send(process::Notify{.key = key(event), .rules = setup_.script_rules, .commands = {*command}});
}

void BalanceNews::write_fifos(const notify::BalanceEvent& event) {
  if (std::ranges::none_of(setup_.fifos, &process::Fifo::hears_services)) return;
  send(process::WriteFifos{.text = fifo_line(event), .is_of_service = true});
}

void BalanceNews::mail(const notify::BalanceEvent& event, const std::string& reason) {
  if (!setup_.mail_server) return;
  if (auto text = notify::alert(event, reason, setup_.mail)) {
    send(process::SendMail{.server = *setup_.mail_server, .mail = std::move(*text)});
  }
}

void BalanceNews::send(const process::ToRunner& message) {
  auto bytes = process::encode(message);
  if (!bytes) return log_.error(fmt::format("a message to the runner cannot be sent: {}", name(bytes.error())));
  outbox_.put(std::move(*bytes));
  if (outbox_.lost() == told_lost_) return;
  constexpr std::uint64_t told_each = 1'000;
  if (told_lost_ / told_each == outbox_.lost() / told_each && told_lost_ > 0) return;
  told_lost_ = outbox_.lost();
  log_.error(
      fmt::format("news for scripts and mail are lost ({} so far): there is no runner that takes them", told_lost_));
}

}  // namespace baton::daemon
