// baton-snmp: what Baton is, for an SNMP master agent. A program of its own, so that the agent library and all it
// brings along are in no other process; it needs nothing of batond but its control socket (docs/monitoring.md). batond
// starts it when the configuration asks for it.
#include <fmt/format.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/unique_fd.h"
#include "control/event_stream.h"
#include "control/known_states.h"
#include "log/logger.h"
#include "mib/notification.h"
#include "mib/view.h"
#include "snmp/agent.h"

namespace baton::snmp {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using control::StateChange;
using mib::operator+;

constexpr std::chrono::milliseconds patience{1000};  // with the control socket
constexpr auto fresh_for = 1s;                       // rows; an event makes them old
constexpr auto last_words_bound = 500ms;

struct Options {
  std::string control_socket = control::default_control_socket;
  std::string agent;
  double since = 0;  // UTC seconds: states entered before are no news
  bool traps = false;
  bool vrrp = false;
  bool rfc_v2 = false;
  bool rfc_v3 = false;
  int guardian = -1;  // a descriptor that is readable when it is time to leave
  log::Options log{.identifier = "baton-snmp"};
};

std::optional<Options> parse(int count, char** vector) {
  Options options;
  enum Long { control_socket, agent, since, traps, vrrp, rfc_v2, rfc_v3, guardian, console, no_syslog, facility };
  const option known[] = {{"control-socket", required_argument, nullptr, control_socket},
                          {"agent", required_argument, nullptr, agent},
                          {"since", required_argument, nullptr, since},
                          {"traps", no_argument, nullptr, traps},
                          {"vrrp", no_argument, nullptr, vrrp},
                          {"rfc-v2", no_argument, nullptr, rfc_v2},
                          {"rfc-v3", no_argument, nullptr, rfc_v3},
                          {"guardian", required_argument, nullptr, guardian},
                          {"console", no_argument, nullptr, console},
                          {"no-syslog", no_argument, nullptr, no_syslog},
                          {"facility", required_argument, nullptr, facility},
                          {}};
  for (int which; (which = ::getopt_long(count, vector, "", known, nullptr)) != -1;) {
    switch (which) {
      case control_socket: options.control_socket = optarg; break;
      case agent: options.agent = optarg; break;
      case since: options.since = std::strtod(optarg, nullptr); break;
      case traps: options.traps = true; break;
      case vrrp: options.vrrp = true; break;
      case rfc_v2: options.rfc_v2 = true; break;
      case rfc_v3: options.rfc_v3 = true; break;
      case guardian: options.guardian = std::atoi(optarg); break;
      case console: options.log.console = true; break;
      case no_syslog: options.log.syslog = false; break;
      case facility: options.log.facility = std::atoi(optarg); break;
      default: return std::nullopt;
    }
  }
  return options;
}

class Companion {
 public:
  explicit Companion(Options options) : options_(std::move(options)), log_(options_.log), known_(options_.since) {}

  int run(int signals) {
    std::vector<mib::Oid> subtrees;
    if (options_.vrrp) {
      subtrees.push_back(mib::keepalived_mib + mib::Oid{1});
      subtrees.push_back(mib::keepalived_mib + mib::Oid{2});
    }
    if (options_.rfc_v2) subtrees.push_back(mib::vrrp_mib);
    if (options_.rfc_v3) subtrees.push_back(mib::vrrpv3_mib);
    start_agent({.socket = options_.agent,
                 .subtrees = std::move(subtrees),
                 .rows = [this]() -> const mib::Rows& { return rows(); },
                 .set = [this](const mib::Setting& setting) { return set(setting); },
                 .log = [this](const std::string& text) { log_.info(text); }});
    while (!is_over_) {
      if (!stream_) listen();
      std::vector<int> wake;
      if (stream_) wake.push_back(stream_->fd());
      if (!leave_by_) wake.push_back(signals);
      if (!leave_by_ && options_.guardian >= 0) wake.push_back(options_.guardian);
      serve(wake, leave_by_ ? 50ms : 1000ms);
      if (!leave_by_ && is_time_to_leave(signals)) leave_by_ = Clock::now() + last_words_bound;
      hear();
      if (leave_by_ && (!stream_ || Clock::now() >= *leave_by_)) is_over_ = true;
    }
    stop_agent();
    return EXIT_SUCCESS;
  }

