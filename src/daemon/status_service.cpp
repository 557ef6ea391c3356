#include "daemon/status_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "daemon/channel.h"

namespace baton::daemon {

using nlohmann::json;

namespace {

// Those that can be; the api has judged them before.
OperatorSettings settings_in(const json& question) {
  OperatorSettings settings;
  const json base = question.value("base_priority", json());
  const json preempt = question.value("preempt", json());
  if (base.is_number_unsigned() && base >= 1 && base <= 255) settings.base_priority = base.get<std::uint8_t>();
  if (preempt.is_boolean()) settings.preempt = preempt ? vrrp::Preempt::yes : vrrp::Preempt::no;
  return settings;
}

}  // namespace

bool StatusService::serve(const ClockReading& clock, const Commands& commands) {
  const auto message = api_.receive();
  if (!message) return message.error() == kernel::Channel::Nothing::yet;
  const json question = json::parse(message->bytes, nullptr, false);
  const json id = question.is_object() ? question.value("id", json()) : json();
  std::string text;
  if (question.is_object() && text_of(question, "ask") == "status") {
    StatusPage reply = page(question, clock);
    reply.head["id"] = id;
    text = reply.message();
  } else {
    json reply = question.is_object() ? answer(question, clock, commands) : json{{"error", "malformed question"}};
    reply["id"] = id;
    text = text_of(reply);
  }
  if (text.size() > baton::limits::message_size) {
    text = text_of(json{{"id", id}, {"error", "the answer is too long for a message"}});
  }
  (void)api_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});  // the api asks again
  return true;
}

StatusPage StatusService::page(const json& question, const ClockReading& clock) const {
  const auto from = question.find("from");
  const auto is_set = [&](const char* key) { return question.value(key, json()) == true; };
  return page(from != question.end() && from->is_number_unsigned() ? from->get<std::size_t>() : 0, clock,
              is_set("clear") ? Clear::yes : Clear::no, is_set("brief") ? View::brief : View::whole);
}

json StatusService::answer(const json& question, const ClockReading& clock, const Commands& commands) const {
  const std::string ask = text_of(question, "ask");
  if (ask != "handover" && ask != "announce" && ask != "instance" && ask != "set")
    return {{"error", fmt::format("unknown question '{}'", ask)}};

  const std::string instance = text_of(question, "instance");
  const auto& routers = source_.setup.routers;
  const auto found = std::ranges::find(routers, instance, &RouterSetup::name);
  if (found == routers.end()) {
    return {{"error", fmt::format("no vrrp_instance is called '{}'; `baton status` lists them", instance)},
            {"kind", "not-found"}};
  }
  const auto id = static_cast<vrrp::RouterId>(found - routers.begin());
  if (ask == "instance") return instance_status(source_, id, clock);
  if (ask == "set") {
    commands.set(id, settings_in(question));
    return {
        {"message",
         fmt::format(
             "'{}' has base priority {} and {}, until the next reload", instance, source_.node.base_priority(id),
             source_.node.router(id).parameters().preempt == vrrp::Preempt::yes ? "preempts" : "does not preempt")}};
  }
  const vrrp::State state = source_.node.router(id).state();
  if (state != vrrp::State::master) {
    const auto master = source_.node.router(id).master();
    return {{"error", fmt::format("'{}' is {} here; ask the node that is MASTER{}", instance, name(state),
                                  master ? ", " + to_string(*master) : "")}};
  }
  if (ask == "announce") {
    commands.announce(id);
    return {{"message", fmt::format("the addresses of '{}' are announced", instance)}};
  }
  commands.handover(id);
  return {{"message", fmt::format("'{}' asks its backups to take over; `baton status` shows when one has", instance)}};
}

// Instances first, then groups, scripts, processes and checks: all of them, a page at a time. What is counted between
// the look at a router and its clearing would be lost; so they are one.
StatusPage StatusService::page(std::size_t from, const ClockReading& clock, Clear clear, View view) const {
  struct List {
    std::size_t size;
    std::function<json(std::size_t)> item;
  };
  const Setup& setup = source_.setup;
  const List lists[] = {
      {setup.routers.size(),
       [&](std::size_t i) {
         const auto id = static_cast<vrrp::RouterId>(i);
         json item =
             view == View::brief ? brief_instance_status(source_, id, clock) : instance_status(source_, id, clock);
         if (clear == Clear::yes) source_.statistics[i].clear();
         return item;
       }},
      {setup.groups.size(), [&](std::size_t i) { return group_status(source_, static_cast<vrrp::GroupId>(i)); }},
      {setup.scripts.size(), [&](std::size_t i) { return script_status(source_, i); }},
      {setup.processes.size(), [&](std::size_t i) { return process_status(source_, i); }},
      {setup.checks.size(), [&](std::size_t i) { return check_status(source_, i); }},
  };
  StatusPage reply{.head = {{"next", nullptr}}, .lists = {}};
  if (from == 0 && view == View::whole) reply.head["worker"] = worker_status(source_);
  const std::size_t items_most = view == View::brief ? limits::brief_items_a_page : limits::items_a_page;
  std::size_t begin = 0;
  std::size_t bytes = 0;
  std::size_t items = 0;
  for (std::size_t list = 0; list < std::size(lists); ++list) {
    const std::size_t end = begin + lists[list].size;
    for (std::size_t i = std::max(from, begin); i < end; ++i) {
      if (items++ == items_most || bytes >= limits::page_bytes) {
        reply.head["next"] = i;
        return reply;
      }
      const std::string text = text_of(lists[list].item(i - begin));
      reply.lists.append(list, text);
      bytes += text.size();
    }
    begin = end;
  }
  return reply;
}

}  // namespace baton::daemon
