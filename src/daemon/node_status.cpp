#include "daemon/node_status.h"

#include <algorithm>

#include "base/version.h"
#include "daemon/bfd_status.h"
#include "daemon/status.h"
#include "loop/loop.h"

namespace baton::daemon {

using nlohmann::json;

json NodeStatus::whole(const CollectedStatus& collected) const {
  json status = head(collected);
  status.update(lists(collected).parsed());
  return status;
}

json NodeStatus::head(const CollectedStatus& collected) const {
  json status{
      {"node", start_.node},
      {"version", version},
      {"pid", start_.guardian_pid},
      {"configuration", start_.configuration},
      {"configuration_read", start_.configuration_read},
      {"confirm_until", start_.confirm_until > 0 ? json(start_.confirm_until) : json()},
      {"maintenance", start_.maintenance},
      {"load_balancing", services_.summary()},
      {"bfd", bfd_status(start_.setup.configuration, start_.bfd, {.now = loop::now(), .wall = loop::wall_now()})},
      {"at", ClockReading{.now = loop::now(), .wall = loop::wall_now()}.utc_seconds(collected.at)},
      {"worker", {{"answers", collected.worker_answers}, {"restarts", std::max(0, desk_.workers_seen() - 1)}}},
      {"reloads",
       {{"carried_out", start_.reloads.carried_out.load()},
        {"refused", start_.reloads.refused.load()},
        {"failed", start_.reloads.failed.load()}}},
      {"limits_hit",
       {{"api_connections", server_.counts().evicted},
        {"api_slow_clients", server_.counts().expired},
        {"api_event_backlog", server_.counts().cut_off}}}};
  if (collected.worker.is_object()) status["worker"].update(collected.worker);
  return status;
}

ListTexts NodeStatus::lists(const CollectedStatus& collected) const {
  ListTexts texts;
  if (collected.worker_answers) {
    texts = collected.lists;
    if (collected.worker.is_object()) add_script_runs(texts);
    return texts;
  }
  for (std::size_t i = 0; i < start_.will.router_count(); ++i) texts.append(0, text_of(from_will(i)));
  return texts;
}

// What the worker does not know; in a whole view.
void NodeStatus::add_script_runs(ListTexts& lists) const {
  constexpr auto place =
      static_cast<std::size_t>(std::ranges::find(status_lists, std::string_view("scripts")) - status_lists.begin());
  json scripts = json::parse("[" + lists.items[place] + "]", nullptr, false);
  const auto reading = start_.scripts.read();
  const auto& known = start_.setup.scripts;
  lists.items[place].clear();
  for (std::size_t i = 0; i < scripts.size(); ++i) {  // the worker tells them in the order of the setup
    const auto runs =
        i < known.size() && scripts[i]["name"] == known[i].name ? reading.of(known[i].name) : std::nullopt;
    if (runs) scripts[i].update(script_runs(known[i], *runs));
    lists.append(place, text_of(scripts[i]));
  }
}

json NodeStatus::from_will(std::size_t router) const {
  const auto will = start_.will.read(router);
  return instance_from_will(start_.setup, static_cast<vrrp::RouterId>(router),
                            will ? will->router : vrrp::RouterMemory{}, {.now = loop::now(), .wall = loop::wall_now()});
}

}  // namespace baton::daemon
