// Packet filter rules beside the configurations: do they let the nodes' adverts in and out?
#pragma once

#include <string>

namespace baton::check {

struct FirewallText {
  std::string name;
  std::string text;
};

}  // namespace baton::check
