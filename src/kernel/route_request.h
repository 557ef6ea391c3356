// Routes and policy rules as requests to the kernel, and what the kernel tells of their changes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/route.h"

struct nlmsghdr;

namespace baton::kernel {

class InterfaceTable;

struct RouteRequest {
  enum class Operation : std::uint8_t { add, remove };
  Operation operation = Operation::add;
  Route route;
};
struct RuleRequest {
  enum class Operation : std::uint8_t { add, remove };
  Operation operation = Operation::add;
  Rule rule;
};

// Where a route stands among others: the kernel tells of a change there. A metric that was not given is the kernel's.
struct RouteSlot {
  std::uint32_t table = 0;
  IpPrefix destination;
  std::uint32_t metric = 0;
  auto operator<=>(const RouteSlot&) const = default;
};
struct RouteChange {
  RouteSlot slot;
  bool removed = false;  // else another took the place of one that was there
};
// A rule with this preference was removed.
struct RuleChange {
  Family family = Family::ipv4;
  std::uint32_t preference = 0;
};

// The table that the kernel knows the route in; 0 while its VRF is not there.
std::uint32_t table_of(const Route& route, const InterfaceTable& interfaces);
// As the kernel tells it.
RouteSlot slot_of(const Route& route, std::uint32_t table);
// Every interface it names is there.
bool can_be_set(const Route& route, const InterfaceTable& interfaces);

// Writes the request into a message's header and payload. The interfaces must be there.
void put_request(nlmsghdr* message, const RouteRequest& request, const InterfaceTable& interfaces);
void put_request(nlmsghdr* message, const RuleRequest& request);

}  // namespace baton::kernel
