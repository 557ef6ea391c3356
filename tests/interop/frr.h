// FRR's vrrpd on a machine of the lab. Its way: the virtual addresses are always on a macvlan with the virtual MAC, and
// whoever is not master has its carrier taken away (protodown); so it has the addresses when the macvlan runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "lab/lab.h"

namespace baton::interop {

struct FrrSettings {
  std::string interface;
  std::uint8_t vrid = 0;
  int version = 3;
  int priority = 100;
  Duration advert_interval{};
  Family family = Family::ipv4;
  std::vector<std::string> addresses;
};

class Frr {
 public:
  // Makes the macvlan and writes the files; nothing runs yet.
  static SysResult<Frr> set_up(lab::Lab& lab, lab::NodeId node, FrrSettings settings);

  SysResult<void> start();
  SysResult<void> stop();  // SIGTERM: it says goodbye
  SysResult<void>
  kill();  // SIGKILL: until it is started again the macvlan, and with it the addresses, stay as they are
  SysResult<void> set_priority(int priority);  // while it runs

  bool runs() const;
  bool answers() const;  // and has read its configuration
  bool has_addresses() const;
  std::uint64_t adverts_received() const;  // since it was started
  std::vector<lab::ProcessInfo> processes() const;

 private:
  Frr(lab::Lab& lab, lab::NodeId node, FrrSettings settings)
      : lab_(&lab), node_(node), settings_(std::move(settings)) {}
  std::string macvlan() const;
  void write_configuration() const;
  SysResult<void> run_to_its_end(const std::string& script);
  std::string ask(const std::string& commands) const;  // vtysh -c ...
  SysResult<void> signal(int number);

  lab::Lab* lab_;
  lab::NodeId node_;
  FrrSettings settings_;
  UniqueFd asker_;  // a socket of the machine, to ask for the flags of an interface
};

// Empty when it can be run here, otherwise why not.
std::string missing_frr();

}  // namespace baton::interop
