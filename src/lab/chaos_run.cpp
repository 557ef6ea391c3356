#include "lab/chaos_run.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/result.h"
#include "lab/clock.h"
#include "lab/made_config.h"

namespace baton::lab {
namespace {

constexpr const char* interface = "ens33";
constexpr const char* news_path = "/run/lab/news";
// One write a line, so that lines of scripts that run at the same time are whole. The clock is the lab's own.
constexpr std::string_view news_script = "#!/bin/sh\nread -r up rest </proc/uptime\necho \"$up $3\" >>/run/lab/news\n";
constexpr std::string_view check_script =
    "#!/bin/sh\n[ -e /run/lab/fail ] && exit 1\n[ -e /run/lab/hang ] && exec sleep 60\nexit 0\n";

std::string config_of(NodeId node, bool has_another_address) {
  return fmt::format(
      "global_defs {{\n  script_user root\n}}\n"
      "vrrp_script healthy {{\n  script /run/lab/check\n  interval 1\n  timeout 2\n  fall 2\n  rise 2\n}}\n"
      "vrrp_instance VI_1 {{\n  interface {}\n  mcast_src_ip 10.0.20.{}\n  virtual_router_id 50\n  priority {}\n"
      "  advert_int 1\n  virtual_ipaddress {{\n    10.0.20.100\n  }}\n{}"
      "  track_script {{\n    healthy\n  }}\n  notify /run/lab/notify\n}}\n",
      interface, 14 + node, 200 - 30 * node,
      has_another_address ? "  virtual_ipaddress_excluded {\n    10.0.20.101\n  }\n" : "");
}

std::string name_of(NodeId node) {
  return fmt::format("web{}", node + 1);
}

}  // namespace

std::expected<std::unique_ptr<ChaosRun>, std::string> ChaosRun::start(const ChaosOptions& options) {
  ASSERT(options.daemons.size() >= 2 && options.daemons.size() <= limits::chaos_nodes);
  std::unique_ptr<ChaosRun> run(new ChaosRun(options));
  TRY_VOID(run->open());
  return run;
}

std::expected<void, std::string> ChaosRun::open() {
  std::vector<MadeNode> nodes;
  for (NodeId node = 0; node < options_.daemons.size(); ++node) {
    nodes.push_back({.name = name_of(node), .config = config_of(node, false), .daemon = options_.daemons[node]});
  }
  auto opened = open_made_lab(nodes, {.nodes = {},
                                      .probe_interval = std::chrono::milliseconds(10),
                                      .page_interval = std::chrono::seconds(1),
                                      .batond = options_.batond,
                                      .batond_options = {},
                                      .on_event = options_.on_event});
  if (!opened) return std::unexpected(to_string(opened.error()));
  lab_ = std::move(*opened);
  for (NodeId node = 0; node < nodes.size(); ++node) {
    if (auto done = furnish(node); !done) return std::unexpected(to_string(done.error()));
  }
  if (!lab_->wait_until([this] { return is_settled(); }, limits::chaos_start)) {
    return std::unexpected("not exactly one had the address and said so, within the time for a start");
  }
  auto client = KeepAliveClient::start(lab_->reactor(), {.network = lab_->client_network(),
                                                         .address = lab_->topology().targets.front().address,
                                                         .interval = limits::request_interval,
                                                         .patience = limits::request_patience});
  if (!client) return std::unexpected(to_string(client.error()));
  client_ = std::move(*client);
  from_ = now();
  return {};
}

SysResult<void> ChaosRun::furnish(NodeId node) {
  Machine& machine = *const_cast<Machine*>(&lab_->machine(node));
  for (const auto& [path, text] : {std::pair{"/run/lab/notify", news_script}, {"/run/lab/check", check_script}}) {
    TRY_VOID(machine.write_file(path, text));
    std::error_code error;
    std::filesystem::permissions(machine.outside_path(path), std::filesystem::perms(0755), error);
  }
  TRY_VOID(lab_->start_web(node));
  return lab_->start_daemon(node);
}

std::expected<void, std::string> ChaosRun::play(const Act& act) {
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < act.faults.size(); ++i) {
    moments.push_back({.at = act.faults[i].begin, .fault = i, .is_end = false});
    moments.push_back({.at = act.faults[i].begin + act.faults[i].lasts, .fault = i, .is_end = true});
  }
  std::ranges::sort(moments);
  const std::size_t first = faults_.size();
  faults_.resize(first + act.faults.size());
  const Instant began = now();
  for (const Moment& moment : moments) {
    lab_->run_for(std::max(began + moment.at - now(), Duration::zero()));
    const Fault& fault = act.faults[moment.fault];
    FaultSpan& span = faults_[first + moment.fault];
    if (!moment.is_end) span = {.kind = fault.kind, .node = fault.node, .begin = now(), .end = now()};
    const SysResult<void> done = moment.is_end ? end(fault) : begin(fault);
    if (!done) return std::unexpected(fmt::format("{}: {}", name(fault.kind), to_string(done.error())));
    if (moment.is_end) span.end = now();
  }
  settle();
  return {};
}

