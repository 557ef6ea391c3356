// The virtual servers as a whole: nothing is served by two of them.
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/limits.h"
#include "config/virtual_server_draft.h"

namespace baton::config {
namespace {

// What makes a service one in the kernel: family, mark, protocol, address as a number of the range, port.
struct Served {
  Family family = Family::ipv4;
  std::uint32_t mark = 0;
  std::optional<Transport> transport;
  std::uint16_t port = 0;
  IpAddress first;
  std::uint32_t number = 0;  // within the last 16 bits

  auto operator<=>(const Served&) const = default;
};

// The address without its last 16 bits, and those: ranges go on in no other.
std::pair<IpAddress, std::uint32_t> split(const IpAddress& address) {
  Bytes bytes(address.bytes().begin(), address.bytes().end());
  const std::size_t size = bytes.size();
  const std::uint32_t end = static_cast<std::uint32_t>(bytes[size - 2]) << 8 | bytes[size - 1];
  bytes[size - 2] = 0;
  bytes[size - 1] = 0;
  return {IpAddress::from_bytes(bytes), end};
}

class Services {
 public:
  explicit Services(const Context& context) : context_(context) {}

  // False: reported, and the server is of no use.
  bool take(const VirtualServer& server) {
    if (count_of(server) > limits::services) return refuse(server);  // before they are written out
    std::vector<Served> all;
    for (const GroupEntry& entry : server.entries) add(server, entry, all);
    for (const Served& each : all) {
      const auto found = taken_.find(each);
      if (found == taken_.end()) continue;
      context_.diagnostics.warn(
          "given-twice", context_.position_of(server),
          fmt::format("virtual_server {} serves what the one on line {} serves; this one is ignored", server.name,
                      found->second),
          "put all real servers into one block");
      return false;
    }
    if (taken_.size() + all.size() > limits::services) return refuse(server);
    for (const Served& each : all) taken_.emplace(each, server.place.line);
    return true;
  }

 private:
  bool refuse(const VirtualServer& server) {
    context_.diagnostics.error("too-large", context_.position_of(server),
                               fmt::format("more than {} services", limits::services),
                               "let fewer addresses be balanced by one node");
    return false;
  }

  static std::size_t count_of(const VirtualServer& server) {
    std::size_t count = 0;
    for (const GroupEntry& entry : server.entries) count += entry.count;
    return count;
  }

  static void add(const VirtualServer& server, const GroupEntry& entry, std::vector<Served>& all) {
    if (entry.mark != 0) {
      all.push_back({.family = entry.family.value_or(server.family), .mark = entry.mark});
      return;
    }
    const auto [first, end] = split(entry.first);
    for (std::uint32_t i = 0; i < entry.count; ++i) {
      all.push_back({.family = entry.first.family(),
                     .transport = server.transport,
                     .port = entry.port,
                     .first = first,
                     .number = end + i});
    }
  }

  const Context& context_;
  std::map<Served, unsigned> taken_;  // and the line of whose
};

class Servers {
 public:
  explicit Servers(const Context& context) : context_(context) {}

  // keepalived serves what two blocks have for one service as one; so the first takes the real servers of the second.
  // One mark of IPv4 and of IPv6 are two services. False: there is none before it.
  bool join(VirtualServer& server) {
    auto same = names_.find(server.name);
    if (same != names_.end() && servers_[same->second].family != server.family) {
      server.name += server.family == Family::ipv6 ? " inet6" : " inet";
      same = names_.find(server.name);
    }
    if (same == names_.end()) return false;
    context_.diagnostics.warn(
        "given-twice", context_.position_of(server),
        fmt::format("virtual_server {} was given on line {}; of this one the real servers alone count", server.name,
                    servers_[same->second].place.line),
        "put all real servers into one block");
    take_real_servers(server, same->second);
    return true;
  }

  void add(VirtualServer server) {
    names_.emplace(server.name, servers_.size());
    servers_.push_back(std::move(server));
  }

  std::vector<VirtualServer> take() { return std::move(servers_); }

 private:
  void take_real_servers(VirtualServer& from, std::size_t index) {
    std::vector<RealServer>& all = servers_[index].real_servers;
    const auto [taken, is_new] = taken_.try_emplace(index);
    if (is_new) {
      for (const RealServer& each : all) taken->second.insert(endpoint_of(each));
    }
    for (RealServer& real : from.real_servers) {
      if (taken->second.insert(endpoint_of(real)).second) all.push_back(std::move(real));
    }
  }

  const Context& context_;
  std::vector<VirtualServer> servers_;
  std::unordered_map<std::string, std::size_t> names_;         // and where in `servers_`
  std::unordered_map<std::size_t, std::set<Endpoint>> taken_;  // by those that other blocks joined
};

}  // namespace

std::vector<VirtualServer> read_virtual_servers(const Context& context, const Statement& root, const Defaults& defaults,
                                                const Definitions& definitions,
                                                const std::vector<VirtualServerGroup>& groups) {
  ByName<VirtualServerGroup> groups_by_name;
  for (const VirtualServerGroup& group : groups) groups_by_name.emplace(group.name, &group);
  Servers all(context);
  Services services(context);
  for (const Statement& block : root.children) {
    if (block.keyword() != "virtual_server") continue;
    auto server = read_virtual_server(context, block, defaults, definitions, groups_by_name);
    if (!server || all.join(*server) || !services.take(*server)) continue;
    all.add(std::move(*server));
  }
  std::vector<VirtualServer> servers = all.take();
  std::size_t real_servers = 0;
  for (const VirtualServer& server : servers) real_servers += server.real_servers.size();
  if (real_servers > limits::real_servers) {
    context.diagnostics.error(
        "too-large", {}, fmt::format("{} real servers; at most {} are possible", real_servers, limits::real_servers),
        "let fewer services be balanced by one node");
  }
  return servers;
}

}  // namespace baton::config
