#include "lab/lab.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/result.h"
#include "lab/clock.h"
#include "lab/sandbox.h"

namespace baton::lab {
namespace {

std::string switch_name(LanId lan) {
  return fmt::format("switch{}", lan);
}
std::string port_name(NodeId node, std::size_t interface) {
  return fmt::format("p{}-{}", node, interface);
}
std::string client_port(LanId lan) {
  return fmt::format("c{}", lan);
}
std::string client_interface(LanId lan) {
  return fmt::format("lan{}", lan);
}

std::string web_configuration() {
  // In a user namespace one user exists: nginx must stay who it is, and a master process would insist on workers that
  // are somebody else.
  const char* identity = is_unprivileged_sandbox() ? "user root;\nmaster_process off;\n" : "";
  std::string paths;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    paths += fmt::format("  {}_temp_path /run/lab/{};\n", kind, kind);
  }
  return fmt::format(
      "{}pid /run/nginx.pid;\nerror_log /run/lab/nginx.log;\nworker_processes 1;\n"
      "events {{}}\nhttp {{\n  access_log off;\n  keepalive_requests 1000000000;\n  keepalive_timeout 1h;\n  "
      "default_type text/plain;\n{}"
      "  server {{\n    listen 80 default_server;\n    listen [::]:80 default_server;\n"
      "    root /run/lab/www;\n    index index.html;\n  }}\n}}\n",
      identity, paths);
}

// "Wed Nov 25 12:33:01 2026: (VI_1) ..." (keepalived), "2026-11-25 12:33:01.081 baton-vrrp notice  (VI_1) ..." (Baton):
// the lab has a clock of its own, and the story needs neither role nor level.
std::string_view without_prefix(std::string_view line) {
  constexpr std::size_t keepalived_date = 24;
  constexpr std::size_t baton_prefix = 43;
  if (line.size() > keepalived_date + 2 && line.substr(keepalived_date, 2) == ": ") {
    return line.substr(keepalived_date + 2);
  }
  if (line.size() > baton_prefix && line[4] == '-' && line[10] == ' ') return line.substr(baton_prefix);
  return line;
}

void disable_ipv6_on_switches() {
  for (const char* where : {"all", "default"}) {
    const UniqueFd file(
        open(fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", where).c_str(), O_WRONLY | O_CLOEXEC));
    if (file) (void)!write(file.get(), "1", 1);
  }
}

// Before everything else that runs here, so that the observer's clock is not the observed load. Not inherited.
void run_promptly() {
  const sched_param priority{.sched_priority = 50};  // above the daemons it watches; batond takes 40
  (void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);  // without it a busy machine blurs times
}

bool belongs_to_daemon(const ProcessInfo& process) {
  return process.name.starts_with("baton") || process.name == "keepalived";
}

}  // namespace

std::string_view name(Daemon daemon) {
  switch (daemon) {
    case Daemon::batond: return "batond";
    case Daemon::keepalived: return "keepalived";
  }
  return {};
}

Lab::Lab(Topology topology, LabOptions options)
    : topology_(std::move(topology)), options_(std::move(options)), nodes_(topology_.nodes.size()) {
  ASSERT(options_.nodes.size() == topology_.nodes.size());
}

SysResult<std::unique_ptr<Lab>> Lab::open(Topology topology, LabOptions options) {
  std::unique_ptr<Lab> lab(new Lab(std::move(topology), std::move(options)));
  TRY_VOID(lab->build());
  return lab;
}

Lab::~Lab() {
  page_.reset();
  ping_.reset();
  for (NodeId node = 0; node < nodes_.size(); ++node) unplug(node);
  for (auto& [token, output] : outputs_) reactor_.unwatch(token);
  if (!switches_) return;
  for (LanId lan = 0; lan < topology_.lans.size(); ++lan) {
    (void)switches_->remove_link(client_port(lan));  // not there when building failed half-way
    (void)switches_->remove_link(switch_name(lan));
  }
}

SysResult<void> Lab::build() {
  run_promptly();
  disable_ipv6_on_switches();
  switches_ = TRY(RouteSocket::open());
  for (LanId lan = 0; lan < topology_.lans.size(); ++lan) TRY_VOID(switches_->add_bridge(switch_name(lan)));
  TRY_VOID(build_client());
  for (NodeId node = 0; node < nodes_.size(); ++node) TRY_VOID(build_machine(node));
  return {};
}

SysResult<void> Lab::build_client() {
  client_ = TRY(Machine::boot("client"));
  std::vector<std::string> interfaces;
  for (LanId lan = 0; lan < topology_.lans.size(); ++lan) {
    const LanPlan& plan = topology_.lans[lan];
    const std::string interface = client_interface(lan);
    const MacAddress port_mac{{0x06, 0, 0, static_cast<std::uint8_t>(lan), 0, 0xfe}};
    TRY_VOID(switches_->add_cable(client_port(lan), port_mac, interface, plan.client_mac, client_->network().fd()));
    TRY_VOID(switches_->plug_into(client_port(lan), switch_name(lan)));
    TRY_VOID(switches_->set_up(client_port(lan), true));
    TRY_VOID(client_->route().set_up(interface, true));
    for (const IpPrefix& address : plan.client_addresses) TRY_VOID(client_->route().add_address(interface, address));
    for (const IpAddress& address : plan.off_link) TRY_VOID(client_->route().add_on_link_route(interface, address));
    interfaces.push_back(interface);
  }
  std::vector<IpAddress> targets;
  for (const Target& target : topology_.targets) targets.push_back(target.address);
  ping_ = TRY(PingProbe::start(reactor_, {.network = client_->network(),
                                          .interfaces = interfaces,
                                          .targets = targets,
                                          .interval = options_.probe_interval,
                                          .whose = [this](const MacAddress& mac) { return node_of(mac); }}));
  const bool has_web = std::ranges::any_of(options_.nodes, &NodeSetup::has_web);
  if (!has_web || targets.empty()) return {};
  page_ = std::make_unique<PageClient>(
      reactor_, PageClient::Options{.network = client_->network(),
                                    .address = targets.front(),
                                    .interval = options_.page_interval,
                                    .whose = [this](std::string_view page) -> std::optional<NodeId> {
                                      const auto found = std::ranges::find_if(
                                          topology_.nodes,
                                          [&](const NodePlan& plan) { return page == fmt::format("{}\n", plan.name); });
                                      if (found == topology_.nodes.end()) return std::nullopt;
                                      return static_cast<NodeId>(found - topology_.nodes.begin());
                                    },
                                    .on_change =
                                        [this](std::optional<NodeId> server, const std::string& failure) {
                                          tell(std::nullopt, Event::Kind::page,
                                               server ? fmt::format("page from {}", plan(*server).name)
                                                      : fmt::format("no page: {}", failure),
                                               now());
                                        }});
  return {};
}

SysResult<void> Lab::build_machine(NodeId id) {
  Node& node = nodes_[id];
  node.machine = TRY(Machine::boot(plan(id).name));
  Machine& machine = *node.machine;
  for (std::size_t i = 0; i < plan(id).interfaces.size(); ++i) TRY_VOID(plug_in(id, i));
  const NodeSetup& setup = options_.nodes[id];
  TRY_VOID(machine.write_file("/run/lab/nginx.conf", web_configuration()));
  std::filesystem::create_directory(machine.outside_path("/run/lab/www"));
  TRY_VOID(machine.write_file("/run/lab/www/index.html", plan(id).name + "\n"));
  if (!setup.config_text.empty()) {
    TRY_VOID(machine.write_file(fmt::format("/run/lab/{}.conf", plan(id).name), setup.config_text));
  }
  TRY_VOID(copy_files(id));
  if (setup.assume_healthy) TRY_VOID(replace_checks(id));
  return observe(id);
}

SysResult<void> Lab::plug_in(NodeId id, std::size_t index) {
  const InterfacePlan& interface = plan(id).interfaces[index];
  Machine& machine = *nodes_[id].machine;
  const std::string port = port_name(id, index);
  MacAddress port_mac = interface.mac;
  port_mac.bytes[0] = 0x06;
  TRY_VOID(switches_->add_cable(port, port_mac, interface.name, interface.mac, machine.network().fd()));
  TRY_VOID(switches_->plug_into(port, switch_name(interface.lan)));
  TRY_VOID(switches_->set_up(port, true));
  TRY_VOID(machine.route().set_up(interface.name, true));
  for (const IpPrefix& address : interface.addresses) TRY_VOID(machine.route().add_address(interface.name, address));
  return {};
}

// A configuration below /run or /dev is copied to where the machine has it too.
SysResult<void> Lab::copy_files(NodeId id) {
  Machine& machine = *nodes_[id].machine;
  for (const std::string& path : options_.nodes[id].copied_files) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) return last_error("read " + path);
    std::error_code error;
    std::filesystem::create_directories(machine.outside_path(std::filesystem::path(path).parent_path().string()),
                                        error);
    TRY_VOID(machine.write_file(path, text));
  }
  return {};
}

