// What the balancer's nftables objects say of themselves, for nft(8)'s readers and for the next balancer, which learns
// from it what the kernel has. "v1 tcp 10.0.0.100 80 wrr persistent 50/32", "masquerade weight 3".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/service_table.h"

namespace baton::kernel::nft {

std::string describe(const ServiceKey& key, const ServiceOptions& options);
std::optional<std::pair<ServiceKey, ServiceOptions>> parse_service(std::string_view comment);
// Which server of which service, by the service's number.
std::string describe(std::uint32_t service, const DestinationKey& server);
std::optional<std::pair<std::uint32_t, DestinationKey>> parse_server(std::string_view comment);
// Of a destination that is masqueraded or direct; what tunnels need is left out.
std::string describe(const Destination& settings);
std::optional<Destination> parse_destination(std::string_view comment);

}  // namespace baton::kernel::nft