SysResult<void> ChaosRun::begin(const Fault& fault) {
  const NodeId node = fault.node;
  lab_->tell(node, Event::Kind::action, std::string(name(fault.kind)), now());
  switch (fault.kind) {
    case FaultKind::link_down: return lab_->set_link(node, interface, false);
    case FaultKind::cable: return lab_->set_carrier(node, interface, false);
    case FaultKind::cut: return lab_->set_forwarding(node, interface, false);
    case FaultKind::deaf:
    case FaultKind::mute:
    case FaultKind::lossy:
    case FaultKind::slow:
    case FaultKind::twice: return lab_->spoil_wire(node, interface, wire_quality(fault));
    case FaultKind::stop_worker: return signal(node, Role::worker, SIGSTOP);
    case FaultKind::stop_all: return signal(node, Role::everything, SIGSTOP);
    case FaultKind::kill_worker: return signal(node, Role::worker, SIGKILL);
    case FaultKind::kill_guardian: return signal(node, Role::guardian, SIGKILL);
    case FaultKind::kill_all: {
      TRY_VOID(signal(node, Role::everything, SIGKILL));
      // What its unit file has systemd do; keepalived's has nothing.
      return lab_->daemon(node) == Daemon::batond ? lab_->clean_up(node) : SysResult<void>{};
    }
    case FaultKind::end: return signal(node, Role::guardian, SIGTERM);
    case FaultKind::reload: return rewrite(node, true);
    case FaultKind::script_fails: return mark(node, "/run/lab/fail", true);
    case FaultKind::script_hangs: return mark(node, "/run/lab/hang", true);
  }
  return {};
}

SysResult<void> ChaosRun::end(const Fault& fault) {
  const NodeId node = fault.node;
  switch (fault.kind) {
    case FaultKind::link_down: return lab_->set_link(node, interface, true);
    case FaultKind::cable: return lab_->set_carrier(node, interface, true);
    case FaultKind::cut: return lab_->set_forwarding(node, interface, true);
    case FaultKind::deaf:
    case FaultKind::mute:
    case FaultKind::lossy:
    case FaultKind::slow:
    case FaultKind::twice: lab_->mend_wire(node, interface); return {};
    case FaultKind::stop_worker:
    case FaultKind::stop_all:
      lab_->tell(node, Event::Kind::action, "goes on", now());
      return signal(node, Role::everything, SIGCONT);
    case FaultKind::kill_worker: return {};
    case FaultKind::kill_guardian:
    case FaultKind::kill_all:
    case FaultKind::end: return restart(node);
    case FaultKind::reload: return rewrite(node, false);
    case FaultKind::script_fails: return mark(node, "/run/lab/fail", false);
    case FaultKind::script_hangs: return mark(node, "/run/lab/hang", false);
  }
  return {};
}

// Who is not there, because it was just killed or is only starting, is spared: the story goes on.
SysResult<void> ChaosRun::signal(NodeId node, Role role, int number) {
  const SysResult<void> done = lab_->signal_daemon(node, role, number);
  if (done || done.error().code != ESRCH) return done;
  lab_->tell(node, Event::Kind::action, "there is nothing to signal", now());
  return {};
}

SysResult<void> ChaosRun::restart(NodeId node) {
  return lab_->start_daemon(node);
}

SysResult<void> ChaosRun::mark(NodeId node, const std::string& file, bool present) {
  const std::string path = lab_->machine(node).outside_path(file);
  lab_->tell(node, Event::Kind::action, present ? "its script fails from now on" : "its script succeeds again", now());
  std::error_code error;
  if (present) std::ofstream(path) << "\n";
  if (!present) std::filesystem::remove(path, error);
  return {};
}

SysResult<void> ChaosRun::rewrite(NodeId node, bool has_another_address) {
  lab_->tell(node, Event::Kind::action, "reads another file", now());
  std::ofstream(lab_->machine(node).outside_path(fmt::format("/run/lab/{}.conf", name_of(node))))
      << config_of(node, has_another_address);
  return signal(node, Role::guardian, SIGHUP);
}

void ChaosRun::settle() {
  lab_->run_for(options_.calm);
  if (!is_settled()) {
    ++settled_late_;
    (void)lab_->wait_until([this] { return is_settled(); }, options_.patience);
  }
  checkpoints_.push_back(now());
}

bool ChaosRun::is_settled() {
  const std::set<NodeId> owners = lab_->ownership().owners(lab_->topology().targets.front().address);
  if (owners.size() != 1) return false;
  for (NodeId node = 0; node < options_.daemons.size(); ++node) {
    const std::vector<NewsLine> news = news_of(node);
    const bool says_master = !news.empty() && news.back().is_master;
    if (says_master != owners.contains(node)) return false;
  }
  return true;
}

std::vector<NewsLine> ChaosRun::news_of(NodeId node) const {
  std::vector<NewsLine> news;
  std::ifstream file(lab_->machine(node).outside_path(news_path));
  double up = 0;
  for (std::string state; file >> up >> state;) {
    const auto at = Instant(std::chrono::round<Duration>(std::chrono::duration<double>(up)));
    news.push_back({.node = node, .at = at, .is_master = state == "MASTER"});
  }
  return news;
}

Observations ChaosRun::observations() {
  Observations seen{.nodes = options_.daemons.size(),
                    .changes = lab_->ownership().changes(lab_->topology().targets.front().address),
                    .faults = faults_,
                    .news = {},
                    .checkpoints = checkpoints_,
                    .from = from_,
                    .to = now()};
  for (NodeId node = 0; node < seen.nodes; ++node) {
    for (const NewsLine& line : news_of(node)) seen.news.push_back(line);
  }
  return seen;
}

}  // namespace baton::lab
