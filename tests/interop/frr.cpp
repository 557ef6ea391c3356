#include "interop/frr.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/result.h"
#include "lab/clock.h"
#include "lab/sandbox.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;

constexpr const char* programs = "/usr/lib/frr";
constexpr const char* directory = "/run/frr";
constexpr Duration start_bound = 15s;

// The virtual MAC is how vrrpd finds its macvlan. What sysctls do here, FRR's manual asks for.
constexpr const char* set_up_script = R"(
ip link add {macvlan} link {interface} type macvlan mode bridge
ip link set {macvlan} address 00:00:5e:00:{family:02x}:{vrid:02x}
for address in {addresses}; do ip addr add $address dev {macvlan}; done
ip link set {macvlan} up
cd /proc/sys/net/ipv4
echo 1 >ip_forward
for each in all {interface} {macvlan}; do echo 0 >conf/$each/rp_filter; done
echo 1 >conf/{interface}/arp_ignore
install -d -o frr -g frr {directory}
cp {directory}.conf {directory}/vrrpd.conf
echo "log stdout" >{directory}/zebra.conf
chown frr:frr {directory}/*.conf
)";

bool is_frr(const lab::ProcessInfo& process) {
  return process.name == "zebra" || process.name == "vrrpd";
}

std::string command_line(std::string_view program) {
  return fmt::format("{}/{} --vty_socket {} -z {}/zserv.api -u frr -g frr -f {}/{}.conf -i {}/{}.pid", programs,
                     program, directory, directory, directory, program, directory, program);
}

std::string vrrpd_configuration(const FrrSettings& settings) {
  std::string text = fmt::format(
      "log stdout\ninterface {}\n vrrp {} version {}\n vrrp {} priority {}\n vrrp {} advertisement-interval {}\n",
      settings.interface, settings.vrid, settings.version, settings.vrid, settings.priority, settings.vrid,
      settings.advert_interval / 1ms);
  for (const std::string& address : settings.addresses) {
    text += fmt::format(" vrrp {} {} {}\n", settings.vrid, settings.family == Family::ipv4 ? "ip" : "ipv6", address);
  }
  return text;
}

}  // namespace

SysResult<Frr> Frr::set_up(lab::Lab& lab, lab::NodeId node, FrrSettings settings) {
  Frr frr(lab, node, std::move(settings));
  frr.asker_ =
      lab.machine(node).network().inside([] { return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); });
  const FrrSettings& made = frr.settings_;
  frr.write_configuration();
  // Without a prefix, so that answers leave from the interface below and bear its MAC: then it is known whose they are.
  std::string addresses;
  for (const std::string& address : made.addresses) addresses += " " + address;
  TRY_VOID(frr.run_to_its_end(
      fmt::format(fmt::runtime(set_up_script), fmt::arg("macvlan", frr.macvlan()),
                  fmt::arg("interface", made.interface), fmt::arg("family", made.family == Family::ipv4 ? 1 : 2),
                  fmt::arg("vrid", made.vrid), fmt::arg("addresses", addresses), fmt::arg("directory", directory))));
  return frr;
}

SysResult<void> Frr::run_to_its_end(const std::string& script) {
  const std::string sign = lab_->machine(node_).outside_path("/run/frr.done");
  (void)::unlink(sign.c_str());
  TRY_VOID(lab_->start_program(node_, {"sh", "-ec", script + "\ntouch /run/frr.done"}));
  if (lab_->wait_until([&] { return ::access(sign.c_str(), F_OK) == 0; }, start_bound)) return {};
  return std::unexpected(SysError{"set up FRR", ETIMEDOUT});
}

void Frr::write_configuration() const {
  std::ofstream(lab_->machine(node_).outside_path(fmt::format("{}.conf", directory))) << vrrpd_configuration(settings_);
}

SysResult<void> Frr::start() {
  lab_->tell(node_, lab::Event::Kind::action, "FRR starts", lab::now());
  // vrrpd looks for zebra every second: it is started when zebra can be found. zebra stays when vrrpd ends.
  TRY_VOID(
      lab_->start_program(node_, {"sh", "-c",
                                  fmt::format("pidof zebra >/dev/null || {{ rm -f {}/zserv.api; {} & }}\n"
                                              "for i in $(seq 100); do [ -S {}/zserv.api ] && break; sleep 0.05; "
                                              "done\n{} | grep --line-buffered -v Refusing",
                                              directory, command_line("zebra"), directory, command_line("vrrpd"))}));
  if (lab_->wait_until([&] { return runs(); }, start_bound)) return {};
  return std::unexpected(SysError{"start FRR", ETIMEDOUT});
}

SysResult<void> Frr::stop() {
  lab_->tell(node_, lab::Event::Kind::action, "SIGTERM for vrrpd", lab::now());
  return signal(SIGTERM);
}

SysResult<void> Frr::kill() {
  lab_->tell(node_, lab::Event::Kind::action, "SIGKILL for vrrpd", lab::now());
  return signal(SIGKILL);
}

SysResult<void> Frr::signal(int number) {
  const auto tree = processes();
  const auto found = std::ranges::find(tree, "vrrpd", &lab::ProcessInfo::name);
  if (found == tree.end()) return std::unexpected(SysError{"signal vrrpd", ESRCH});
  ::kill(found->pid, number);
  return {};
}

SysResult<void> Frr::set_priority(int priority) {
  settings_.priority = priority;
  write_configuration();
  lab_->tell(node_, lab::Event::Kind::action, fmt::format("priority {} for vrrpd", priority), lab::now());
  (void)ask(fmt::format("-c 'configure terminal' -c 'interface {}' -c 'vrrp {} priority {}'", settings_.interface,
                        settings_.vrid, priority));
  return run_to_its_end(fmt::format("cp {}.conf {}/vrrpd.conf", directory, directory));
}

bool Frr::runs() const {
  return std::ranges::any_of(processes(), [](const auto& process) { return process.name == "vrrpd"; });
}

std::vector<lab::ProcessInfo> Frr::processes() const {
  std::vector<lab::ProcessInfo> tree = lab::process_tree(lab_->machine(node_).init());
  std::erase_if(tree, [](const lab::ProcessInfo& process) { return !is_frr(process); });
  return tree;
}

bool Frr::answers() const {
  const auto routers = nlohmann::json::parse(ask("-c 'show vrrp json'"), nullptr, false);
  return routers.is_array() && !routers.empty();
}

bool Frr::has_addresses() const {
  ifreq request{};
  macvlan().copy(request.ifr_name, IFNAMSIZ - 1);
  return ::ioctl(asker_.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

std::uint64_t Frr::adverts_received() const {
  const auto routers = nlohmann::json::parse(ask("-c 'show vrrp json'"), nullptr, false);
  if (!routers.is_array() || routers.empty()) return 0;
  return routers.at(0).at(settings_.family == Family::ipv4 ? "v4" : "v6").at("stats").at("adverRx");
}

std::string Frr::macvlan() const {
  return fmt::format("vrrp{}-{}", settings_.family == Family::ipv4 ? 4 : 6, settings_.vrid);
}

std::string Frr::ask(const std::string& commands) const {
  const std::string line = fmt::format("timeout 5 vtysh --vty_socket {} {} 2>/dev/null",
                                       lab_->machine(node_).outside_path(directory), commands);
  std::string answer;
  FILE* const pipe = popen(line.c_str(), "r");
  std::array<char, 4096> buffer;
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
  if (pipe != nullptr) (void)pclose(pipe);
  return answer;
}

std::string missing_frr() {
  if (::access("/usr/lib/frr/vrrpd", X_OK) != 0) return "FRR is not installed";
  if (lab::is_unprivileged_sandbox()) return "FRR runs as a user of its own, and here is none but one";
  return {};
}

}  // namespace baton::interop
