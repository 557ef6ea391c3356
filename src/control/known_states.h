// What a listener knows of every instance's and group's state, and what is news to it: events say what happens, and the
// status says what was missed. A pure value.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace baton::control {

struct StateChange {
  enum class Subject : bool { instance, group };
  Subject subject = Subject::instance;
  std::string name;
  std::string state;  // MASTER, BACKUP, FAULT, STOP; DELETED: gone from the configuration

  bool operator==(const StateChange&) const = default;
};

class KnownStates {
 public:
  // With the first status, states entered before `begin` (UTC seconds) are no news.
  explicit KnownStates(double begin) : begin_(begin) {}

  std::vector<StateChange> on_status(const nlohmann::json& status);
  std::optional<StateChange> on_event(const nlohmann::json& event);

 private:
  using Key = std::pair<StateChange::Subject, std::string>;
  double begin_;
  bool has_seen_status_ = false;
  std::map<Key, std::string> states_;
};

}  // namespace baton::control