 private:
  bool is_time_to_leave(int signals) const {
    const auto is_readable = [](int fd) {
      pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
      return fd >= 0 && ::poll(&ready, 1, 0) > 0;
    };
    return is_readable(signals) || is_readable(options_.guardian);
  }

  // Events first, then the status: what happens between the two comes as both.
  void listen() {
    if (leave_by_) return;
    auto stream = control::EventStream::open(options_.control_socket);
    if (!stream) return;
    const auto status = control::ask(options_.control_socket, {.path = "/v1/status"}, patience);
    if (!status) return;
    stream_.emplace(std::move(*stream));
    tell(known_.on_status(*status));
  }

  void hear() {
    if (!stream_) return;
    const auto news = stream_->read();
    std::vector<StateChange> changes;
    for (const nlohmann::json& line : news.events) {
      if (const auto change = known_.on_event(line)) changes.push_back(*change);
      if (line.value("event", "") == "rejected") tell_rejected(line);
    }
    tell(changes);
    if (news.is_over) stream_.reset();
  }

  void tell(const std::vector<StateChange>& changes) {
    if (changes.empty()) return;
    read_at_.reset();
    if (!options_.traps) return;
    (void)rows();
    for (const StateChange& change : changes) {
      const auto notifications = change.subject == StateChange::Subject::group
                                     ? mib::of_group(change.name, change.state, shown_.rows)
                                     : mib::of_instance(change.name, change.state, shown_);
      for (const mib::Notification& notification : notifications) send(notification);
    }
  }

  // The worker says so once a minute for each instance and reason, however many there are.
  void tell_rejected(const nlohmann::json& event) {
    if (!options_.traps) return;
    (void)rows();
    for (const mib::Notification& notification :
         mib::of_rejection(event.value("name", ""), event.value("reason", ""), event.value("source", ""), shown_)) {
      send(notification);
    }
  }

  // Old ones where batond does not answer: a manager sees that from counters that stand still and from the traps.
  const mib::Rows& rows() {
    const auto now = Clock::now();
    if (read_at_ && now - *read_at_ < fresh_for) return shown_.rows;
    read_at_ = now;
    const auto reply = control::ask(options_.control_socket, {.path = "/v1/mib"}, patience);
    auto shown = reply ? mib::shown_from_json(*reply) : std::nullopt;
    if (shown) shown_ = std::move(*shown);
    return shown_.rows;
  }

  bool set(const mib::Setting& setting) {
    nlohmann::json body = nlohmann::json::object();
    if (setting.base_priority) body["base_priority"] = *setting.base_priority;
    if (setting.preempt) body["preempt"] = *setting.preempt;
    const auto reply = control::ask(
        options_.control_socket,
        {.method = "POST", .path = control::instance_path(setting.instance, "/set"), .body = std::move(body)},
        patience);
    if (!reply) log_.warning(fmt::format("({}) could not be set: {}", setting.instance, reply.error().message));
    read_at_.reset();  // the rows are others now
    return reply.has_value();
  }

  Options options_;
  log::Logger log_;
  control::KnownStates known_;
  std::optional<control::EventStream> stream_;
  mib::Shown shown_;
  std::optional<Clock::time_point> read_at_;
  std::optional<Clock::time_point> leave_by_;
  bool is_over_ = false;
};

int main_of(int count, char** vector) {
  auto options = parse(count, vector);
  if (!options) {
    std::fputs("usage: baton-snmp --vrrp|--rfc-v2|--rfc-v3 [--traps] [--agent ADDRESS] [--control-socket PATH]\n",
               stderr);
    return EXIT_FAILURE;
  }
  sigset_t ours;
  ::sigemptyset(&ours);
  for (const int number : {SIGTERM, SIGINT}) ::sigaddset(&ours, number);
  (void)::sigprocmask(SIG_BLOCK, &ours, nullptr);
  const UniqueFd signals(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  return Companion(std::move(*options)).run(signals.get());
}

}  // namespace
}  // namespace baton::snmp

int main(int argc, char** argv) {
  return baton::snmp::main_of(argc, argv);
}
