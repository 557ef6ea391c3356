// KEEPALIVED-MIB: addresses, routes, next hops and rules of an instance.
#pragma once

#include <cstdint>

#include "mib/view.h"

namespace baton::mib {

void add_routing(const View& view, std::uint32_t number, const config::Instance& instance, Rows& rows);

}  // namespace baton::mib
