// Packet filter rules beside the configurations: what iptables-save, `nft list ruleset`, firewalld's rich rules or a
// script of such commands say about the two protocols adverts travel in.
//
// Only this is asked: is one of the two let in by name, and the other not. Whether a packet really passes depends on
// more than a text shows.
#pragma once

#include <string>

namespace baton::check {

struct FirewallText {
  std::string name;
  std::string text;
};

struct ProtocolLines {
  unsigned vrrp = 0;  // the first line that lets protocol 112 in; 0: none does by name
  unsigned ah = 0;    // the same of protocol 51
};
ProtocolLines find_protocols(const FirewallText& firewall);

}  // namespace baton::check
