#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

#include "kernel/wire_socket.h"
#include "probe/probe.h"
#include "vrrp/address_probe.h"

namespace baton::probe {

namespace {

using doctor::Interface;
using doctor::Patient;
using Clock = std::chrono::steady_clock;

struct Ear {
  std::string interface;
  kernel::WireSocket socket;
  std::vector<Bytes> probes;
};

std::vector<IpAddress> groups_of(const setup::Setup& setup) {
  std::vector<IpAddress> groups = {vrrp::spec::multicast_group(Family::ipv4),
                                   vrrp::spec::multicast_group(Family::ipv6)};
  for (const setup::RouterSetup& router : setup.routers) {
    const IpAddress& group = router.codec.multicast_group;
    if (group.is_multicast() && std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
  }
  return groups;
}

std::vector<Ear> open_ears(Patient& patient) {
  const std::vector<IpAddress> groups = groups_of(patient.setup);
  std::vector<Ear> ears;
  for (const std::string& name : patient.interfaces) {
    const Interface* interface = nullptr;
    if (const auto found = patient.host.interfaces.find(name); found != patient.host.interfaces.end()) {
      interface = &found->second;
    }
    if (interface == nullptr || !interface->is_enabled || !interface->is_ethernet) continue;
    auto socket = kernel::WireSocket::open(name, interface->index, groups);
    if (!socket) {
      patient.not_looked.push_back({.look = fmt::format("the wire at {}", name),
                                    .why = to_string(socket.error()),
                                    .mend = "run it as root, or with CAP_NET_RAW"});
      continue;
    }
    ears.push_back({.interface = name, .socket = std::move(*socket), .probes = {}});
  }
  return ears;
}

void prepare_probes(Patient& patient, std::vector<Ear>& ears) {
  std::size_t left_out = 0;
  for (const setup::RouterSetup& router : patient.setup.routers) {
    for (const config::VirtualAddress& address : router.addresses) {
      const IpAddress& ip = address.address.address;
      const std::string name = doctor::asking_interface(patient.host, router, address);
      const auto ear = std::ranges::find(ears, name, &Ear::interface);
      if (ear == ears.end() || patient.wire.probed.contains({name, ip})) continue;
      if (patient.wire.probed.size() >= limits::addresses) {
        ++left_out;
        continue;
      }
      const Interface& interface = patient.host.interfaces.at(name);
      if (ip.is_v4()) {
        ear->probes.push_back(vrrp::arp_probe(ip, interface.mac));
      } else {
        const auto own = std::ranges::find_if(interface.addresses, [&](const doctor::HeldAddress& held) {
          return held.address.address.is_v6() && held.address.address.is_link_local() && !held.is_duplicate &&
                 held.address.address != ip;
        });
        if (own == interface.addresses.end()) {
          patient.not_looked.push_back({.look = fmt::format("who answers for {} on {}", to_string(ip), interface.name),
                                        .why = "the interface has no IPv6 link-local address to ask from",
                                        .mend = "give it one, and look again"});
          continue;
        }
        ear->probes.push_back(vrrp::neighbour_solicitation(ip, own->address.address, interface.mac));
      }
      patient.wire.probed.insert({name, ip});
    }
  }
  if (left_out == 0) return;
  patient.not_looked.push_back({.look = fmt::format("who answers for {} more virtual addresses", left_out),
                                .why = fmt::format("at most {} are probed", limits::addresses),
                                .mend = "look at a part of the configuration"});
}

void listen(std::vector<Ear>& ears, Duration time, doctor::WireLog& log) {
  constexpr Duration second_try = std::chrono::seconds(1);
  const auto begin = Clock::now();
  const auto end = begin + time;
  auto next_probe = begin;
  int probes_left = 2;  // one may be lost
  std::vector<pollfd> waiting;
  for (const Ear& ear : ears) waiting.push_back({.fd = ear.socket.fd(), .events = POLLIN, .revents = 0});
  for (auto now = begin; now < end; now = Clock::now()) {
    if (probes_left > 0 && now >= next_probe) {
      for (Ear& ear : ears) {
        for (const Bytes& probe : ear.probes) (void)ear.socket.send(probe);  // no answer then: a link that is down
      }
      --probes_left;
      next_probe = begin + std::min(second_try, time / 2);
    }
    const auto until = probes_left > 0 ? std::min(end, next_probe) : end;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) continue;
    for (std::size_t i = 0; i < ears.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      ears[i].socket.receive([&](ByteView frame, bool is_ours) {
        log.on_frame(ears[i].interface, is_ours ? doctor::Origin::here : doctor::Origin::there, frame,
                     std::chrono::system_clock::now());
      });
    }
  }
}

}  // namespace

void look_at_wire(Patient& patient, const Options& options) {
  // Answers to probes come within milliseconds; the second one is for a first that was lost.
  constexpr Duration time_for_answers = std::chrono::milliseconds(1'500);
  const bool listens = options.listen > Duration::zero();
  if (!listens && !options.probes) return;
  std::vector<Ear> ears = open_ears(patient);
  if (options.probes) prepare_probes(patient, ears);
  const bool has_probes = std::ranges::any_of(ears, [](const Ear& ear) { return !ear.probes.empty(); });
  if (ears.empty() || (!listens && !has_probes)) return;
  const Duration time = listens ? std::min(options.listen, limits::longest_listening) : time_for_answers;
  doctor::WireLog log;
  listen(ears, time, log);
  std::move(log).take(patient.wire);
  if (!listens) {
    patient.wire.speakers.clear();
    return;
  }
  patient.wire.listened = time;
  for (const setup::RouterSetup& router : patient.setup.routers) {
    const Duration needed = 4 * router.codec.advert_interval;
    if (needed <= time) continue;
    patient.not_looked.push_back({.look = fmt::format("whether anybody is MASTER of {}", router.name),
                                  .why = fmt::format("{:g} s of listening are less than four of its advert intervals",
                                                     std::chrono::duration<double>(time).count()),
                                  .mend = fmt::format("--listen {:g}", std::chrono::duration<double>(needed).count())});
  }
}

}  // namespace baton::probe
