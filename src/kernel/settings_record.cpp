#include "kernel/settings_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/result.h"
#include "base/unique_fd.h"

namespace baton::kernel {

namespace {

const std::string root = "/proc/sys/net/";

}  // namespace

std::optional<std::string> read_setting(const std::string& name) {
  const UniqueFd file(::open((root + name).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 64> text{};
  const ssize_t count = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (count <= 0) return std::nullopt;
  std::string value(text.data(), static_cast<std::size_t>(count));
  while (!value.empty() && (value.back() == '\n' || value.back() == ' ')) value.pop_back();
  return value;
}

SysResult<void> write_setting(const std::string& name, const std::string& value) {
  const UniqueFd file(::open((root + name).c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), value.data(), value.size()) < 0) return last_error("set " + root + name);
  return {};
}

// Lines of "NAME BEFORE AFTER". A line that is none was written by nobody who meant it, and is passed over.
SettingsRecord::SettingsRecord(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  std::string line;
  while (!path_.empty() && std::getline(file, line)) {
    std::istringstream words(line);
    std::string name;
    Change change;
    if (!(words >> name >> change.before >> change.after) || name.find("..") != std::string::npos) continue;
    if (name.starts_with("ipv4/conf/") || name.starts_with("ipv6/conf/")) changes_[name] = change;
  }
}

std::optional<std::string> SettingsRecord::original(const std::string& name) const {
  const auto found = changes_.find(name);
  return found == changes_.end() ? read_setting(name) : found->second.before;
}

std::vector<SysError> SettingsRecord::keep(const Settings& wanted) {
  std::vector<SysError> errors;
  const auto attempt = [&](const SysResult<void>& result) {
    if (!result) errors.push_back(result.error());
  };
  Settings to_write;
  std::vector<std::string> to_forget;
  for (const auto& [name, change] : changes_) {
    if (wanted.contains(name)) continue;
    to_forget.push_back(name);
    if (change.before != change.after && read_setting(name) == change.after) to_write[name] = change.before;
  }
  bool is_new = false;
  for (const auto& [name, value] : wanted) {
    const auto current = read_setting(name);
    if (!current) continue;
    const auto [place, inserted] = changes_.try_emplace(name, Change{.before = *current, .after = value});
    is_new = is_new || inserted || place->second.after != value;
    place->second.after = value;
    if (*current != value) to_write[name] = value;
  }
  if (is_new) attempt(save());  // before anything is changed
  for (const auto& [name, value] : to_write) attempt(write_setting(name, value));
  for (const std::string& name : to_forget) changes_.erase(name);
  if (!to_forget.empty()) attempt(save());
  return errors;
}

SysResult<void> SettingsRecord::save() const {
  if (path_.empty()) return {};
  if (changes_.empty()) {
    (void)::unlink(path_.c_str());  // it may never have been there
    return {};
  }
  std::string text;
  for (const auto& [name, change] : changes_) text += name + " " + change.before + " " + change.after + "\n";
  const std::string next = path_ + ".new";
  const UniqueFd file(::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::rename(next.c_str(), path_.c_str()) < 0) {
    return last_error("write " + path_);
  }
  return {};
}

Settings loosen_reverse_path_filter(const SettingsRecord& record, const std::set<std::string>& exceptions) {
  const std::string all = "ipv4/conf/all/rp_filter";
  const auto number = [](const std::optional<std::string>& text) { return text ? std::atoi(text->c_str()) : 0; };
  const int for_all = number(record.original(all));
  if (for_all == 0) return {};
  Settings settings{{all, "0"}};
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir((root + "ipv4/conf").c_str()), ::closedir);
  while (folder) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string interface = entry->d_name;
    if (interface.starts_with('.') || interface == "all" || exceptions.contains(interface)) continue;
    const std::string name = "ipv4/conf/" + interface + "/rp_filter";
    settings[name] = std::to_string(std::max(for_all, number(record.original(name))));
  }
  return settings;
}

}  // namespace baton::kernel
