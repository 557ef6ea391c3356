#include "interop/couple.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ranges>
#include <sstream>

#include <fmt/format.h>

#include "control/client.h"
#include "lab/clock.h"
#include "lab/made_config.h"
#include "lab/protocol_limits.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using lab::NodeId;

std::string name(NodeId node, PeerKind kind) {
  if (node == peer) return kind == PeerKind::frr ? "frr" : "keepalived";
  return node == baton ? "baton" : "stranger";
}

std::vector<std::string> virtual_addresses(const Dialect& dialect) {
  if (dialect.family == Family::ipv4) return {"10.0.20.100", "10.0.20.101"};
  return {"fd00:20::100", "fd00:20::101"};
}

std::string own_address(const Dialect& dialect, NodeId node) {
  return fmt::format("{}{}", dialect.family == Family::ipv4 ? "10.0.20." : "fd00:20::", 14 + node);
}

// The lines that say how the two reach each other. IPv6 multicast comes from the link-local address by itself.
std::string casting_lines(const Dialect& dialect, NodeId node) {
  const std::string own = own_address(dialect, node);
  if (dialect.casting == Casting::unicast) {
    return fmt::format("  unicast_src_ip {}\n  unicast_peer {{\n    {}\n  }}\n", own,
                       own_address(dialect, node == baton ? peer : baton));
  }
  return dialect.family == Family::ipv4 ? fmt::format("  mcast_src_ip {}\n", own) : "";
}

std::string configuration(const Dialect& dialect, NodeId node, int priority) {
  const std::string authentication =
      dialect.authentication.empty()
          ? ""
          : fmt::format("  authentication {{\n    auth_type {}\n    auth_pass tule\n  }}\n", dialect.authentication);
  const auto addresses = virtual_addresses(dialect);
  return fmt::format(
      "vrrp_instance VI_1 {{\n  interface ens33\n  version {}\n  virtual_router_id {}\n  priority {}\n"
      "  advert_int {}\n{}{}  virtual_ipaddress {{\n    {}\n    {}\n  }}\n}}\n",
      dialect.version, vrid, priority, dialect.version == 2 ? "1" : "0.2", authentication, casting_lines(dialect, node),
      addresses[0], addresses[1]);
}

// The two are judged by what they say to each other, not by how they fare on a busy machine: both run before whatever
// else runs there, and who watches them before both. Without the right to do so the tests go on as they are.
enum class Urgency : std::uint8_t { daemon = 45, observer = 50 };
void hurry(pid_t process, Urgency urgency) {
  const sched_param priority{.sched_priority = static_cast<int>(urgency)};
  (void)sched_setscheduler(process, urgency == Urgency::observer ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_RR,
                           &priority);
}

void expect_done(const SysResult<void>& result) {
  if (!result) ADD_FAILURE() << to_string(result.error());
}

}  // namespace

Couple::Couple(const CoupleOptions& options) : dialect_(options.dialect), better_(options.better) {
  priorities_ = {100, 100, 50};
  priorities_[better_] = 200;
  std::vector<lab::MadeNode> nodes;
  for (const NodeId node : {baton, peer, stranger}) {
    if (node == stranger && !options.has_stranger) continue;
    nodes.push_back({.name = name(node, options.peer),
                     .config = configuration(options.dialect, node, priority(node)),
                     .daemon = node == baton ? lab::Daemon::batond : lab::Daemon::keepalived,
                     .has_web = false});
  }
  lab::LabOptions lab_options;
  lab_options.probe_interval = 10ms;
  lab_options.batond = BATOND_PROGRAM;
  auto opened = lab::open_made_lab(nodes, std::move(lab_options));
  if (!opened) {
    ADD_FAILURE() << to_string(opened.error());
    return;
  }
  auto tap = lab::PacketTap::open(fmt::format("p{}-0", baton), lab::TapFilter::vrrp);  // the switch port of Baton
  if (!tap) {
    ADD_FAILURE() << to_string(tap.error());
    return;
  }
  tap_ = std::make_unique<lab::PacketTap>(std::move(*tap));
  lab_ = std::move(*opened);
  if (options.peer == PeerKind::frr) set_up_frr(options.dialect);
  hurry(0, Urgency::observer);
  lab_->every(20ms, [this] {
    tap_->read([this](ByteView frame, Instant) { frames_.emplace_back(frame.begin(), frame.end()); });
  });
}

