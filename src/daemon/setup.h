// The configuration's model turned into what each part of the daemon needs: parameters of the cores, commands of the
// runner. The one place where a keyword's value becomes a behaviour; it knows no socket and no process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "notify/event.h"
#include "process/runner_protocol.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"

namespace baton::daemon {

// A vrrp_instance beyond what vrrp::Node knows of it (NodeParameters::routers, same index).
struct RouterSetup {
  std::string name;
  std::string interface;                       // empty: unicast by routing, no interface of its own
  std::optional<IpAddress> configured_source;  // mcast_src_ip, unicast_src_ip
  vrrp::CodecParameters codec;
  std::vector<config::VirtualAddress> addresses;  // virtual_ipaddress, then excluded; `device` filled in
  notify::Hooks hooks;
  bool notify_priority_changes = false;
  bool compares_address_lists = true;  // not with skip_check_adv_addr: what is unlike ours is nobody's business then
};

// A vrrp_sync_group beyond what vrrp::Node knows of it (NodeParameters::groups, same index).
struct GroupSetup {
  std::string name;
  notify::Hooks hooks;
};

struct Setup {
  std::string router_id;
  vrrp::NodeParameters node;
  std::vector<RouterSetup> routers;
  std::vector<GroupSetup> groups;
  process::ScriptRules script_rules;
  std::vector<process::TrackScript> scripts;  // id = TrackerId in NodeParameters::trackers
  std::vector<process::TrackedFile> files;    // likewise
  std::uint32_t file_mask = 0177;             // umask
  std::vector<process::Fifo> fifos;
  notify::MailSettings mail;
  std::optional<notify::MailServer> mail_server;
  bool mail_on_fault = true;
  Duration announcement_interval{};       // vrrp_garp_interval, vrrp_gna_interval: the longer one
  std::optional<int> real_time_priority;  // vrrp_rt_priority
  std::vector<std::string> problems;      // why this cannot be started, one sentence each; usually none
  std::vector<std::string>
      not_carried_out;  // parts of the file that Baton reads and does not do yet, one sentence each
};

Setup make_setup(const config::Configuration& configuration);

}  // namespace baton::daemon
