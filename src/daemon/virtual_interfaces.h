// The interfaces that routers have for themselves, brought to the kernel and taken away again, and the settings of
// interfaces that are not ours: of those they stand on, and promote_secondaries of a router's (ip-sysctl: without it
// the removal of an interface's primary address takes the secondary ones with it). What such settings were is recorded
// first and restored at the end, by whoever is there to do it (kernel/settings_record.h).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "daemon/setup.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "kernel/settings_record.h"

namespace baton::daemon {

class VirtualInterfaces {
 public:
  using Say = std::function<void(const std::string&)>;
  // `record`: path of the record of settings. `say` hears what could not be done, once each.
  VirtualInterfaces(const Setup& setup, const std::string& record, Say say);

  // Makes what is missing and can be made; true when it has changed something, and `interfaces` was read anew. Cheap
  // when nothing is to be done.
  bool follow(kernel::NetlinkSocket& requests, kernel::InterfaceTable& interfaces);
  // Those of an earlier configuration that this one does not have: removes what is in the way of ours, and keeps the
  // rest for remove_leftover(), for each takes the kernel a hundredth of a second.
  void take_leftovers(std::span<const VirtualInterfaceSetup> leftovers, kernel::NetlinkSocket& requests,
                      kernel::InterfaceTable& interfaces);
  bool have_leftovers() const { return !leftovers_.empty(); }
  void remove_leftover(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces);  // one
  // Takes all of them away, leftovers too, and restores the settings.
  void remove(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces);

  // One that the router needs could not be made although its base is there.
  bool have_failed(vrrp::RouterId router) const;

 private:
  std::vector<std::size_t> make(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces);
  bool set_up(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces);
  bool give_addresses(kernel::NetlinkSocket& requests, const kernel::InterfaceTable& interfaces);
  void keep_settings(const kernel::InterfaceTable& interfaces);
  void set_problem(std::size_t index, std::string problem);
  bool is_wanted(const kernel::Link& link, const kernel::InterfaceTable& interfaces) const;
  bool is_in_the_way(const VirtualInterfaceSetup& leftover) const;
  void remove(std::span<const VirtualInterfaceSetup> which, kernel::NetlinkSocket& requests,
              const kernel::InterfaceTable& interfaces);
  void look(kernel::NetlinkSocket& requests, kernel::InterfaceTable& interfaces);

  const Setup& setup_;
  Say say_;
  std::string record_path_;
  kernel::SettingsRecord record_;
  std::vector<VirtualInterfaceSetup> leftovers_;
  std::vector<std::string> problems_;        // of each interface; empty: none
  std::vector<std::uint32_t> last_indexes_;  // of interfaces with settings, as these were last looked at
  bool has_kept_settings_ = false;
};

}  // namespace baton::daemon
