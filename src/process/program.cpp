#include "process/program.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/result.h"

namespace baton::process {

namespace {

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Credentials own_credentials() {
  Credentials own{.user = geteuid(), .group = getegid(), .groups = {}};
  const int count = getgroups(0, nullptr);
  if (count > 0) {
    own.groups.resize(static_cast<std::size_t>(count));
    own.groups.resize(static_cast<std::size_t>(std::max(0, getgroups(count, own.groups.data()))));
  }
  return own;
}

std::vector<gid_t> groups_of(const char* user, gid_t group) {
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(user, group, groups.data(), &count) < 0 && count > 0 && count <= NGROUPS_MAX) {
    groups.resize(static_cast<std::size_t>(count));
    if (getgrouplist(user, group, groups.data(), &count) < 0) return {group};
  }
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  return groups;
}

// The entry of a local file that is meant, by name or by number.
template <typename Entry, typename Is>
std::optional<Entry> find_in_file(const char* path, Entry* (*next)(std::FILE*), Is is_meant) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), &std::fclose);
  if (!file) return std::nullopt;
  while (const Entry* entry = next(file.get())) {
    if (is_meant(*entry)) return *entry;
  }
  return std::nullopt;
}

bool may_become(const Credentials& credentials) {
  return geteuid() == 0 || (credentials.user == geteuid() && credentials.group == getegid());
}

// /etc/passwd and /etc/group, as far as they go.
std::optional<Credentials> find_locally(const AccountName& account) {
  const auto user_number = number(account.user);
  const auto user = find_in_file<passwd>("/etc/passwd", &fgetpwent, [&](const passwd& entry) {
    return user_number ? entry.pw_uid == *user_number : account.user == entry.pw_name;
  });
  if (!user) return std::nullopt;
  Credentials found{.user = user->pw_uid, .group = user->pw_gid, .groups = {}};
  if (!account.group.empty()) {
    const auto group_number = number(account.group);
    const auto group = find_in_file<struct group>("/etc/group", &fgetgrent, [&](const struct group& entry) {
      return group_number ? entry.gr_gid == *group_number : account.group == entry.gr_name;
    });
    if (!group) return std::nullopt;
    found.group = group->gr_gid;
  }
  found.groups = {found.group};
  return may_become(found) ? std::optional(std::move(found)) : std::nullopt;
}

}  // namespace

std::expected<Credentials, Refusal> ask_user_database(const AccountName& account) {
  const auto& [user, group] = account;
  if (user.empty() && group.empty()) return own_credentials();
  Credentials found = own_credentials();
  if (!user.empty()) {
    const auto user_number = number(user);
    const passwd* entry = user_number ? getpwuid(*user_number) : getpwnam(user.c_str());
    if (entry != nullptr) {
      const std::string entry_name = entry->pw_name;
      found = {.user = entry->pw_uid, .group = entry->pw_gid, .groups = {}};
      found.groups = groups_of(entry_name.c_str(), found.group);
    } else if (user_number && !group.empty()) {
      found.user = *user_number;
      found.groups.clear();
    } else {
      return std::unexpected(Refusal{0, fmt::format("no such user: {}", user)});
    }
  }
  if (!group.empty()) {
    const auto group_number = number(group);
    const struct group* entry = group_number ? getgrgid(*group_number) : getgrnam(group.c_str());
    if (entry == nullptr && !group_number) return std::unexpected(Refusal{0, fmt::format("no such group: {}", group)});
    found.group = entry != nullptr ? entry->gr_gid : *group_number;
  }
  if (!may_become(found)) return std::unexpected(Refusal{EPERM, fmt::format("only root may run programs as {}", user)});
  return found;
}

