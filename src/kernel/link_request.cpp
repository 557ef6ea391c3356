#include "kernel/link_request.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace baton::kernel {

namespace {

void put_kind(nlmsghdr* message, const StackedInterface& interface) {
  nlattr* info = ::mnl_attr_nest_start(message, IFLA_LINKINFO);
  const bool is_macvlan = interface.kind == StackedKind::macvlan;
  ::mnl_attr_put_strz(message, IFLA_INFO_KIND, is_macvlan ? "macvlan" : "ipvlan");
  nlattr* data = ::mnl_attr_nest_start(message, IFLA_INFO_DATA);
  if (is_macvlan) {
    ::mnl_attr_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
  } else {
    ::mnl_attr_put_u16(message, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2);
    switch (interface.ipvlan_flag) {
      case IpvlanFlag::bridge: break;
      case IpvlanFlag::isolated: ::mnl_attr_put_u16(message, IFLA_IPVLAN_FLAGS, IPVLAN_F_PRIVATE); break;
      case IpvlanFlag::vepa: ::mnl_attr_put_u16(message, IFLA_IPVLAN_FLAGS, IPVLAN_F_VEPA); break;
    }
  }
  ::mnl_attr_nest_end(message, data);
  ::mnl_attr_nest_end(message, info);
}

void put_new(nlmsghdr* message, const StackedInterface& interface) {
  ::mnl_attr_put_u32(message, IFLA_LINK, interface.base_index);
  ::mnl_attr_put_strz(message, IFLA_IFNAME, interface.name.c_str());
  if (interface.mac) ::mnl_attr_put(message, IFLA_ADDRESS, interface.mac->bytes.size(), interface.mac->bytes.data());
  if (interface.group != 0) ::mnl_attr_put_u32(message, IFLA_GROUP, interface.group);
  if (interface.master != 0) ::mnl_attr_put_u32(message, IFLA_MASTER, interface.master);
  put_kind(message, interface);
}

}  // namespace

void put_request(nlmsghdr* message, const LinkRequest& request) {
  using enum LinkRequest::Operation;
  const bool removes = request.operation == remove;
  message->nlmsg_type = removes ? RTM_DELLINK : RTM_NEWLINK;
  message->nlmsg_flags =
      static_cast<std::uint16_t>(NLM_F_REQUEST | (request.operation == make ? NLM_F_CREATE | NLM_F_EXCL : 0));
  auto* info = static_cast<ifinfomsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_family = AF_UNSPEC;
  info->ifi_index = static_cast<int>(request.index);
  switch (request.operation) {
    case make: return put_new(message, request.interface);
    case set_up:
      info->ifi_flags = IFF_UP;
      info->ifi_change = IFF_UP;
      return;
    case remove: return;
  }
}

}  // namespace baton::kernel
