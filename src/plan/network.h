// What the files of all nodes make together: which router hears which, by its own words. Routers of one VRID and family
// hear each other's multicast when their interfaces have one name or they share a virtual address; unicast is heard by
// the peer it is addressed to. Whether a listener believes what it hears, its own codec says, once for every pair.
// PURE.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "setup/setup.h"
#include "vrrp/advert.h"
#include "vrrp/node.h"
#include "vrrp/reject_reason.h"

namespace baton::plan {

using NodeId = std::size_t;
using RingId = std::size_t;
using ElectionId = std::size_t;

struct NodeInput {
  std::string name;  // after its file
  config::Configuration configuration;
};

// A router that an advert of another one reaches.
struct Listener {
  NodeId node = 0;
  vrrp::RouterId router = 0;
  std::optional<vrrp::Advert> advert;            // as its codec reads it; nullopt: it is thrown away
  vrrp::RejectReason rejected{};                 // then, why
  std::optional<IpAddress> announced_address{};  // the one a leaving listener waits for, when the sender has it
};

struct RouterPlace {
  ElectionId election = 0;
  IpAddress source;                 // its adverts leave with it
  bool has_assumed_source = false;  // the file does not say which it is
  std::optional<std::size_t> link;  // of NodePlace::links; nullopt: it has no interface
  std::vector<Listener> listeners;
};

struct NodePlace {
  std::string name;
  setup::Setup setup;
  std::vector<std::string> links;  // interfaces that a router needs or tracks, in the order of the file
  std::vector<RouterPlace> routers;
};

// The addresses of a virtual router that have one fate, because the same nodes have them in their lists. Where all
// lists are alike that is all of its addresses, and a router without any is a ring as well.
struct Ring {
  struct Member {
    NodeId node = 0;
    vrrp::RouterId router = 0;
    bool carries = true;  // it has these addresses; false: it may be MASTER without them
  };
  std::string name;  // of the first member's vrrp_instance
  ElectionId election = 0;
  std::vector<Member> members;  // of the election, those that carry it first
  std::vector<IpAddress> addresses;

  bool carries(NodeId node, vrrp::RouterId router) const;
};

struct Network {
  std::vector<NodePlace> nodes;
  std::vector<Ring> rings;
  // Whoever hears another, or has an address in common with it, elects one master: their rings.
  std::vector<std::vector<RingId>> elections;
  std::vector<std::string> problems;  // why a node cannot be started, a sentence each; then nothing else is there

  const std::string& name(NodeId node) const { return nodes[node].name; }
};

Network make_network(std::vector<NodeInput> inputs);

}  // namespace baton::plan
