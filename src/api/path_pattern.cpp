#include "api/path_pattern.h"

#include <algorithm>

namespace baton::api {

std::optional<std::vector<std::string>> match(std::string_view pattern, const std::vector<std::string>& path) {
  std::vector<std::string> found;
  for (const std::string& piece : path) {
    if (!pattern.starts_with('/')) return std::nullopt;
    pattern.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    if (wanted.starts_with('{')) {
      found.push_back(piece);
    } else if (wanted != piece) {
      return std::nullopt;
    }
    pattern.remove_prefix(wanted.size());
  }
  if (!pattern.empty() && pattern != "/") return std::nullopt;
  return found;
}

}  // namespace baton::api
