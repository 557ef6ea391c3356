// Looks at this host and at its wires for the doctor: reads /proc and netlink, listens to packet sockets. Sends ARP
// probes and neighbour solicitations for virtual addresses, where it may, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "doctor/doctor.h"

namespace baton::probe {

namespace limits {

inline constexpr std::size_t interfaces = 64;  // listened to
inline constexpr std::size_t addresses = 256;  // probed
inline constexpr Duration longest_listening = std::chrono::hours(1);

}  // namespace limits

struct Options {
  std::vector<std::string> interfaces;  // besides those of the configuration; none of both: all that could carry VRRP
  Duration listen{};                    // 0: does not listen
  bool probes = true;
};

doctor::Patient look(setup::Setup setup, const Options& options);

// The parts of it.
void look_at_host(doctor::Patient& patient);
void look_for_daemons(doctor::Patient& patient);
void look_at_wire(doctor::Patient& patient, const Options& options);
// Who was heard can be asked for by then.
void look_at_routes(doctor::Patient& patient);

}  // namespace baton::probe
