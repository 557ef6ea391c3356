// Why an instance is what it is, and what would change that: from its status (docs/status.md, one instance) to
// sentences. Pure: whoever has the status can have the sentences.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace baton::cli {

struct Explanation {
  std::string instance;
  std::string state;
  std::vector<std::string> now;      // state, since when and because of what; the priority; the master heard
  std::vector<std::string> wrong;    // faults, checks that are down, packets thrown away, adverts that did not leave
  std::vector<std::string> next;     // the timer that decides next
  std::vector<std::string> changes;  // what would make another master of it
};

// `now`: UTC seconds.
Explanation explain_instance(const nlohmann::json& instance, double now);

std::string render_explanation(const Explanation& explanation, bool colour);
nlohmann::json explanation_as_json(const Explanation& explanation);

}  // namespace baton::cli
