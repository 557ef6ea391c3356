#include "lab/scenario.h"

#include <algorithm>
#include <csignal>

#include "base/result.h"
#include "lab/clock.h"

namespace baton::lab {
namespace {

using Act = std::function<SysResult<void>(const Scene&)>;

Act signal_to(Role role, int signal, const char* what) {
  return [=](const Scene& scene) {
    scene.lab.tell(scene.node(), Event::Kind::action, what, now());
    return scene.lab.signal_daemon(scene.node(), role, signal);
  };
}

SysResult<void> restart(const Scene& scene) {
  return scene.lab.start_daemon(scene.node());
}

// systemd then runs the unit's ExecStopPost; keepalived's unit has none.
SysResult<void> kill_everything(const Scene& scene) {
  TRY_VOID(signal_to(Role::everything, SIGKILL, "all processes of the daemon get SIGKILL")(scene));
  if (scene.lab.daemon(scene.node()) == Daemon::keepalived) return {};
  return scene.lab.clean_up(scene.node());
}

// Who was handed the address keeps it, also from a better node: it must be handed back.
SysResult<void> hand_back(const Scene& scene) {
  for (const Contender& contender : scene.target.contenders) {
    const bool holds = scene.lab.ownership().owners(scene.target.address).contains(contender.node);
    if (holds && contender.node != scene.node()) return scene.lab.hand_over(contender.node, contender.instance);
  }
  return {};
}

Act link(bool up) {
  return [=](const Scene& scene) { return scene.lab.set_link(scene.node(), scene.master.interface, up); };
}
Act carrier(bool up) {
  return [=](const Scene& scene) { return scene.lab.set_carrier(scene.node(), scene.master.interface, up); };
}
Act forwarding(bool on) {
  return [=](const Scene& scene) { return scene.lab.set_forwarding(scene.node(), scene.master.interface, on); };
}

const std::vector<Scenario>& table() {
  static const std::vector<Scenario> scenarios{
      {.name = "nginx",
       .title = "nginx of the master stops",
       .fault = [](const Scene& scene) { return scene.lab.stop_web(scene.node()); },
       .undo = [](const Scene& scene) { return scene.lab.start_web(scene.node()); },
       .undo_title = "nginx returns",
       .allowance = Allowance::detection,
       .needs_web = true},
      {.name = "sigterm",
       .title = "the daemon gets SIGTERM",
       .fault = signal_to(Role::guardian, SIGTERM, "the daemon gets SIGTERM"),
       .undo = restart,
       .undo_title = "the daemon starts again",
       .allowance = Allowance::skew,
       .promise = Allowance::nothing},
      {.name = "kill-worker",
       .title = "SIGKILL of the worker",
       .fault = signal_to(Role::worker, SIGKILL, "the worker gets SIGKILL"),
       .allowance = Allowance::master_down,
       .outcome = Outcome::settles,
       .promise = Allowance::nothing},
      {.name = "kill-guardian",
       .title = "SIGKILL of the guardian",
       .fault = signal_to(Role::guardian, SIGKILL, "the guardian gets SIGKILL"),
       .undo = restart,
       .allowance = Allowance::skew,
       .promise = Allowance::nothing},
      {.name = "kill-all",
       .title = "SIGKILL of all its processes",
       .fault = kill_everything,
       .undo = restart,
       .undo_title = "the daemon starts again",
       .allowance = Allowance::master_down,
       .owners = Owners::may_be_two},
      {.name = "stop-worker",
       .title = "SIGSTOP of the worker",
       .fault = signal_to(Role::worker, SIGSTOP, "the worker gets SIGSTOP"),
       .undo = signal_to(Role::everything, SIGCONT, "all processes go on (SIGCONT)"),
       .allowance = Allowance::master_down,
       .owners = Owners::may_be_two,
       .outcome = Outcome::settles,
       .promise = Allowance::nothing},
      {.name = "stop-all",
       .title = "SIGSTOP of all its processes",
       .fault = signal_to(Role::everything, SIGSTOP, "all processes of the daemon get SIGSTOP"),
       .undo = signal_to(Role::everything, SIGCONT, "all processes go on (SIGCONT)"),
       .undo_title = "they go on (SIGCONT)",
       .allowance = Allowance::master_down,
       .owners = Owners::may_be_two},
      {.name = "link",
       .title = "its link is set down",
       .fault = link(false),
       .undo = link(true),
       .undo_title = "the link is up again",
       .allowance = Allowance::master_down},
      {.name = "carrier",
       .title = "its cable is pulled",
       .fault = carrier(false),
       .undo = carrier(true),
       .allowance = Allowance::master_down},
      {.name = "cut",
       .title = "the switch drops its packets",
       .fault = forwarding(false),
       .undo = forwarding(true),
       .undo_title = "the switch passes them again",
       .allowance = Allowance::master_down,
       .owners = Owners::may_be_two},
      {.name = "vanish",
       .title = "the machine vanishes",
       .fault = [](const Scene& scene) { return scene.lab.power_off(scene.node()); },
       .undo = [](const Scene& scene) { return scene.lab.power_on(scene.node()); },
       .undo_title = "the machine returns",
       .allowance = Allowance::master_down},
      {.name = "delete",
       .title = "somebody deletes the address",
       .fault = [](const Scene& scene) { return scene.lab.remove_address(scene.node(), scene.target.address); },
       .allowance = Allowance::skew,
       .outcome = Outcome::settles,
       .promise = Allowance::nothing},
      {.name = "handover",
       .title = "baton handover",
       .fault = [](const Scene& scene) { return scene.lab.hand_over(scene.node(), scene.master.instance); },
       .undo = hand_back,
       .allowance = Allowance::nothing,
       .needs_batond = true},
  };
  return scenarios;
}

}  // namespace

std::span<const Scenario> scenarios() {
  return table();
}

const Scenario* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &Scenario::name);
  return found == table().end() ? nullptr : &*found;
}

}  // namespace baton::lab
