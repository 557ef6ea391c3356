#include "base/service_table.h"

#include <fmt/format.h>

namespace baton {
namespace {

std::string endpoint(const IpAddress& address, std::uint16_t port) {
  return address.is_v4() ? fmt::format("{}:{}", to_string(address), port)
                         : fmt::format("[{}]:{}", to_string(address), port);
}

std::string protocol_name(std::uint8_t protocol) {
  constexpr std::uint8_t tcp = 6;
  constexpr std::uint8_t udp = 17;
  constexpr std::uint8_t sctp = 132;
  if (protocol == tcp) return "TCP";
  if (protocol == udp) return "UDP";
  if (protocol == sctp) return "SCTP";
  return fmt::format("protocol {}", protocol);
}

}  // namespace

std::string to_string(const ServiceKey& key) {
  if (key.mark != 0) return fmt::format("FWM {}{}", key.mark, key.family == Family::ipv6 ? " IPv6" : "");
  return fmt::format("{} {}", protocol_name(key.protocol), endpoint(key.address, key.port));
}

std::string to_string(const DestinationKey& key) {
  return endpoint(key.address, key.port);
}

ServerTraffic operator+(const ServerTraffic& one, const ServerTraffic& other) {
  const auto sum = [&](std::optional<std::uint64_t> ServerTraffic::* count) -> std::optional<std::uint64_t> {
    if (!(one.*count) || !(other.*count)) return one.*count ? one.*count : other.*count;
    return *(one.*count) + *(other.*count);
  };
  return {.connections = sum(&ServerTraffic::connections),
          .active = sum(&ServerTraffic::active),
          .inactive = sum(&ServerTraffic::inactive),
          .packets_in = sum(&ServerTraffic::packets_in),
          .packets_out = sum(&ServerTraffic::packets_out),
          .bytes_in = sum(&ServerTraffic::bytes_in),
          .bytes_out = sum(&ServerTraffic::bytes_out)};
}

std::string to_string(const TableOperation& operation) {
  using enum TableOperation::Kind;
  const std::string service = to_string(operation.service);
  switch (operation.kind) {
    case add_service: return "add " + service;
    case change_service: return "change " + service;
    case remove_service: return "remove " + service;
    case add_destination: return fmt::format("add {} to {}", to_string(operation.destination), service);
    case change_destination: return fmt::format("change {} of {}", to_string(operation.destination), service);
    case remove_destination: return fmt::format("remove {} from {}", to_string(operation.destination), service);
  }
  return {};
}

}  // namespace baton
