// What is otherwise in another configuration, for people: what a reload changes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/model.h"

namespace baton::config {

// One thing that is otherwise. An object that came or went has an empty keyword.
struct Change {
  std::string object;                 // "vrrp_instance VI_1", "global_defs"
  std::string keyword;                // "priority"
  std::optional<std::string> before;  // nullopt: it was not there; "(secret)" where it may not be shown
  std::optional<std::string> after;   // nullopt: it is gone
  bool operator==(const Change&) const = default;
};

// `places`: for each instance of `before` which one of `after` goes on as it; the others of both came or went. All else
// goes by its name.
std::vector<Change> difference(const Configuration& before, const Configuration& after,
                               std::span<const std::optional<std::size_t>> places);

}  // namespace baton::config
