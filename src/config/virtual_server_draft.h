// What the readers of virtual_server and real_server share.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "config/blocks.h"
#include "config/virtual_server.h"

namespace baton::config {

// What a virtual server or a real server says of its checks, as far as it does.
struct CheckSettings {
  std::optional<Duration> connect_timeout;
  std::optional<Duration> delay_loop;
  std::optional<unsigned> retry;
  std::optional<Duration> delay_before_retry;
  std::optional<Duration> warmup;

  CheckSettings over(const CheckSettings& outer) const {
    return {.connect_timeout = connect_timeout ? connect_timeout : outer.connect_timeout,
            .delay_loop = delay_loop ? delay_loop : outer.delay_loop,
            .retry = retry ? retry : outer.retry,
            .delay_before_retry = delay_before_retry ? delay_before_retry : outer.delay_before_retry,
            .warmup = warmup ? warmup : outer.warmup};
  }
};

// What two real servers of one virtual server do not share.
using Endpoint = std::pair<IpAddress, std::uint16_t>;
inline Endpoint endpoint_of(const RealServer& real) {
  return {real.address, real.port};
}

// What a virtual server says to its real servers.
struct RealServerDefaults {
  const Defaults& defaults;
  const Definitions& definitions;
  const VirtualServer& server;
  const CheckSettings& checks;
  std::int32_t weight;
  bool inhibit_on_failure;
  std::uint16_t port;  // of the service
};

// "NAT", "DR", "TUN type gue port 5555 csum", from an argument on; nothing, reported, when it is none of them.
std::optional<Forwarding> read_forwarding(const Arguments& arguments, std::size_t index);

template <auto First, auto... Rest>
void set_forwarding(ClassOf<First>& target, const Arguments& arguments) {
  if (const auto forwarding = read_forwarding(arguments, 0)) detail::follow<First, Rest...>(target) = *forwarding;
}

// "ADDRESS [PORT]" behind a keyword; nothing, reported, when there is no address or the port is none. Without a port 0.
std::optional<std::pair<IpAddress, std::uint16_t>> read_endpoint(const Context& context, const Statement& statement);
// 0..65535; nothing, reported with what follows from it, for another word.
std::optional<std::uint16_t> read_port(const Context& context, const Statement& statement, std::size_t index,
                                       std::string_view consequence);

std::optional<RealServer> read_real_server(const Context& context, const Statement& block,
                                           const RealServerDefaults& defaults);

}  // namespace baton::config