Duration Couple::skew_time(NodeId node) const {
  return lab::skew_time(target(), priority(node));
}

Duration Couple::master_down_interval(NodeId node) const {
  return lab::master_down_interval(target(), priority(node));
}

void Couple::set_up_frr(const Dialect& dialect) {
  auto frr = Frr::set_up(*lab_, peer,
                         {.interface = "ens33",
                          .vrid = vrid,
                          .version = dialect.version,
                          .priority = priority(peer),
                          .advert_interval = target().advert_interval,
                          .family = dialect.family,
                          .addresses = virtual_addresses(dialect)});
  if (frr) {
    frr_ = std::move(*frr);
    lab_->every(5ms, [this] { look_at_owners(); });
  } else {
    ADD_FAILURE() << to_string(frr.error());
    lab_.reset();
  }
}

void Couple::look_at_owners() {
  const IpAddress& address = target().address;
  (void)with_frr_.set(address, baton, lab_->ownership().owners(address).contains(baton), lab::now());
  (void)with_frr_.set(address, peer, frr_->has_addresses(), lab::now());
}

void Couple::start(NodeId node) {
  const bool is_frr = node == peer && frr_;
  expect_done(is_frr ? frr_->start() : lab_->start_daemon(node));
  for (const lab::ProcessInfo& process : is_frr ? frr_->processes() : lab_->daemon_processes(node)) {
    hurry(process.pid, Urgency::daemon);
  }
}

void Couple::kill(NodeId node, lab::Role role) {
  if (node == peer && frr_) return expect_done(frr_->kill());
  lab_->tell(node, lab::Event::Kind::action,
             fmt::format("SIGKILL of {}", role == lab::Role::everything ? "everything"
                                          : role == lab::Role::worker   ? "the worker"
                                                                        : "the guardian"),
             lab::now());
  expect_done(lab_->signal_daemon(node, role, SIGKILL));
}

void Couple::set_priority(NodeId node, int priority) {
  priorities_[node] = priority;
  if (node == peer && frr_) return expect_done(frr_->set_priority(priority));
  lab_->tell(node, lab::Event::Kind::action, fmt::format("priority {}", priority), lab::now());
  std::ofstream(lab_->machine(node).outside_path(fmt::format("/run/lab/{}.conf", lab_->plan(node).name)))
      << configuration(dialect_, node, priority);
  if (runs(node)) expect_done(lab_->signal_daemon(node, lab::Role::guardian, SIGHUP));
}

bool Couple::runs(NodeId node) const {
  return node == peer && frr_ ? frr_->runs() : lab_->daemon_runs(node);
}

std::size_t Couple::workers(NodeId node) const {
  return lab::find_role(lab_->daemon_processes(node), lab::Role::worker).size();
}

bool Couple::has_its_priority(NodeId node) const {
  if (node != baton) return true;
  const std::string socket = lab_->machine(baton).outside_path(control::default_control_socket);
  const auto status = control::ask(socket, {.path = "/v1/status"});
  const nlohmann::json::json_pointer base("/instances/0/priority/base");
  return status && status->contains(base) && status->at(base) == priorities_[baton];
}

void Couple::cut(NodeId node, bool off) {
  expect_done(lab_->set_forwarding(node, "ens33", !off));
}

void Couple::stop(NodeId node) {
  if (node == peer && frr_) return expect_done(frr_->stop());
  lab_->tell(node, lab::Event::Kind::action, "SIGTERM", lab::now());
  expect_done(lab_->signal_daemon(node, lab::Role::guardian, SIGTERM));
}

bool Couple::wait_until(const std::function<bool()>& condition, Duration bound) {
  constexpr Duration slice = 20ms;
  for (Duration waited{}; waited < bound; waited += slice) {
    if (lab_->wait_until(condition, slice)) return true;
  }
  return false;
}

bool Couple::wait_for_only_owner(NodeId node, Duration bound) {
  return wait_until([&] { return owners() == std::set<NodeId>{node} && lab_->pings(0).last_answered_by() == node; },
                    bound);
}

bool Couple::has_spoken(NodeId node) const {
  return std::ranges::count(lab_->adverts(), node, &lab::AdvertRecord::node) > 0;
}