namespace {

bool is_executable_file(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0;
}

std::expected<std::string, Refusal> find_file(const std::string& name, std::string_view search_path) {
  if (name.contains('/')) return name;
  while (!search_path.empty()) {
    const std::size_t end = std::min(search_path.find(':'), search_path.size());
    std::string candidate = fmt::format("{}/{}", search_path.substr(0, end), name);
    if (end > 0 && is_executable_file(candidate)) return candidate;
    search_path.remove_prefix(std::min(end + 1, search_path.size()));
  }
  return std::unexpected(Refusal{ENOENT, fmt::format("{} is in none of the directories for programs", name)});
}

// What is wrong with one component of a path; empty: nothing.
std::string weakness(const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return {};  // exec will say so
  if (status.st_uid != 0) return fmt::format("{} belongs to user {}", path, status.st_uid);
  if (S_ISLNK(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) return {};
  if ((status.st_mode & S_IWOTH) != 0) return fmt::format("{} is writable by everybody", path);
  if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0)
    return fmt::format("{} is writable by group {}", path, status.st_gid);
  return {};
}

// Root, or root's group: who is in it may change what is root's in many places.
bool runs_as_root(const Program& program) {
  const Credentials& who = program.credentials;
  if (who.user == 0 || who.group == 0 || std::ranges::find(who.groups, 0U) != who.groups.end()) return true;
  struct stat status{};
  if (stat(program.path.c_str(), &status) != 0) return false;
  return (status.st_uid == 0 && (status.st_mode & S_ISUID) != 0) ||
         (status.st_gid == 0 && (status.st_mode & S_ISGID) != 0);
}

}  // namespace

std::optional<Credentials> Users::find(const AccountName& account, Groups groups) {
  if (account == AccountName{}) return own_credentials();
  if (const auto known = known_.find(account); known != known_.end()) return known->second;
  return groups == Groups::own ? find_locally(account) : std::nullopt;
}

void Users::remember(const AccountName& account, const Credentials& credentials) {
  if (known_.size() >= limits::known_users) forget();
  known_.insert_or_assign(account, credentials);
}

std::expected<Program, Refusal> resolve(const notify::Command& command, const ScriptRules& rules,
                                        std::string_view search_path, Users& users) {
  if (command.argv.empty() || command.argv.front().empty()) return std::unexpected(Refusal{0, "the command is empty"});
  Program program{.argv = command.argv};
  const auto credentials =
      users.find({command.user, command.group}, rules.supplementary_groups ? Users::Groups::all : Users::Groups::own);
  if (!credentials) {
    program.unresolved = {.command = command, .rules = rules, .search_path = std::string(search_path)};
    return program;
  }
  program.credentials = *credentials;
  if (!rules.supplementary_groups && !command.user.empty()) program.credentials.groups = {program.credentials.group};
  if (rules.security && command.user.empty() && geteuid() == 0) {
    return std::unexpected(
        Refusal{0, "it would run as root, which enable_script_security does not allow; give it a user"});
  }
  const std::string& first = command.argv.front();
  if (first.starts_with('<') || first.starts_with('>')) {
    program.kind = first.front() == '<' ? Program::Kind::open_to_read : Program::Kind::open_to_write;
    program.path = first.substr(1);
    if (program.path.empty() && command.argv.size() > 1) program.path = command.argv[1];
    return program;
  }
  program.path = TRY(find_file(first, search_path));
  if (runs_as_root(program)) {
    if (auto who = insecurity(program.path); !who.empty()) {
      std::string text = fmt::format("{} would run as root and others may change it: {}", program.path, who);
      if (rules.security) return std::unexpected(Refusal{0, std::move(text)});
      program.warning = std::move(text);
    }
  }
  return program;
}

// Walks as the kernel does: at each symbolic link on from where it points to, so that no hop is left out.
std::string insecurity(const std::string& path) {
  constexpr int most_links = 40;  // path_resolution(7)
  if (auto found = weakness("/"); !found.empty()) return found;
  std::string walked;
  std::string rest = path;
  for (int links = 0; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string component = rest.substr(0, end);
    rest.erase(0, std::min(end + 1, rest.size()));
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      walked.erase(std::min(walked.rfind('/'), walked.size()));
      continue;
    }
    const std::string here = walked + "/" + component;
    if (auto found = weakness(here); !found.empty()) return found;
    std::array<char, PATH_MAX> target{};
    const ssize_t size = readlink(here.c_str(), target.data(), target.size());
    if (size < 0) {  // no link
      walked = here;
      continue;
    }
    if (++links > most_links) return {};  // exec will say so
    rest = std::string(target.data(), static_cast<std::size_t>(size)) + "/" + rest;
    if (rest.front() == '/') walked.clear();
  }
  return {};
}

}  // namespace baton::process
