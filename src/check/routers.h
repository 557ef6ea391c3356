// Which instances of several files are one virtual router: the nodes that must agree.
//
// Candidates have the same virtual_router_id and family; a router has at most one instance of a file. In this order:
//   1. they share a virtual address (no link-local one), or one's unicast peer is the other's source;
//   2. they have the same name; with more than two files their addresses must also be of one subnet, because every
//      cluster has a VI_1;
// What has the same VRID in one subnet and is not the same router by these signs is a VRID in use twice.
// Interfaces may be called otherwise on every node, so their names decide nothing where addresses do.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "check/check.h"

namespace baton::check {

struct Member {
  const CheckedFile* file = nullptr;
  const config::Instance* instance = nullptr;
  std::size_t node = 0;  // index of the file

  // Where it gives a keyword, else where it begins.
  config::Place keyword(std::string_view word) const { return file->keyword(instance->place, word); }
};

struct VirtualRouter {
  std::vector<Member> members;  // at least one, in the order of the files
  // At most one a file.
  const Member* of_node(std::size_t node) const;
};

std::vector<VirtualRouter> virtual_routers(std::span<const CheckedFile> files);

// Of an address that is written without a length, /24 or /64.
IpPrefix subnet_of(const config::VirtualAddress& address);

// Whether addresses of both may be in one subnet: by the lengths they are written with, where they have one, else as
// /24 and /64.
bool share_subnet(const config::Instance& left, const config::Instance& right);

}  // namespace baton::check
