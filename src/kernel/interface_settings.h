// Settings of an interface that are files below /proc/sys and not netlink.
#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace baton::kernel {

// Does the machine forward IPv6 that comes in there: is it a router on that link (RFC 4861 §4.4, the R flag)? False
// also where there is no IPv6.
bool forwards_ipv6(const std::string& interface);

// forwards_ipv6() for who asks thousands of times in a row: an answer is believed for some seconds.
class ForwardingMemory {
 public:
  bool forwards_ipv6(const std::string& interface, Instant now);

 private:
  struct Answer {
    bool forwards = false;
    Instant read;
  };
  std::map<std::string, Answer> answers_;  // by interface
};

}  // namespace baton::kernel
