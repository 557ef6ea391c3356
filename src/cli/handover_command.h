// `baton handover NAME|--all`: gives addresses to the backups and waits until they have them.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

// What became of the instances that were asked to move: fed with looks at them, it says when there is nothing to wait
// for any more. Pure.
class HandoverWatch {
 public:
  explicit HandoverWatch(const std::vector<std::string>& names);

  // `instances`: of a status, brief or whole. `now`: seconds of any clock.
  void on_instances(const nlohmann::json& instances, double now);
  bool is_over() const;
  std::map<std::string, std::string> moved() const;   // name → who has it now; empty when nobody was heard yet
  std::map<std::string, std::string> stayed() const;  // name → why

 private:
  struct Instance {
    bool has_moved = false;
    std::string master;
    std::string state = "MASTER";
    bool is_leaving = true;
    double staying_since = -1;
    double seen = 0;
  };
  std::map<std::string, Instance> instances_;
};

void add_handover_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