// In the machine's own view of the files; inside, for a link there must not lead out.
SysResult<void> Lab::replace_checks(NodeId id) {
  static constexpr const char* replace =
      "p=$1; case $p in /*) ;; *) p=$(command -v -- \"$1\") || p=/usr/local/bin/$1 ;; esac\n"
      "mkdir -p \"$(dirname \"$p\")\" && rm -f \"$p\" && printf '#!/bin/sh\\nexit 0\\n' >\"$p\" && chmod 755 \"$p\"";
  for (const Check& check : plan(id).checks) {
    if (check.arguments.empty()) continue;
    const auto code = TRY(exit_code_of(id, {"sh", "-c", replace, "sh", check.arguments.front()}, limits::check_bound));
    if (code != 0) return std::unexpected(SysError{"replace " + check.arguments.front() + " in the machine", EACCES});
  }
  return {};
}

SysResult<std::optional<int>> Lab::exit_code_of(NodeId id, const std::vector<std::string>& arguments, Duration bound) {
  // The shell tells the code: the program is the child of the machine's init, not ours.
  std::vector<std::string> command{"sh", "-c", "\"$@\" >/dev/null 2>&1; echo $?", "sh"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Program program = TRY(nodes_[id].machine->start(command));
  std::string output;
  const auto ended = [&] {
    std::array<char, 64> buffer;
    for (ssize_t size = 0; (size = read(program.output.get(), buffer.data(), buffer.size())) > 0;) {
      output.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return output.ends_with('\n');
  };
  if (wait_until(ended, bound)) return std::atoi(output.c_str());
  kill(program.pid, SIGKILL);
  return std::nullopt;
}

std::vector<std::string> Lab::failing_checks(NodeId id) {
  std::vector<std::string> failing;
  for (const Check& check : plan(id).checks) {
    if (!check.is_fatal || check.arguments.empty()) continue;
    const auto code = exit_code_of(id, check.arguments, std::min(limits::check_bound, check.timeout));
    if (!code || *code != 0) failing.push_back(check.name);
  }
  return failing;
}

SysResult<void> Lab::observe(NodeId id) {
  Node& node = nodes_[id];
  node.monitor = TRY(node.machine->network().inside([] { return AddressMonitor::open(); }));
  node.monitor_watch = reactor_.watch(node.monitor->fd(), EPOLLIN, [this, id](std::uint32_t) { on_addresses(id); });
  for (std::size_t i = 0; i < plan(id).interfaces.size(); ++i) TRY_VOID(open_tap(id, i));
  return {};
}

SysResult<void> Lab::open_tap(NodeId id, std::size_t interface) {
  auto tap = std::make_unique<PacketTap>(TRY(PacketTap::open(port_name(id, interface), TapFilter::vrrp)));
  const auto watch = reactor_.watch(tap->fd(), EPOLLIN, [this, id, &tap = *tap](std::uint32_t) {
    tap.read([this, id](ByteView frame, Instant at) {
      if (const auto advert = decode_advert(frame)) on_advert(id, *advert, at);
    });
  });
  nodes_[id].taps.insert_or_assign(interface, Tap{.tap = std::move(tap), .watch = watch});
  return {};
}

void Lab::close_tap(NodeId id, std::size_t interface) {
  auto tap = nodes_[id].taps.extract(interface);
  if (tap) reactor_.unwatch(tap.mapped().watch);
}

bool Lab::wait_until(const std::function<bool()>& condition, Duration bound) {
  return reactor_.run_until(condition, now() + bound);
}

void Lab::run_for(Duration time) {
  (void)reactor_.run_until([] { return false; }, now() + time);
}

void Lab::every(Duration period, std::function<void()> work) {
  reactor_.every(period, std::move(work));
}

bool Lab::web_runs(NodeId node) const {
  const auto is_nginx = [](const ProcessInfo& process) { return process.name == "nginx"; };
  return std::ranges::any_of(process_tree(nodes_[node].machine->init()), is_nginx);
}

SysResult<void> Lab::start_web(NodeId node) {
  tell(node, Event::Kind::action, "nginx starts", now());
  // A busy machine must not make the page late: the web server is the lab's instrument, not what is measured.
  Program program = TRY(nodes_[node].machine->start(
      {"nice", "-n", "-10", "nginx", "-e", "/run/lab/nginx.log", "-c", "/run/lab/nginx.conf", "-p", "/run/lab"}));
  const pid_t launcher = program.pid;
  follow(node, std::move(program));
  // It ends when the sockets listen and the server runs in the background, or when that failed.
  const bool ended = wait_until([launcher] { return !is_running(launcher); }, limits::web_bound);
  if (ended && web_runs(node)) return {};
  return std::unexpected(SysError{"start nginx on " + plan(node).name, ended ? ECHILD : ETIMEDOUT});
}

SysResult<void> Lab::stop_web(NodeId node) {
  tell(node, Event::Kind::action, "nginx stops", now());
  for (const ProcessInfo& process : process_tree(nodes_[node].machine->init())) {
    if (process.name == "nginx") kill(process.pid, SIGTERM);
  }
  if (wait_until([&] { return !web_runs(node); }, limits::web_bound)) return {};
  return std::unexpected(SysError{"stop nginx on " + plan(node).name, ETIMEDOUT});
}

std::string Lab::config_path(NodeId node) const {
  const NodeSetup& setup = options_.nodes[node];
  return setup.config_text.empty() ? setup.config_path : fmt::format("/run/lab/{}.conf", plan(node).name);
}

std::vector<std::string> Lab::daemon_command(NodeId node) const {
  const NodeSetup& setup = options_.nodes[node];
  const std::string config = config_path(node);
  std::vector<std::string> command;
  switch (setup.daemon) {
    case Daemon::batond:
      command = {options_.batond, "-n", "-D", "-f", config};
      command.insert(command.end(), options_.batond_options.begin(), options_.batond_options.end());
      break;
    case Daemon::keepalived: command = {"keepalived", "-P", "-n", "-f", config, "-p", "/run/keepalived.pid"}; break;
  }
  if (!setup.log_to_syslog) command.emplace_back("-l");
  return command;
}

SysResult<void> Lab::start_daemon(NodeId node) {
  // What is left of the last one leaves in its own time; two at once would be another experiment.
  const pid_t init = nodes_[node].machine->init();
  (void)wait_until([init] { return std::ranges::none_of(process_tree(init), belongs_to_daemon); },
                   std::chrono::seconds(5));
  tell(node, Event::Kind::action, fmt::format("{} starts", name(daemon(node))), now());
  Program program = TRY(nodes_[node].machine->start(daemon_command(node)));
  nodes_[node].daemon = program.pid;
  follow(node, std::move(program));
  return {};
}

bool Lab::daemon_runs(NodeId node) const {
  return nodes_[node].daemon != 0 && is_running(nodes_[node].daemon);
}

std::vector<ProcessInfo> Lab::daemon_processes(NodeId node) const {
  if (nodes_[node].daemon == 0) return {};
  return process_tree(nodes_[node].daemon);
}

SysResult<void> Lab::signal_daemon(NodeId node, Role role, int signal) {
  const std::vector<pid_t> processes = find_role(daemon_processes(node), role);
  if (processes.empty()) return std::unexpected(SysError{"signal the daemon of " + plan(node).name, ESRCH});
  if (signal == SIGKILL && processes.size() > 1) {
    for (const pid_t process : processes) kill(process, SIGSTOP);
  }
  for (const pid_t process : processes) kill(process, signal);
  return {};
}

SysResult<void> Lab::set_link(NodeId node, const std::string& interface, bool up) {
  tell(node, Event::Kind::action, fmt::format("{} is set {}", interface, up ? "up" : "down"), now());
  return nodes_[node].machine->route().set_up(interface, up);
}

SysResult<void> Lab::set_carrier(NodeId node, const std::string& interface, bool up) {
  tell(node, Event::Kind::action, fmt::format("cable of {} {}", interface, up ? "is plugged in" : "is pulled"), now());
  return switches_->set_up(port_name(node, interface_index(node, interface)), up);
}

SysResult<void> Lab::set_forwarding(NodeId node, const std::string& interface, bool on) {
  tell(node, Event::Kind::action, fmt::format("the switch {} packets of {}", on ? "passes" : "drops", interface),
       now());
  return switches_->set_port_state(port_name(node, interface_index(node, interface)),
                                   on ? PortState::forwarding : PortState::disabled);
}

SysResult<void> Lab::spoil_wire(NodeId node, const std::string& interface, const WireQuality& quality) {
  tell(node, Event::Kind::action, fmt::format("the wire of {} is bad", interface), now());
  const std::size_t index = interface_index(node, interface);
  nodes_[node].bad_wires.erase(index);
  auto wire = TRY(BadWire::open(
      reactor_, *switches_, {.port = port_name(node, index), .bridge = switch_name(plan(node).interfaces[index].lan)},
      quality));
  nodes_[node].bad_wires.emplace(index, std::move(wire));
  return {};
}

void Lab::mend_wire(NodeId node, const std::string& interface) {
  if (nodes_[node].bad_wires.erase(interface_index(node, interface)) == 0) return;
  tell(node, Event::Kind::action, fmt::format("the wire of {} is good again", interface), now());
}

SysResult<void> Lab::remove_interface(NodeId node, const std::string& interface) {
  tell(node, Event::Kind::action, interface + " is removed", now());
  const std::size_t index = interface_index(node, interface);
  close_tap(node, index);
  return switches_->remove_link(port_name(node, index));
}

SysResult<void> Lab::add_interface(NodeId node, const std::string& interface) {
  tell(node, Event::Kind::action, interface + " is added", now());
  const std::size_t index = interface_index(node, interface);
  TRY_VOID(plug_in(node, index));
  return open_tap(node, index);
}

std::size_t Lab::interface_index(NodeId node, const std::string& interface) const {
  const auto& interfaces = plan(node).interfaces;
  const auto found = std::ranges::find(interfaces, interface, &InterfacePlan::name);
  ASSERT(found != interfaces.end());
  return static_cast<std::size_t>(found - interfaces.begin());
}

void Lab::unplug(NodeId id) {
  Node& node = nodes_[id];
  if (!node.machine) return;
  if (node.monitor) reactor_.unwatch(node.monitor_watch);
  node.monitor.reset();
  node.bad_wires.clear();
  for (std::size_t i = 0; i < plan(id).interfaces.size(); ++i) {
    close_tap(id, i);
    (void)switches_->remove_link(port_name(id, i));  // not there when it was removed before
  }
}

SysResult<void> Lab::power_off(NodeId id) {
  Node& node = nodes_[id];
  const Instant at = now();
  tell(id, Event::Kind::action, "the machine vanishes", at);
  unplug(id);  // first, so that nothing it does while it dies is heard
  std::erase_if(outputs_, [&](const auto& output) {
    if (output.second->node == id) reactor_.unwatch(output.first);
    return output.second->node == id;
  });
  node.machine.reset();
  node.daemon = 0;
  for (const Target& target : topology_.targets) (void)ownership_.set(target.address, id, false, at);
  return {};
}

SysResult<void> Lab::power_on(NodeId id) {
  tell(id, Event::Kind::action, "the machine boots", now());
  nodes_[id] = Node{};
  TRY_VOID(build_machine(id));
  if (options_.nodes[id].has_web) TRY_VOID(start_web(id));
  return start_daemon(id);
}

SysResult<std::vector<HeldAddress>> Lab::addresses(NodeId node) {
  if (!nodes_[node].machine) return std::vector<HeldAddress>{};
  return nodes_[node].machine->route().addresses();
}

SysResult<void> Lab::remove_address(NodeId node, const IpAddress& address) {
  tell(node, Event::Kind::action, fmt::format("{} is deleted by hand", to_string(address)), now());
  for (const HeldAddress& held : TRY(addresses(node))) {
    if (held.address.address == address)
      return nodes_[node].machine->route().remove_address(held.interface, held.address);
  }
  return std::unexpected(
      SysError{fmt::format("remove {} from {}", to_string(address), plan(node).name), EADDRNOTAVAIL});
}

SysResult<void> Lab::hand_over(NodeId node, const std::string& instance) {
  tell(node, Event::Kind::action, fmt::format("baton handover {}", instance), now());
  const std::string tool = (std::filesystem::path(options_.batond).parent_path() / "baton").string();
  return start_program(node, {tool, "handover", instance});
}

SysResult<void> Lab::clean_up(NodeId node) {
  tell(node, Event::Kind::action, "batond --clean-up (the unit's ExecStopPost)", now());
  return start_program(node, {options_.batond, "--clean-up", "-f", config_path(node)});
}

SysResult<void> Lab::hang_syslog(NodeId node) {
  const std::string path = nodes_[node].machine->outside_path("/dev/log");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  UniqueFd reader(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (bind(reader.get(), name, sizeof(address)) != 0) return last_error("bind " + path);
  (void)chmod(path.c_str(), 0666);
  const UniqueFd writer(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  constexpr int longer_than_any_queue = 100'000;  // net.unix.max_dgram_qlen is 10 to some hundreds
  for (int i = 0; i < longer_than_any_queue; ++i) {
    if (sendto(writer.get(), "full", 4, 0, name, sizeof(address)) < 0) break;
  }
  nodes_[node].syslog = std::move(reader);
  return {};
}

SysResult<void> Lab::start_program(NodeId node, const std::vector<std::string>& arguments) {
  follow(node, TRY(nodes_[node].machine->start(arguments)));
  return {};
}

void Lab::follow(NodeId node, Program program) {
  auto output = std::make_unique<Output>(Output{.node = node, .fd = std::move(program.output)});
  Output& reference = *output;
  reference.watch =
      reactor_.watch(reference.fd.get(), EPOLLIN, [this, &reference](std::uint32_t) { on_output(reference); });
  outputs_.emplace(reference.watch, std::move(output));
}

void Lab::on_output(Output& output) {
  std::array<char, 8192> buffer;
  const ssize_t size = read(output.fd.get(), buffer.data(), buffer.size());
  if (size < 0) return;
  if (size == 0) {
    const Reactor::Token token = output.watch;
    reactor_.unwatch(token);
    outputs_.erase(token);
    return;
  }
  output.unfinished.append(buffer.data(), static_cast<std::size_t>(size));
  std::size_t end = 0;
  while ((end = output.unfinished.find('\n')) != std::string::npos) {
    const std::string line = output.unfinished.substr(0, end);
    output.unfinished.erase(0, end + 1);
    if (!line.empty()) tell(output.node, Event::Kind::log, std::string(without_prefix(line)), now());
  }
}

void Lab::on_addresses(NodeId id) {
  const Instant at = now();
  for (const AddressChange& change : nodes_[id].monitor->read()) {
    const IpAddress& address = change.address.address;
    AddressCount& count = nodes_[id].count;
    count.held = change.present ? count.held + 1 : count.held - std::min<std::size_t>(count.held, 1);
    count.last_change = at;
    const auto target = std::ranges::find(topology_.targets, address, &Target::address);
    if (target == topology_.targets.end() || !ownership_.set(address, id, change.present, at)) continue;
    if (!change.present) nodes_[id].told_priority.erase(target->vrid);
    tell(id, Event::Kind::address, fmt::format("{} {}", change.present ? "has" : "lost", to_string(address)), at);
  }
}

void Lab::on_advert(NodeId id, const SeenAdvert& advert, Instant at) {
  if (adverts_.size() < limits::adverts) adverts_.push_back({.at = at, .node = id, .advert = advert});
  const auto [told, is_new] = nodes_[id].told_priority.try_emplace(advert.vrid, -1);
  if (!is_new && told->second == advert.priority) return;
  told->second = advert.priority;
  tell(id, Event::Kind::advert,
       advert.priority == 0 ? "advertises priority 0: somebody else shall take it"
                            : fmt::format("advertises with priority {}", advert.priority),
       at);
}

std::optional<NodeId> Lab::node_of(const MacAddress& mac) const {
  for (NodeId node = 0; node < topology_.nodes.size(); ++node) {
    if (std::ranges::find(plan(node).interfaces, mac, &InterfacePlan::mac) != plan(node).interfaces.end()) return node;
  }
  // A virtual MAC (00:00:5e:00:0x:VRID) says which router answered, not which machine: the one that has the address.
  for (const Target& target : topology_.targets) {
    if (target.vrid != mac.bytes[5]) continue;
    const auto owners = ownership_.owners(target.address);
    if (owners.size() == 1) return *owners.begin();
  }
  return std::nullopt;
}

void Lab::tell(std::optional<NodeId> node, Event::Kind kind, std::string text, Instant at) {
  const Event event{.at = at, .node = node, .kind = kind, .text = std::move(text)};
  if (events_.size() < limits::events) events_.push_back(event);
  options_.on_event(event);
}

}  // namespace baton::lab