bool Couple::wait_for_adverts(NodeId node, std::size_t count) {
  const std::size_t before = lab_->adverts().size();
  const auto heard = [&] {
    return std::ranges::count(lab_->adverts().begin() + static_cast<std::ptrdiff_t>(before), lab_->adverts().end(),
                              node, &lab::AdvertRecord::node);
  };
  return wait_until([&] { return static_cast<std::size_t>(heard()) >= count; },
                    (count + 1) * target().advert_interval + 1s);
}

Verdicts Couple::verdicts(NodeId node) {
  if (node == peer && frr_) return {.accepted = frr_->adverts_received()};
  return node == baton ? verdicts_of_baton() : verdicts_of_keepalived();
}

bool Couple::baton_answers() const {
  const std::string socket = lab_->machine(baton).outside_path(control::default_control_socket);
  return control::ask(socket, {.path = "/v1/status"}).has_value();
}

bool Couple::is_ready(NodeId node) const {
  if (node == peer && frr_) return frr_->answers();
  if (node == baton) {
    const std::string socket = lab_->machine(baton).outside_path(control::default_control_socket);
    const auto status = control::ask(socket, {.path = "/v1/status"});
    return status && status->at("worker").at("answers").get<bool>();
  }
  // keepalived's VRRP process says so when it begins; its parent was ready before.
  for (const lab::Event& event : lab_->events() | std::views::reverse) {
    if (event.node != node) continue;
    if (event.kind == lab::Event::Kind::log && event.text.contains("STATE (init)")) return true;
    if (event.kind == lab::Event::Kind::action && event.text.ends_with(" starts")) return false;
  }
  return false;
}

Verdicts Couple::verdicts_of_baton() {
  const auto status =
      control::ask(lab_->machine(baton).outside_path(control::default_control_socket), {.path = "/v1/status"});
  if (!status) {
    ADD_FAILURE() << status.error().message;
    return {};
  }
  const nlohmann::json& instance = status->at("instances").at(0);
  Verdicts verdicts{.accepted = instance.at("adverts").at("accepted").get<std::uint64_t>()};
  for (const auto& [reason, count] : instance.at("rejected").items()) verdicts.rejected += count.get<std::uint64_t>();
  return verdicts;
}

// keepalived writes them on SIGUSR2: lines of a name and a number under headings. What it drops for its version,
// interval or checksum is in no counter; it is not counted as received either.
Verdicts Couple::verdicts_of_keepalived() {
  const std::string path = lab_->machine(keepalived).outside_path("/tmp/keepalived.stats");
  std::filesystem::remove(path);
  expect_done(lab_->signal_daemon(keepalived, lab::Role::guardian, SIGUSR2));
  std::string text;
  const bool is_written = wait_until(
      [&] {
        std::ifstream file(path);
        text.assign(std::istreambuf_iterator<char>(file), {});
        const std::size_t last = text.find("Priority Zero:");
        return last != std::string::npos && text.find("Sent: ", last) != std::string::npos;
      },
      3s);
  EXPECT_TRUE(is_written) << "keepalived wrote no statistics: " << text;
  Verdicts verdicts;
  std::string heading;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) heading = line;
    if (colon == std::string::npos || line.starts_with("VRRP Instance")) continue;
    const std::uint64_t count = std::stoull(line.substr(colon + 2));
    if (heading.find("Errors:") != std::string::npos) verdicts.rejected += count;
    if (heading == "  Advertisements:" && line.starts_with("    Received:")) verdicts.accepted = count;
  }
  return verdicts;
}

std::string Couple::log() const {
  std::string text;
  for (const lab::Event& event : lab_->events()) {
    const std::chrono::duration<double> time = event.at - lab_->events().front().at;
    text +=
        fmt::format("{:8.3f} {} {}\n", time.count(), event.node ? lab_->plan(*event.node).name : "client", event.text);
  }
  return text;
}

std::string missing_program(PeerKind kind) {
  if (access(BATOND_PROGRAM, X_OK) != 0) return "batond is not built";
  if (kind == PeerKind::frr) return missing_frr();
  if (access("/usr/sbin/keepalived", X_OK) != 0) return "keepalived is not installed";
  return {};
}

}  // namespace baton::interop
