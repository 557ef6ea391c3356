#include "daemon/status_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "daemon/channel.h"

namespace baton::daemon {

using nlohmann::json;

bool StatusService::serve(const ClockReading& clock, const Commands& commands) {
  const auto message = api_.receive();
  if (!message) return message.error() == kernel::Channel::Nothing::yet;
  const json question = json::parse(message->bytes, nullptr, false);
  json reply = question.is_object() ? answer(question, clock, commands) : json{{"error", "malformed question"}};
  if (question.is_object() && question.contains("id")) reply["id"] = question["id"];
  std::string text = reply.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > baton::limits::message_size) {
    reply = {{"id", reply["id"]}, {"error", "the answer is too long for a message"}};
    text = reply.dump();
  }
  (void)api_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});  // the api asks again
  return true;
}

json StatusService::answer(const json& question, const ClockReading& clock, const Commands& commands) const {
  const std::string ask = text_of(question, "ask");
  if (ask == "status") {
    const auto from = question.find("from");
    return page(from != question.end() && from->is_number_unsigned() ? from->get<std::size_t>() : 0, clock);
  }
  if (ask != "handover" && ask != "announce") return {{"error", fmt::format("unknown question '{}'", ask)}};

  const std::string instance = text_of(question, "instance");
  const auto& routers = source_.setup.routers;
  const auto found = std::ranges::find(routers, instance, &RouterSetup::name);
  if (found == routers.end()) {
    return {{"error", fmt::format("no vrrp_instance is called '{}'; `baton status` lists them", instance)},
            {"kind", "not-found"}};
  }
  const auto id = static_cast<vrrp::RouterId>(found - routers.begin());
  const vrrp::State state = source_.node.router(id).state();
  if (state != vrrp::State::master) {
    return {{"error", fmt::format("'{}' is {} here; ask the node that is MASTER", instance, name(state))}};
  }
  if (ask == "announce") {
    commands.announce(id);
    return {{"message", fmt::format("the addresses of '{}' are announced", instance)}};
  }
  commands.handover(id);
  return {{"message", fmt::format("'{}' asks its backups to take over; `baton status` shows when one has", instance)}};
}

// Instances first, then groups, then scripts: all of them, a page at a time.
json StatusService::page(std::size_t from, const ClockReading& clock) const {
  const std::size_t groups_begin = source_.setup.routers.size();
  const std::size_t scripts_begin = groups_begin + source_.setup.groups.size();
  const std::size_t end = scripts_begin + source_.setup.scripts.size();
  json reply{{"instances", json::array()}, {"groups", json::array()}, {"scripts", json::array()}, {"next", nullptr}};
  std::size_t bytes = 0;
  for (std::size_t i = from; i < end; ++i) {
    if (i - from == limits::items_a_page || bytes >= limits::page_bytes) {
      reply["next"] = i;
      break;
    }
    const char* list = i < groups_begin ? "instances" : i < scripts_begin ? "groups" : "scripts";
    json item = i < groups_begin    ? instance_status(source_, static_cast<vrrp::RouterId>(i), clock)
                : i < scripts_begin ? group_status(source_, static_cast<vrrp::GroupId>(i - groups_begin))
                                    : script_status(source_, i - scripts_begin);
    bytes += item.dump(-1, ' ', false, json::error_handler_t::replace).size();
    reply[list].push_back(std::move(item));
  }
  return reply;
}

}  // namespace baton::daemon
