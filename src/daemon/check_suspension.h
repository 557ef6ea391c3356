// ha_suspend: the checks of a virtual server rest while this host has none of its addresses; the real servers stay what
// they are. PURE.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "daemon/checker_role.h"

namespace baton::daemon {

class CheckSuspension {
 public:
  explicit CheckSuspension(const std::vector<ListedCheck>& checks);

  // Is there anything to look for?
  bool is_wanted() const { return !services_.empty(); }

  struct Change {
    std::vector<std::uint32_t> checks;
    bool is_suspended = false;
    std::string address;  // the first of the virtual server's, for people
  };
  // What has become of them; all run until it is asked first.
  std::vector<Change> look(const std::function<bool(const IpAddress&)>& here);
  bool is_suspended(std::uint32_t check) const { return is_suspended_[check]; }

 private:
  struct Service {
    std::vector<IpAddress> addresses;
    std::vector<std::uint32_t> checks;
    bool is_suspended = false;
  };
  std::vector<Service> services_;
  std::vector<bool> is_suspended_;  // by check
};

}  // namespace baton::daemon
