// Processes that speak VRRP here, and the capabilities that can be had.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "probe/probe.h"
#include "process/proc_files.h"

namespace baton::probe {

namespace {

using doctor::RivalDaemon;
using Kind = RivalDaemon::Kind;

std::string link_target(const std::string& path) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink(path.c_str(), buffer.data(), buffer.size());
  return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

// A line of /proc/PID/status, capabilities(7); nullopt: it cannot be read.
std::optional<std::uint64_t> capabilities(const std::string& pid, std::string_view which) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(which)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", which.size());
    std::uint64_t bits = 0;
    if (begin == std::string::npos) return std::nullopt;
    (void)std::from_chars(line.data() + begin, line.data() + line.size(), bits, 16);
    return bits;
  }
  return std::nullopt;
}

constexpr unsigned net_admin = 12;
constexpr unsigned net_raw = 13;
bool has(std::optional<std::uint64_t> bits, unsigned capability) {
  return !bits || (*bits >> capability & 1) != 0;
}

std::optional<Kind> kind_of(const std::string& comm, const std::string& program) {
  if (program == "batond" || comm == "batond" || comm == "baton-vrrp") return Kind::batond;
  if (comm == "keepalived") return Kind::keepalived;
  if (comm == "vrrpd") return program.empty() || program == "vrrpd" ? std::optional(Kind::other) : std::nullopt;
  if (comm == "ucarp" || comm == "uvrrpd") return Kind::other;
  return std::nullopt;
}

}  // namespace

void look_for_daemons(doctor::Patient& patient) {
  const auto bounding = capabilities("self", "CapBnd:");
  patient.host.may_have_raw = has(bounding, net_raw);
  patient.host.may_have_admin = has(bounding, net_admin);
  const std::string here = link_target("/proc/self/ns/net");
  std::vector<RivalDaemon>& daemons = patient.host.daemons;
  process::for_each_process([&](pid_t pid) {
    const auto status = process::status_of(pid);
    if (!status || status->state == 'Z') return;
    const std::string path = link_target(fmt::format("/proc/{}/exe", pid));
    auto kind = kind_of(status->comm, path.substr(path.rfind('/') + 1));
    if (!kind) return;
    if (path.find("/frr/") != std::string::npos) kind = Kind::frr;
    const std::string there = link_target(fmt::format("/proc/{}/ns/net", pid));
    if (there.empty()) {
      patient.not_looked.push_back(
          {.look = fmt::format("whether {} (pid {}) is in this network namespace", status->comm, pid),
           .why = "it belongs to somebody else",
           .mend = "run it as root"});
    } else if (there != here) {
      return;
    }
    RivalDaemon daemon{.kind = *kind,
                       .name = *kind == Kind::batond ? "batond"
                               : *kind == Kind::frr  ? "FRR's vrrpd"
                                                     : status->comm,
                       .pid = pid};
    if (status->comm == "baton-vrrp") {  // of Baton's processes the one that sends
      const auto effective = capabilities(std::to_string(pid), "CapEff:");
      daemon.lacks_raw = !has(effective, net_raw);
      daemon.lacks_admin = !has(effective, net_admin);
    }
    const auto known = std::ranges::find(daemons, daemon.name, &RivalDaemon::name);
    if (known == daemons.end()) {
      daemons.push_back(std::move(daemon));
    } else if (daemon.lacks_raw || daemon.lacks_admin) {
      *known = std::move(daemon);
    } else {
      known->pid = std::min(known->pid, daemon.pid);
    }
  });
}

}  // namespace baton::probe
