#include "probe/probe.h"

#include <algorithm>

namespace baton::probe {

namespace {

// Adverts and virtual addresses are there; a name twice is one.
std::vector<std::string> interfaces_to_look_at(const doctor::Patient& patient, const Options& options) {
  std::vector<std::string> names = options.interfaces;
  for (const setup::RouterSetup& router : patient.setup.routers) {
    names.push_back(router.interface.empty() ? router.advert_interface : router.interface);
    for (const config::VirtualAddress& address : router.addresses) {
      names.push_back(doctor::asking_interface(patient.host, router, address));
    }
  }
  if (names.empty()) {
    for (const auto& [name, interface] : patient.host.interfaces) {
      if (interface.is_ethernet && interface.is_enabled && interface.has_multicast && interface.bridge.empty()) {
        names.push_back(name);
      }
    }
  }
  std::vector<std::string> once;
  for (std::string& name : names) {
    if (!name.empty() && name != "lo" && std::ranges::find(once, name) == once.end()) once.push_back(std::move(name));
  }
  return once;
}

}  // namespace

doctor::Patient look(setup::Setup setup, const Options& options) {
  doctor::Patient patient{.setup = std::move(setup)};
  look_at_host(patient);
  look_for_daemons(patient);
  patient.interfaces = interfaces_to_look_at(patient, options);
  if (patient.interfaces.size() > limits::interfaces) {
    patient.not_looked.push_back({.look = "further interfaces",
                                  .why = "more than are listened to at once",
                                  .mend = "name some with --interface"});
    patient.interfaces.resize(limits::interfaces);
  }
  look_at_wire(patient, options);
  look_at_routes(patient);
  return patient;
}

}  // namespace baton::probe
