#include "daemon/leftovers.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace baton::daemon {

namespace {

std::string note_path(const std::string& run_directory) {
  return run_directory + "/addresses";
}

}  // namespace

void Leftovers::add(const Setup& setup) {
  for (const RouterSetup& router : setup.routers) add(router.addresses);
  add(setup.static_addresses);
  for (const VirtualInterfaceSetup& each : setup.virtual_interfaces) {
    interfaces_.insert_or_assign(each.wanted.name, each);
  }
  RoutingLeftovers routing = routing_of(setup);
  routes_.insert(routing.routes.begin(), routing.routes.end());
  rules_.insert(routing.rules.begin(), routing.rules.end());
}

void Leftovers::clear() {
  addresses_.clear();
  interfaces_.clear();
  routes_.clear();
  rules_.clear();
}

RoutingLeftovers Leftovers::routing() const {
  return {.routes = {routes_.begin(), routes_.end()}, .rules = {rules_.begin(), rules_.end()}};
}

std::vector<VirtualInterfaceSetup> Leftovers::interfaces() const {
  std::vector<VirtualInterfaceSetup> interfaces;
  for (const auto& [name, interface] : interfaces_) interfaces.push_back(interface);
  return interfaces;
}

void Leftovers::add(std::span<const config::VirtualAddress> addresses) {
  for (const config::VirtualAddress& address : addresses) {
    addresses_.insert_or_assign({address.device, address.address}, address);
  }
}

std::vector<config::VirtualAddress> Leftovers::all() const {
  std::vector<config::VirtualAddress> addresses;
  addresses.reserve(addresses_.size());
  for (const auto& [key, address] : addresses_) addresses.push_back(address);
  return addresses;
}

SysResult<void> write_managed(const std::string& run_directory, const Setup& setup,
                              std::span<const config::VirtualAddress> leftovers) {
  Leftovers managed;
  managed.add(setup);
  managed.add(leftovers);
  const std::string path = note_path(run_directory);
  const std::string fresh = path + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    for (const config::VirtualAddress& address : managed.all()) {
      file << fmt::format("{} {} {}\n", address.device, to_string(address.address.address), address.address.length);
    }
    if (!file.flush()) return last_error("write " + fresh);
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return last_error("write " + path);
  return {};
}

std::vector<config::VirtualAddress> read_managed(const std::string& run_directory) {
  constexpr std::size_t most = 200'000;  // it is ours, but anybody may have edited it
  std::vector<config::VirtualAddress> addresses;
  std::ifstream file(note_path(run_directory));
  for (std::string line; addresses.size() < most && std::getline(file, line);) {
    std::istringstream words(line);
    config::VirtualAddress address;
    std::string text;
    unsigned length = 0;
    if (!(words >> address.device >> text >> length)) continue;
    const auto number = IpAddress::parse(text);
    if (!number || length > 8 * number->size()) continue;
    address.address = {.address = *number, .length = static_cast<std::uint8_t>(length)};
    addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace baton::daemon
