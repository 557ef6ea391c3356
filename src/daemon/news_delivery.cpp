#include "daemon/news_delivery.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "loop/loop.h"
#include "process/runner_protocol.h"

namespace baton::daemon {

namespace {

// docs/status.md: what its event has besides.
void add(const vrrp::SecondOwnerSeen& seen, nlohmann::json& event) {
  event["event"] = "two-owners";
  event["state"] = seen.we_stay ? "kept" : "left";
  event[seen.mac ? "address" : "peer"] = to_string(seen.address);
  if (seen.mac) {
    event["mac"] = to_string(*seen.mac);
  } else {
    event["peer_priority"] = seen.priority;
  }
}

}  // namespace

void NewsDelivery::deliver(const News& news) {
  if (news.for_whom == News::For::api) return tell_api(news);
  if (news.for_whom == News::For::all) {
    const auto commands = notify::commands(news.event, *news.hooks);
    if (!commands.empty()) {
      const process::Notify told{.key = notify::key(news.event), .rules = setup_.script_rules, .commands = commands};
      is_state(news.event.state) ? desk_.run_for_state(told) : desk_.run_once(told);
    }
  }
  const bool has_line = news.event.state != notify::EventState::two_owners;  // readers know keepalived's words
  if (!setup_.fifos.empty() && has_line) {
    desk_.tell(process::WriteFifos{.text = notify::fifo_line(news.event, *news.hooks)});
  }
  if (news.for_whom == News::For::fifos) return;
  mail(news);
  tell_webhooks(news);
  tell_api(news);
}

void NewsDelivery::mail(const News& news) {
  if (!setup_.mail_server) return;
  if (news.event.state == notify::EventState::fault && !setup_.mail_on_fault) return;
  auto alert = notify::alert(news.event, *news.hooks, setup_.mail);
  if (!alert) return;
  if (!is_state(news.event.state)) return desk_.tell(process::SendMail{.server = *setup_.mail_server, .mail = *alert});
  const auto [last, is_first] = mailed_.try_emplace(notify::key(news.event), news.event.state);
  if (!is_first && std::exchange(last->second, news.event.state) == news.event.state) return;
  desk_.tell(process::SendMail{.server = *setup_.mail_server, .mail = std::move(*alert)});
}

void NewsDelivery::tell_webhooks(const News& news) {
  const auto wants = [&](const notify::Webhook& webhook) {
    return (webhook.states & notify::bit(news.event.state)) != 0;
  };
  if (std::ranges::none_of(setup_.webhooks, wants)) return;
  const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(news.at.time_since_epoch());
  desk_.tell(process::TellWebhooks{.news = {.node = setup_.router_id,
                                            .subject = news.event.subject,
                                            .name = news.event.name,
                                            .state = news.event.state,
                                            .priority = news.event.priority,
                                            .reason = std::string(news.reason),
                                            .detail = news.event.detail,
                                            .at_ms = static_cast<std::uint64_t>(at.count())}});
}

// docs/status.md. Who misses one is told how many, and asks for the status.
void NewsDelivery::tell_api(const News& news) {
  if (!api_) return;
  const bool is_instance = news.event.subject == notify::Subject::instance;
  nlohmann::json event{{"event", is_instance ? "instance" : "group"},
                       {"name", news.event.name},
                       {"state", news.shown.empty() ? name(news.event.state) : news.shown},
                       {"at", std::chrono::duration<double>(news.at.time_since_epoch()).count()}};
  if (is_instance) event["priority"] = news.event.priority;
  if (!news.reason.empty()) event["reason"] = news.reason;
  if (news.second_owner) add(*news.second_owner, event);
  if (events_lost_ > 0) event["lost"] = events_lost_;
  events_lost_ = send_api(event) ? 0 : events_lost_ + 1;
}

bool NewsDelivery::send_api(const nlohmann::json& event) {
  const std::string text = event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return api_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).has_value();
}

void NewsDelivery::deliver_rejected(const std::string& instance, vrrp::RejectReason reason, const IpAddress& source) {
  tell_listeners(
      {{"event", "rejected"}, {"name", instance}, {"reason", vrrp::name(reason)}, {"source", to_string(source)}});
}

void NewsDelivery::deliver_hook(const std::string& name, std::string_view hook, std::string_view state) {
  tell_listeners({{"event", "hook"}, {"name", name}, {"state", state}, {"reason", hook}});
}

// Who misses it has the log and the counters.
void NewsDelivery::tell_listeners(nlohmann::json event) {
  if (!api_) return;
  event["at"] = std::chrono::duration<double>(loop::wall_now().time_since_epoch()).count();
  (void)send_api(event);
}

}  // namespace baton::daemon
