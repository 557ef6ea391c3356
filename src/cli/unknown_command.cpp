#include "cli/unknown_command.h"

#include <algorithm>

#include "config/keyword_table.h"

namespace baton::cli {

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t longest = 64;  // whatever is longer is no slip of the finger
  if (word.size() > longest) return "";
  std::string best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = config::edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace baton::cli
