// What `baton status` prints: a line an instance, or all that is known of each.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/words.h"

namespace baton::cli {

// `now`: UTC seconds, for "2 h ago". The status is docs/status.md's.
std::string render_status(const nlohmann::json& status, double now, bool colour);
std::string render_instance(const nlohmann::json& instance, double now, bool colour);

// A line an instance. It takes them one at a time, because a document of thousands in memory at once costs more time
// than all else.
class StatusTable {
 public:
  StatusTable(double now, bool colour);

  // Of a status, whole or brief.
  void add(const nlohmann::json& instance);
  std::size_t instances() const { return instances_; }
  // `head`: the status, whose instances are not looked at.
  std::string text(const nlohmann::json& head) const;

 private:
  double now_;
  Painter paint_;
  Table table_;
  std::map<std::string, std::size_t> tally_;  // of states
  std::size_t instances_ = 0;
};

}  // namespace baton::cli
