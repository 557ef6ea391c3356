// Which nodes have which virtual address configured, now and at any time before. PURE.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "lab/topology.h"

namespace baton::lab {

class Ownership {
 public:
  // False when that was known already.
  bool set(const IpAddress& address, NodeId node, bool has, Instant at);
  std::set<NodeId> owners(const IpAddress& address) const;

  std::optional<Instant> last_change(const IpAddress& address) const;

  struct Change {
    Instant at;
    NodeId node = 0;
    bool has = false;
  };
  std::vector<Change> changes(const IpAddress& address) const;  // all, in their order

  struct Times {
    Duration nobody{};
    Duration two_or_more{};
  };
  // How much of [from, to] an address had no owner, or more than one.
  Times times(const IpAddress& address, Instant from, Instant to) const;

 private:
  std::map<IpAddress, std::vector<Change>> changes_;
  std::map<IpAddress, std::set<NodeId>> owners_;
};

}  // namespace baton::lab
