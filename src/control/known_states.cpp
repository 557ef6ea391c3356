#include "control/known_states.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace baton::control {

namespace {

using nlohmann::json;
using Subject = StateChange::Subject;

constexpr std::string_view not_yet = "INIT";

// Of a group it is the time of its youngest member.
std::map<std::string, double> times_of(const json& status) {
  std::map<std::string, double> times;
  for (const json& instance : status.value("instances", json::array())) {
    times[instance.value("name", "")] = instance.value("since", 0.0);
  }
  return times;
}

// By keepalived's words, which those who listen know.
std::string state_of(const json& one) {
  std::string state = one.value("state", "");
  return state == "MAINTENANCE" ? "BACKUP" : state;
}

bool is_state(std::string_view word) {
  constexpr std::array states{"MASTER", "BACKUP", "FAULT", "STOP", "DELETED"};
  return std::ranges::find(states, word) != states.end();
}

}  // namespace

std::vector<StateChange> KnownStates::on_status(const json& status) {
  std::vector<StateChange> news;
  std::set<Key> present;
  const auto times = times_of(status);
  const auto learn = [&](Subject subject, const json& one, double since) {
    const Key key{subject, one.value("name", "")};
    present.insert(key);
    const auto known = states_.find(key);
    std::string state = state_of(one);
    if (state == not_yet && known != states_.end()) state = "STOP";  // as the event calls it
    if (known == states_.end() ? state == not_yet : known->second == state) return;
    if (has_seen_status_ || since >= begin_) news.push_back({.subject = subject, .name = key.second, .state = state});
    states_[key] = state;
  };
  // Groups first: as they are told when they change.
  for (const json& group : status.value("groups", json::array())) {
    double since = 0;
    for (const json& member : group.value("members", json::array())) {
      const auto time = member.is_string() ? times.find(member.get<std::string>()) : times.end();
      if (time != times.end()) since = std::max(since, time->second);
    }
    learn(Subject::group, group, since);
  }
  for (const json& instance : status.value("instances", json::array())) {
    learn(Subject::instance, instance, instance.value("since", 0.0));
  }
  has_seen_status_ = true;
  std::erase_if(states_, [&](const auto& known) {
    if (present.contains(known.first)) return false;
    // Without its worker batond knows no groups.
    if (known.first.first == Subject::group && !status.value(json::json_pointer("/worker/answers"), true)) return false;
    news.push_back({.subject = known.first.first, .name = known.first.second, .state = "DELETED"});
    return true;
  });
  return news;
}

std::optional<StateChange> KnownStates::on_event(const json& event) {
  const std::string state = state_of(event);
  const std::string kind = event.value("event", "");
  if (!is_state(state) || (kind != "instance" && kind != "group")) return std::nullopt;
  StateChange change{
      .subject = kind == "group" ? Subject::group : Subject::instance, .name = event.value("name", ""), .state = state};
  std::string& known = states_[{change.subject, change.name}];
  if (known == state) return std::nullopt;
  known = state;
  return change;
}

}  // namespace baton::control
