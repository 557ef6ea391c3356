#include "lab/node_names.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include <fmt/format.h>

namespace baton::lab {

namespace {

constexpr std::size_t longest = 63;  // RFC 1123: of a label

bool says_nothing(const std::string& name) {
  return name.empty() || name == "keepalived" || name == "baton";
}

// Its parts from the last one on: the file, its folder, the folder's folder ...
std::vector<std::string> parts_of(const std::string& path) {
  const std::filesystem::path whole = std::filesystem::path(path).lexically_normal();
  std::vector<std::string> parts{whole.stem().string()};
  for (const std::filesystem::path& folder : whole.parent_path()) {
    const std::string name = folder.string();
    if (name != "/" && name != "." && !name.empty()) parts.insert(std::next(parts.begin()), name);
  }
  for (std::string& part : parts) {
    for (char& letter : part) {
      if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '-';
    }
  }
  return parts;
}

// The file and so many folders.
std::string name_of(const std::vector<std::string>& parts, std::size_t folders) {
  std::string name = folders > 0 && says_nothing(parts.front()) ? "" : parts.front();
  for (std::size_t at = 1; at <= std::min(folders, parts.size() - 1); ++at) {
    name = parts[at] + (name.empty() ? "" : "-" + name);
  }
  return name;
}

}  // namespace

std::vector<std::string> node_names(const std::vector<std::string>& paths) {
  std::vector<std::vector<std::string>> parts;
  for (const std::string& path : paths) parts.push_back(parts_of(path));
  std::vector<std::size_t> folders(paths.size(), 0);
  std::vector<std::string> names(paths.size());
  for (bool is_done = false; !is_done;) {
    std::map<std::string, std::size_t> uses;
    for (std::size_t at = 0; at < paths.size(); ++at) ++uses[names[at] = name_of(parts[at], folders[at])];
    is_done = true;
    for (std::size_t at = 0; at < paths.size(); ++at) {
      if (uses[names[at]] < 2 || folders[at] + 1 >= parts[at].size()) continue;
      ++folders[at];
      is_done = false;
    }
  }
  std::map<std::string, std::size_t> uses;
  for (const std::string& name : names) ++uses[name];
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (uses[names[at]] < 2 && names[at].size() <= longest && !says_nothing(names[at])) continue;
    names[at] = fmt::format("node{}", at + 1);
    while (uses.contains(names[at])) names[at] += "-x";
  }
  return names;
}

}  // namespace baton::lab
