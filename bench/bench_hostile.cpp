// A stranger, on the client's machine, floods the LAN with forged adverts of the virtual router, with goodbyes
// (priority 0) in the name of the backup, or with announcements of its address: when do adverts leave, who has the
// address, what does it cost. keepalived and Baton side by side, with AH and without authentication. As root.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include <fmt/format.h>

#include "accounts.h"
#include "base/result.h"
#include "command_line/command_line.h"
#include "control/client.h"
#include "lab/clock.h"
#include "lab/made_config.h"
#include "lab/sandbox.h"
#include "lab/stranger.h"
#include "storm.h"
#include "vrrp/advert_codec.h"
#include "vrrp/announcement.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;
using lab::Daemon;
using lab::NodeId;

constexpr NodeId web1 = 0;
constexpr NodeId web2 = 1;
constexpr const char* switch_port = "c0";  // where the client's cable, and so the stranger's, ends
constexpr MacAddress stranger_mac{{0x02, 0, 0, 0, 0x06, 0x66}};

struct Options {
  std::vector<std::string> sides{"keepalived", "baton"};
  std::string lie = "adverts";
  std::vector<std::string> protections{"none", "pass", "ah", "hmac"};
  std::vector<std::uint64_t> rates{0, 1'000, 100'000};
  unsigned seconds = 30;
  std::string batond;
};

std::string block_of(const std::string& protection) {
  if (protection == "pass") return "  authentication {\n    auth_type PASS\n    auth_pass tule\n  }\n";
  if (protection == "ah") return "  authentication {\n    auth_type AH\n    auth_pass tule\n  }\n";
  if (protection != "hmac") return "";
  return "  version 3\n  auth_hmac {\n    key 1 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
         "    active_key 1\n  }\n";
}

std::string config_of(NodeId node, const std::string& protection) {
  return fmt::format(
      "vrrp_instance VI_1 {{\n  interface ens33\n  mcast_src_ip 10.0.20.{}\n  virtual_router_id 50\n  priority {}\n"
      "  advert_int 1\n  virtual_ipaddress {{\n    10.0.20.100\n  }}\n{}}}\n",
      14 + node, 200 - 50 * node, block_of(protection));
}

// Of a lower priority where it would be believed, so that what is measured is the flood and not the lie; "successors"
// are a better master and its goodbye in turns.
std::vector<Bytes> forged(const std::string& lie, const std::string& protection) {
  if (lie == "announcements") return {vrrp::gratuitous_arp(*IpAddress::parse("10.0.20.100"), stranger_mac)};
  vrrp::CodecParameters parameters{.vrid = 50, .advert_interval = 1s, .addresses = {*IpAddress::parse("10.0.20.100")}};
  if (protection == "pass") parameters.authentication = {.type = vrrp::AuthType::pass, .password = {'w', 'r'}};
  if (protection == "ah") parameters.authentication = {.type = vrrp::AuthType::ah, .password = {'w', 'r'}};
  if (protection == "hmac") {
    parameters.version = vrrp::Version::v3;
    parameters.hmac = vrrp::HmacAuthentication{.keys = {{.id = 1, .secret = Bytes(32, 0x5a)}}, .active_key = 1};
  }
  auto codec = vrrp::AdvertCodec(parameters);
  const bool is_goodbye = lie == "goodbyes";
  codec.set_source(*IpAddress::parse(is_goodbye ? "10.0.20.15" : "10.0.20.16"));
  const std::uint8_t priority = is_goodbye ? 0 : protection == "none" ? 10 : 255;
  std::vector<Bytes> frames;
  for (const std::uint8_t each : lie == "successors" ? std::vector<std::uint8_t>{254, 0} : std::vector{priority}) {
    const auto packets = codec.encode(each, 1s, WallTime(std::chrono::system_clock::now()));
    frames.push_back(lab::multicast_frame(packets.front().bytes, stranger_mac));
  }
  return frames;
}

