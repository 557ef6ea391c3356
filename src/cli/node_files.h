// The nodes that a command is called with: a file each, or one file with @id lines for several.
#pragma once

#include <string>
#include <vector>

namespace baton::cli {

struct NodeFile {
  std::string path;
  std::string name;
  std::string config_id;  // what @id lines count for; empty: the host's name
};

// `ids`: of one file, each is a node; of several files, at most one, for all of them.
std::vector<NodeFile> node_files(const std::vector<std::string>& files, const std::vector<std::string>& ids);

// Why these do not go together; empty: they do.
std::string complaint_about(const std::vector<std::string>& files, const std::vector<std::string>& ids);

}  // namespace baton::cli
