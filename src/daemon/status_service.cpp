#include "daemon/status_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/channel.h"

namespace baton::daemon {

using nlohmann::json;

bool StatusService::serve(const ClockReading& clock, const std::function<void(vrrp::RouterId)>& handover) {
  const auto message = api_.receive();
  if (!message) return message.error() == kernel::Channel::Nothing::yet;
  const json question = json::parse(message->bytes, nullptr, false);
  const json reply = question.is_object() ? answer(question, clock, handover) : json{{"error", "malformed question"}};
  const std::string text = reply.dump(-1, ' ', false, json::error_handler_t::replace);
  (void)api_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});  // the api asks again
  return true;
}

json StatusService::answer(const json& question, const ClockReading& clock,
                           const std::function<void(vrrp::RouterId)>& handover) const {
  const std::string ask = question.value("ask", "");
  if (ask == "status") return page(question.value("from", std::size_t{0}), clock);
  if (ask != "handover") return {{"error", fmt::format("unknown question '{}'", ask)}};

  const std::string instance = question.value("instance", "");
  const auto& routers = source_.setup.routers;
  const auto found = std::ranges::find(routers, instance, &RouterSetup::name);
  if (found == routers.end()) return {{"error", fmt::format("no vrrp_instance is called '{}'", instance)}};
  const auto id = static_cast<vrrp::RouterId>(found - routers.begin());
  const vrrp::State state = source_.node.router(id).state();
  if (state != vrrp::State::master) {
    return {{"error", fmt::format("'{}' is {} here; ask the node that is MASTER", instance, name(state))}};
  }
  handover(id);
  return {{"message", fmt::format("'{}' asks its backups to take over; `baton status` shows when one has", instance)}};
}

json StatusService::page(std::size_t from, const ClockReading& clock) const {
  const std::size_t count = source_.setup.routers.size();
  const std::size_t end = std::min(count, from + limits::instances_a_page);
  json reply{{"instances", json::array()}, {"groups", json::array()}, {"scripts", json::array()}, {"next", nullptr}};
  for (std::size_t i = from; i < end; ++i) {
    reply["instances"].push_back(instance_status(source_, static_cast<vrrp::RouterId>(i), clock));
  }
  // The last page carries what is short: groups and scripts.
  if (end < count) {
    reply["next"] = end;
    return reply;
  }
  constexpr std::size_t most_shown = 100;
  for (vrrp::GroupId i = 0; i < std::min(source_.setup.groups.size(), most_shown); ++i) {
    reply["groups"].push_back(group_status(source_, i));
  }
  for (std::size_t i = 0; i < std::min(source_.setup.scripts.size(), most_shown); ++i) {
    reply["scripts"].push_back(script_status(source_, i));
  }
  return reply;
}

}  // namespace baton::daemon
