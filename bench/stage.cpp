#include "stage.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "base/result.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

constexpr std::size_t lans = 16;
constexpr std::size_t vrids = 250;
constexpr const char* path = "/run/lab/scale.conf";

std::string interface_name(std::size_t lan) {
  return fmt::format("lan{}", lan);
}

IpAddress own_address(std::size_t lan, Side side) {
  return *IpAddress::parse(fmt::format("10.{}.0.{}", lan, side == Side::here ? 1 : 2));
}

bool is_virtual(const IpAddress& address) {
  return address.is_v4() && address.bytes()[2] != 0 && address.bytes()[0] == 10;
}

MacAddress mac(std::size_t lan, Side side) {
  return {{0x02, 0, 0, 0, static_cast<std::uint8_t>(lan), static_cast<std::uint8_t>(side)}};
}

// The observer must see at once what the observed do, however busy the machine is; lab::Lab does the same.
void run_promptly() {
  const sched_param priority{.sched_priority = 50};
  (void)sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);  // without it times are blurred
}

}  // namespace

Duration skew_time(const Scale& scale, int priority) {
  return scale.interval * (256 - priority) / 256;
}

Duration master_down_interval(const Scale& scale, int priority) {
  return 3 * scale.interval + skew_time(scale, priority);
}

std::string configuration(const Scale& scale, int priority, bool has_one_more_address) {
  const double seconds = std::chrono::duration<double>(scale.interval).count();
  std::string text = "global_defs {\n  vrrp_version 3\n}\n";
  for (std::size_t i = 0; i < scale.instances; ++i) {
    const std::size_t lan = i / vrids;
    const std::size_t vrid = i % vrids + 1;
    text += fmt::format(
        "vrrp_instance VI_{} {{\n  state BACKUP\n  interface {}\n  virtual_router_id {}\n  priority {}\n"
        "  advert_int {}\n  virtual_ipaddress {{\n    10.{}.1.{}/32\n{}  }}\n}}\n",
        i + 1, interface_name(lan), vrid, priority, seconds, lan, vrid,
        i == 0 && has_one_more_address ? "    10.0.2.1/32\n" : "");
  }
  return text;
}

SysResult<std::unique_ptr<Stage>> Stage::build(Daemon daemon, std::string batond) {
  std::unique_ptr<Stage> stage(new Stage(daemon, std::move(batond)));
  run_promptly();
  stage->at(Side::here).machine = TRY(lab::Machine::boot("here"));
  stage->at(Side::there).machine = TRY(lab::Machine::boot("there"));
  TRY_VOID(stage->lay_cables());
  for (Place& place : stage->places_) {
    place.monitor = TRY(place.machine->network().inside([] { return lab::AddressMonitor::open(); }));
    stage->watch_addresses(place);
  }
  return stage;
}

SysResult<void> Stage::lay_cables() {
  lab::Machine& here = machine(Side::here);
  lab::Machine& there = machine(Side::there);
  for (std::size_t lan = 0; lan < lans; ++lan) {
    const std::string name = interface_name(lan);
    TRY_VOID(here.route().add_cable(name, mac(lan, Side::here), name, mac(lan, Side::there), there.network().fd()));
    for (const Side side : {Side::here, Side::there}) {
      TRY_VOID(machine(side).route().set_up(name, true));
      TRY_VOID(machine(side).route().add_address(name, {.address = own_address(lan, side), .length = 16}));
    }
  }
  return {};
}

void Stage::watch_addresses(Place& place) {
  (void)reactor_.watch(place.monitor->fd(), EPOLLIN, [&place](std::uint32_t) {
    for (const lab::AddressChange& change : place.monitor->read()) {
      if (!is_virtual(change.address.address)) continue;
      const std::pair key(change.interface, change.address.address);
      const bool is_news = change.present ? place.addresses.insert(key).second : place.addresses.erase(key) > 0;
      if (is_news) place.last_change = lab::now();
    }
  });
}

SysResult<void> Stage::rewrite(Side side, const std::string& configuration) {
  return machine(side).write_file(path, configuration);
}

SysResult<void> Stage::start(Side side, const std::string& configuration) {
  TRY_VOID(rewrite(side, configuration));
  Place& place = at(side);
  const std::vector<std::string> command = daemon_ == Daemon::batond
                                               ? std::vector<std::string>{batond_, "-n", "-f", path}
                                               : std::vector<std::string>{"keepalived", "-P", "-n", "-f", path};
  lab::Program program = TRY(place.machine->start(command));
  place.daemon = program.pid;
  place.output = std::move(program.output);  // few lines, which nobody reads: the log goes elsewhere
  return watch_daemon(place);
}

SysResult<void> Stage::watch_daemon(Place& place) {
  place.ended.reset();
  place.process = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, place.daemon, 0)));
  if (!place.process) return last_error("watch the daemon");
  const auto token = std::make_shared<lab::Reactor::Token>();
  *token = reactor_.watch(place.process.get(), EPOLLIN, [this, &place, token](std::uint32_t) {
    place.ended = lab::now();
    reactor_.unwatch(*token);
  });
  return {};
}

std::vector<pid_t> Stage::processes(Side side, lab::Role role) const {
  return find_role(lab::process_tree(at(side).daemon), role);
}

void Stage::signal(Side side, int number) {
  (void)kill(at(side).daemon, number);
}

void Stage::signal_all(Side side, int number) {
  const std::vector<pid_t> all = processes(side, lab::Role::everything);
  for (const pid_t process : all) (void)kill(process, SIGSTOP);  // nobody sees another die
  for (const pid_t process : all) (void)kill(process, number);
}

bool Stage::wait_until(const std::function<bool()>& condition, Duration bound) {
  return reactor_.run_until(condition, lab::now() + bound);
}

void Stage::run_for(Duration time) {
  (void)reactor_.run_until([] { return false; }, lab::now() + time);
}

}  // namespace baton::bench
