// How adverts travel, and what is in their way.
#include <fmt/format.h>

#include <algorithm>

#include "check/file_rules.h"

namespace baton::check {
namespace {

using config::Instance;

class TransportRules {
 public:
  TransportRules(const CheckedFile& file, const Instance& instance, Report& report)
      : file_(file), instance_(instance), report_(report) {}

  void check() {
    check_peers();
    check_authentication();
  }

 private:
  void add(std::string_view rule, std::string_view keyword, std::string message, std::string mend) {
    report_.add(rule, file_, file_.keyword(instance_.place, keyword), std::move(message), std::move(mend));
  }

  // The length of a virtual address says what this node's network is.
  void check_peers() {
    if (!instance_.source) return;
    const auto is_home = [&](const config::VirtualAddress& address) {
      const std::uint8_t longest = address.address.address.is_v4() ? 32 : 128;
      return address.address.length < longest && contains(address.address, *instance_.source);
    };
    const auto home = std::ranges::find_if(instance_.addresses, is_home);
    if (home == instance_.addresses.end()) return;
    for (const config::UnicastPeer& peer : instance_.peers) {
      if (contains(home->address, peer.address)) continue;
      report_.add("peer-elsewhere", file_, peer.place,
                  fmt::format("peer {} is outside of {}: nobody will reach {} there", to_string(peer.address),
                              to_string(home->address), to_string(home->address.address)),
                  "put the nodes into one subnet, or correct the peer or the length of the address");
    }
  }

  void check_authentication() {
    const config::Authentication& authentication = instance_.authentication;
    if (authentication.type == config::AuthType::ah) {
      add("ah-protocol", "auth_type",
          fmt::format("with AH the adverts of {} are IP protocol 51, not 112: a firewall that lets only VRRP in gives "
                      "two masters",
                      instance_.name),
          "let protocol 51 in from the other nodes (iptables -p ah, nft ip protocol ah), or use PASS");
    }
    if (instance_.hmac && instance_.hmac->mode != config::HmacMode::enforce) {
      add("hmac-not-enforced", "mode",
          fmt::format("{} accepts adverts without a signature: anybody on the LAN can take the address",
                      instance_.name),
          "write mode enforce as soon as all nodes sign");
    }
    if (instance_.vrid == 51 && authentication.password.reveal() == "1111" && instance_.peers.empty()) {
      add("sample-identity", "virtual_router_id",
          "virtual_router_id 51 with the password 1111 is what the sample file and most tutorials have: another "
          "cluster "
          "on this LAN may have it too",
          "choose another virtual_router_id, the same on all nodes");
    }
  }

  const CheckedFile& file_;
  const Instance& instance_;
  Report& report_;
};

}  // namespace

void check_transport(const CheckedFile& file, Report& report) {
  for (const Instance& instance : file.configuration().instances) TransportRules(file, instance, report).check();
}

}  // namespace baton::check
