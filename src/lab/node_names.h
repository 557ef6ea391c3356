// What the nodes are called, after their files.
#pragma once

#include <string>
#include <vector>

namespace baton::lab {

// Host names: web1.conf is web1. Of files with one name as much of the path as tells them apart: east/web.conf is
// east-web, n1/keepalived.conf is n1. What no path tells apart, or a name that says nothing, is node1, node2 ...
std::vector<std::string> node_names(const std::vector<std::string>& paths);

}  // namespace baton::lab