struct Figures {
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;             // at the master's interface, all frames
  std::optional<std::uint64_t> counted;  // by the master, as rejected or of a lower priority
  double load = 0;                       // of the machine, one minute's
  lab::GapStatistics gaps;
  double cpu_master = 0;  // shares of a core
  double cpu_backup = 0;
  std::uint64_t memory_before = 0;  // KiB, of the master
  std::uint64_t memory_after = 0;
  lab::Ownership::Times owners;
  std::size_t changes = 0;
};

std::vector<pid_t> processes(lab::Lab& lab, NodeId node) {
  return find_role(lab.daemon_processes(node), lab::Role::everything);
}

// From /proc/PID/net/dev: received bytes, then packets.
std::uint64_t received(lab::Lab& lab, NodeId node) {
  std::ifstream file(fmt::format("/proc/{}/net/dev", lab.machine(node).init()));
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find("ens33:");
    if (colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 6));
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    words >> bytes >> packets;
    return packets;
  }
  return 0;
}

// What the flood has moved in `baton status`; nothing of a keepalived.
std::optional<std::uint64_t> counted(lab::Lab& lab, NodeId node) {
  if (lab.daemon(node) != Daemon::batond) return std::nullopt;
  const auto said =
      control::ask(lab.machine(node).outside_path(control::default_control_socket), {.path = "/v1/status"});
  if (!said) return std::nullopt;
  const nlohmann::json& instance = said->at("instances").at(0);
  const nlohmann::json rejected = instance.value("rejected", nlohmann::json::object());
  return std::accumulate(rejected.begin(), rejected.end(), instance.at("adverts").at("accepted").get<std::uint64_t>(),
                         [](std::uint64_t sum, const nlohmann::json& one) { return sum + one.get<std::uint64_t>(); });
}

double load_average() {
  double load = 0;
  (void)getloadavg(&load, 1);
  return load;
}

std::expected<Figures, std::string> flood(lab::Lab& lab, const Options& options, const std::string& protection,
                                          std::uint64_t rate) {
  const IpAddress address = lab.topology().targets.front().address;
  Figures figures;
  const auto master = processes(lab, web1);
  const auto backup = processes(lab, web2);
  figures.memory_before = memory_kib(master);
  const Duration master_time = processor_time(master);
  const Duration backup_time = processor_time(backup);
  const std::size_t changes = lab.ownership().changes(address).size();
  const auto counted_before = counted(lab, web1);
  const std::uint64_t received_before = received(lab, web1);
  figures.load = load_average();
  const Instant from = lab::now();
  std::vector<Storm> storms;
  const std::vector<Bytes> frames = forged(options.lie, protection);
  for (const Bytes& frame : rate > 0 ? frames : std::vector<Bytes>()) {
    auto started = Storm::start(switch_port, frame, rate / frames.size());
    if (!started) return std::unexpected(to_string(started.error()));
    storms.push_back(std::move(*started));
  }
  lab.run_for(std::chrono::seconds(options.seconds));
  for (Storm& storm : storms) figures.sent += storm.stop();
  const Instant to = lab::now();
  const double lasted = std::chrono::duration<double>(to - from).count();
  figures.gaps = lab::advert_gaps(lab.adverts(), web1, 50, from, to);
  figures.cpu_master = std::chrono::duration<double>(processor_time(master) - master_time).count() / lasted;
  figures.cpu_backup = std::chrono::duration<double>(processor_time(backup) - backup_time).count() / lasted;
  figures.memory_after = memory_kib(master);
  figures.owners = lab.ownership().times(address, from, to);
  figures.changes = lab.ownership().changes(address).size() - changes;
  figures.arrived = received(lab, web1) - received_before;
  if (const auto counted_after = counted(lab, web1); counted_before && counted_after) {
    figures.counted = *counted_after - *counted_before;
  }
  return figures;
}

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void print(const std::string& side, const std::string& protection, std::uint64_t rate, const Figures& figures) {
  const std::string counted = figures.counted ? fmt::format("{}", *figures.counted) : "-";
  fmt::print(
      "{:11} {:5} {:>7} {:>8} {:>8} {:>8} {:>5} {:>8.1f} {:>8.1f} {:>6.1f} {:>6.1f} {:>5}/{:<5} {:>7} {:>7.1f} "
      "{:>7.1f} {:>5.1f}\n",
      side, protection, rate, figures.sent, figures.arrived, counted, figures.gaps.count,
      milliseconds(figures.gaps.p99), milliseconds(figures.gaps.longest), figures.cpu_master * 100,
      figures.cpu_backup * 100, figures.memory_before, figures.memory_after, figures.changes,
      milliseconds(figures.owners.two_or_more), milliseconds(figures.owners.nobody), figures.load);
  std::fflush(stdout);
}

