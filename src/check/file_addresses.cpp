// Virtual addresses that nobody can reach, or that are somebody's already.
#include <fmt/format.h>

#include <unordered_map>

#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Instance;
using config::VirtualAddress;

constexpr std::uint8_t shortest_v4 = 8;  // no LAN is larger
constexpr std::uint8_t shortest_v6 = 32;

bool is_loopback(const IpAddress& address) {
  if (address.is_v4()) return address.bytes()[0] == 127;
  return address == IpAddress::parse("::1");
}

// 240.0.0.0/4 with 255.255.255.255: Linux refuses them.
bool is_reserved(const IpAddress& address) {
  return address.is_v4() && address.bytes()[0] >= 240;
}

// The first or the last address of an IPv4 subnet.
bool is_no_host(const IpPrefix& prefix) {
  if (!prefix.address.is_v4() || prefix.length == 0 || prefix.length > 30) return false;
  const std::uint32_t host_bits = (1U << (32 - prefix.length)) - 1;
  const std::uint32_t host = prefix.address.v4_host_order() & host_bits;
  return host == 0 || host == host_bits;
}

class AddressRules {
 public:
  AddressRules(const CheckedFile& file, Report& report) : file_(file), report_(report) {}

  void check() {
    for (const VirtualAddress& address : file_.configuration().static_addresses) {
      static_.emplace(address.address.address, &address);
    }
    for (const Instance& instance : file_.configuration().instances) {
      for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const VirtualAddress& address : *list) check_one(instance, address);
      }
      check_order(instance);
    }
  }

 private:
  void add(std::string_view rule, const VirtualAddress& address, std::string message, std::string mend) {
    report_.add(rule, file_, address.place, std::move(message), std::move(mend));
  }

  void check_one(const Instance& instance, const VirtualAddress& address) {
    const IpPrefix& prefix = address.address;
    const std::string text = to_string(prefix.address);
    if (is_loopback(prefix.address) || is_reserved(prefix.address)) {
      add("vip-is-no-host", address, fmt::format("{} is no address that another machine can reach", text),
          "write an address of the clients' network");
    } else if (is_no_host(prefix)) {
      add("vip-is-network", address,
          fmt::format("{} is the network or the broadcast address of {}: nobody can talk to it", text,
                      to_string(prefix)),
          "correct the address, or its length");
    } else if (prefix.length < (prefix.address.is_v4() ? shortest_v4 : shortest_v6)) {
      add("vip-wide-prefix", address,
          fmt::format("/{} makes the node believe that nearly everybody is its neighbour", prefix.length),
          "write the length of the network, or none");
    }
    if (address.detect_duplicates) {
      add("duplicate-detection", address,
          fmt::format(
              "with -nodad the kernel looks for duplicates of {}: after two masters have met, it stays unusable", text),
          "remove -nodad: without it there is no detection");
    }
    if (const auto found = static_.find(prefix.address); found != static_.end()) {
      add("vip-is-static", address,
          fmt::format("{} is in static_ipaddress as well ({}), so every node has it all the time", text,
                      file_.words_for(found->second->place)),
          "remove it from static_ipaddress");
    }
    check_other_link(instance, address);
  }

  // On the same interface it is said when the file is read.
  void check_other_link(const Instance& instance, const VirtualAddress& address) {
    if (address.address.address.is_link_local()) return;
    const auto [first, is_new] = seen_.try_emplace(address.address.address, Seen{&instance, &address});
    if (is_new || first->second.instance == &instance || first->second.address->device == address.device) return;
    add("address-twice", address,
        fmt::format("{} is an address of {} as well, on {} ({})", to_string(address.address.address),
                    first->second.instance->name, first->second.address->device,
                    file_.words_for(first->second.address->place)),
        "leave it in one of them");
  }

  void check_order(const Instance& instance) {
    if (instance.family != Family::ipv6 || instance.strict || instance.addresses.empty()) return;
    const VirtualAddress& first = instance.addresses.front();
    if (first.address.address.is_link_local()) return;
    add("first-is-global", first, "the first IPv6 address is no link-local one; other makes of router may refuse it",
        "put a fe80:: address first, on all nodes, where not all of them are keepalived or Baton");
  }

  struct Seen {
    const Instance* instance = nullptr;
    const VirtualAddress* address = nullptr;
  };
  const CheckedFile& file_;
  Report& report_;
  std::unordered_map<IpAddress, const VirtualAddress*> static_;
  std::unordered_map<IpAddress, Seen> seen_;
};

}  // namespace

void check_addresses(const CheckedFile& file, Report& report) {
  AddressRules(file, report).check();
}

}  // namespace baton::check
