// A scheduler as slots: weights become how many slots a server has. For a data plane that cannot count the connections
// of a server: schedulers that need that count have a stand-in (docs/configuration.md, "Load balancing with nftables").
// PURE.
#pragma once

#include <string_view>

#include "base/server_selection.h"

namespace baton::balance {

// Servers of weight 0, and the thresholds of all, are left out of it.
ServerSelection select_servers(const TableService& service);

// What serves in this scheduler's place: "wrr". Empty: it is what it says.
std::string_view stand_in(std::string_view scheduler);

namespace limits {

// Weights beyond are scaled: a server's share is right within one slot.
inline constexpr std::size_t slots = 1'024;

}  // namespace limits

}  // namespace baton::balance
