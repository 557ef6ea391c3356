// The doctor: what was seen on a host and on its wires, and a configuration, become findings. PURE: the looking is
// done in src/probe. Nothing here says that all is well; it says what is not, and what was not looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/facts.h"
#include "doctor/finding.h"
#include "doctor/wire.h"
#include "setup/setup.h"
#include "vrrp/reject_reason.h"

namespace baton::doctor {

namespace limits {

inline constexpr std::size_t findings_of_a_rule = 100;

}  // namespace limits

struct Patient {
  setup::Setup setup;                   // without routers: there is no configuration
  std::vector<std::string> interfaces;  // that were to be looked at; those of the configuration among them
  HostFacts host;
  WireFacts wire;
  std::vector<NotLooked> not_looked;
};

// A speaker, and what an instance of the configuration and it do with each other's adverts.
struct Encounter {
  Speaker speaker;
  std::string instance;                     // empty: none here has this virtual router
  std::optional<vrrp::RejectReason> here;   // nullopt: taken
  std::optional<vrrp::RejectReason> there;  // likewise, as far as its advert shows
};

struct Report {
  std::vector<Encounter> heard;
  std::vector<Finding> findings;  // in the order of the rules
  std::size_t dropped = 0;        // beyond the limit
  std::vector<NotLooked> not_looked;
};

Report examine(const Patient& patient);

// Where to ask who has a virtual address: the interface it goes to, but never one with a virtual MAC address: a switch
// that hears that from a BACKUP would send it the MASTER's packets.
std::string asking_interface(const HostFacts& host, const setup::RouterSetup& router,
                             const config::VirtualAddress& address);

// How long to listen so that every master of this setup has spoken, and a backup would have taken over.
Duration wanted_listening(const setup::Setup& setup);

}  // namespace baton::doctor
