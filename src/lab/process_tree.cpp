#include "lab/process_tree.h"

#include <dirent.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace baton::lab {
namespace {

// "PID (comm) S PPID ...": the name may hold anything, parentheses as well.
bool parse_stat(const std::string& text, ProcessInfo& process) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return false;
  process.name = text.substr(open + 1, close - open - 1);
  std::istringstream rest(text.substr(close + 1));
  return static_cast<bool>(rest >> process.state >> process.parent);
}

std::optional<ProcessInfo> read_process(pid_t pid) {
  ProcessInfo process{.pid = pid};
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  if (!std::getline(file, text) || !parse_stat(text, process)) return std::nullopt;
  return process;
}

}  // namespace

bool is_running(pid_t pid) {
  const auto process = read_process(pid);
  return process && process->state != 'Z';
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), closedir);
  if (!directory) return processes;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    if (auto process = read_process(pid)) processes.push_back(std::move(*process));
  }
  return processes;
}

std::vector<ProcessInfo> process_tree(pid_t root) {
  const std::vector<ProcessInfo> all = all_processes();
  std::vector<ProcessInfo> tree;
  const auto top = std::ranges::find(all, root, &ProcessInfo::pid);
  if (top == all.end() || top->state == 'Z') return tree;
  tree.push_back(*top);
  for (std::size_t next = 0; next < tree.size(); ++next) {
    const pid_t parent = tree[next].pid;
    std::ranges::copy_if(all, std::back_inserter(tree),
                         [&](const ProcessInfo& process) { return process.parent == parent && process.state != 'Z'; });
  }
  return tree;
}

std::vector<pid_t> find_role(const std::vector<ProcessInfo>& tree, Role role) {
  std::vector<pid_t> found;
  if (tree.empty()) return found;
  const ProcessInfo& guardian = tree.front();
  for (const ProcessInfo& process : tree) {
    const bool is_guardian = process.pid == guardian.pid;
    const bool is_child = process.parent == guardian.pid;
    const bool is_worker = is_child && (process.name == "baton-vrrp" || process.name == "keepalived");
    switch (role) {
      case Role::guardian:
        if (is_guardian) found.push_back(process.pid);
        break;
      case Role::worker:
        if (is_worker) found.push_back(process.pid);
        break;
      case Role::runner:
        if (is_child && process.name == "baton-run") found.push_back(process.pid);
        break;
      case Role::everything: found.push_back(process.pid); break;
    }
  }
  return found;
}

}  // namespace baton::lab