std::expected<void, std::string> measure(const Options& options, const std::string& side,
                                         const std::string& protection) {
  const Daemon daemon = side == "baton" ? Daemon::batond : Daemon::keepalived;
  std::vector<lab::MadeNode> nodes;
  for (NodeId node = web1; node <= web2; ++node) {
    constexpr const char* names[] = {"web1", "web2"};
    nodes.push_back({.name = names[node], .config = config_of(node, protection), .daemon = daemon, .has_web = false});
  }
  lab::LabOptions lab_options;
  lab_options.batond = options.batond;
  lab_options.probe_interval = 10ms;
  auto opened = lab::open_made_lab(nodes, std::move(lab_options));
  if (!opened) return std::unexpected(to_string(opened.error()));
  lab::Lab& lab = **opened;
  for (const NodeId node : {web1, web2}) {
    if (auto started = lab.start_daemon(node); !started) return std::unexpected(to_string(started.error()));
  }
  const auto is_served = [&] {
    return lab.ownership().owners(lab.topology().targets.front().address) == std::set<NodeId>{web1};
  };
  for (const std::uint64_t rate : options.rates) {
    if (!lab.wait_until(is_served, 20s)) return std::unexpected("web1 is not the only owner");
    lab.run_for(6s);  // the second burst of announcements has passed
    const auto figures = flood(lab, options, protection, rate);
    if (!figures) return std::unexpected(figures.error());
    print(side, protection, rate, *figures);
  }
  return {};
}

int run(const Options& options) {
  fmt::print("{:11} {:5} {:>7} {:>8} {:>8} {:>8} {:>5} {:>8} {:>8} {:>6} {:>6} {:>11} {:>7} {:>7} {:>7} {:>5}\n",
             "daemon", "auth", "rate/s", "sent", "arrived", "counted", "gaps", "p99 ms", "long. ms", "cpu1 %", "cpu2 %",
             "memory1 KiB", "changes", "two ms", "none ms", "load");
  for (const std::string& protection : options.protections) {
    for (const std::string& side : options.sides) {
      if (side == "keepalived" && protection == "hmac") continue;  // from 2.4.2 on
      const auto measured = measure(options, side, protection);
      if (!measured) fmt::print("{:11} {:5} {}\n", side, protection, measured.error());
    }
  }
  return 0;
}

int main(int argc, char** argv) {
  command_line::Program program{"A flood of forged adverts upon keepalived and Baton."};
  Options options;
  program.add_option("--side", options.sides, "keepalived, baton (default: both)").split_at(',');
  program.add_option("--lie", options.lie, "adverts, goodbyes, announcements, successors (default: adverts)")
      .one_of({"adverts", "goodbyes", "announcements", "successors"});
  program.add_option("--auth", options.protections, "none, pass, ah, hmac (default: all)").split_at(',');
  program.add_option("--rate", options.rates, "packets a second (default: 0, 1000 and 100000)").split_at(',');
  program.add_option("--seconds", options.seconds, "of each flood (default: 30)").between(1, 240);
  program.add_option("--batond", options.batond, "this batond (default: the one beside this program)");
  if (const auto code = program.parse(argc, argv)) return *code;
  if (options.batond.empty()) {
    std::error_code ignored;  // without /proc there is no lab either
    options.batond = (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "batond").string();
  }
  options.batond = std::filesystem::absolute(options.batond).string();  // a machine's working directory is /
  const auto code = lab::run_in_sandbox([&] { return run(options); });
  if (code) return *code;
  fmt::print(stderr, "bench_hostile: {}\n", to_string(code.error()));
  return 1;
}

}  // namespace
}  // namespace baton::bench

int main(int argc, char** argv) {
  return baton::bench::main(argc, argv);
}
