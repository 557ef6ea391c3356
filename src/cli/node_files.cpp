#include "cli/node_files.h"

#include <fmt/format.h>

#include <set>

#include "lab/node_names.h"

namespace baton::cli {

std::vector<NodeFile> node_files(const std::vector<std::string>& files, const std::vector<std::string>& ids) {
  std::vector<NodeFile> nodes;
  if (files.size() == 1 && ids.size() > 1) {
    for (const std::string& id : ids) nodes.push_back({.path = files.front(), .name = id, .config_id = id});
    return nodes;
  }
  const std::vector<std::string> names = lab::node_names(files);
  for (std::size_t at = 0; at < files.size(); ++at) {
    NodeFile node{.path = files[at], .name = names[at], .config_id = ids.empty() ? "" : ids.front()};
    if (ids.empty() && files.size() > 1) node.config_id = names[at];
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::string complaint_about(const std::vector<std::string>& files, const std::vector<std::string>& ids) {
  if (files.size() > 1 && ids.size() > 1) {
    return fmt::format("{} files and {} ids\n  mend: several -i are the nodes of one file with @id lines", files.size(),
                       ids.size());
  }
  const std::set<std::string> different(ids.begin(), ids.end());
  if (different.size() < ids.size()) return "an id is given twice\n  mend: give each node's -i once";
  return "";
}

}  // namespace baton::cli
