// Configurations made from a seed: pairs of keepalived.conf texts, the second being what an operator might make of the
// first. Both are sound, everything in them is carried out, and what differs is what a reload has to cope with:
// instances that come, go, are renamed, swap their VRIDs or stay as they are; addresses that come, go and move to
// another instance; priorities, intervals, versions, passwords, scripts, weights, groups and the order of all of it.
// PURE: text only, the same for the same seed everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace baton::support {

struct ConfigurationPair {
  std::string before;
  std::string after;
};

struct RandomConfigurationOptions {
  // Interface k has addresses in 10.0.(20+k).0/24 and fd00:(20+k)::/64, and virtual ones from .100 (::100) on. A text
  // need not name every one of them.
  std::vector<std::string> interfaces = {"ens33", "ens34"};
  std::size_t instances_most = 5;
  // vrrp_script, running /usr/bin/true or /usr/bin/false as root.
  bool has_scripts = true;
  // Some instances live on a macvlan of their own.
  bool has_vmacs = false;
  // Above this no advert_int is drawn; VRRPv2 speaks once a second at the least.
  unsigned advert_interval_most_ms = 2000;
};

ConfigurationPair random_configuration_pair(std::uint64_t seed, const RandomConfigurationOptions& options = {});

}  // namespace baton::support
