#include "support/random_configuration.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sim/random.h"

namespace baton::support {
namespace {

using sim::Random;

struct MadeScript {
  std::string name;
  bool succeeds = true;
  int interval = 1;
  int weight = 0;
  int fall = 1;
};

struct MadeAddress {
  std::size_t interface = 0;
  unsigned number = 100;
  bool has_length = true;
  bool is_excluded = false;
  bool is_elsewhere = false;  // names another interface than the instance's
};

struct MadeInstance {
  std::string name;
  std::size_t interface = 0;
  unsigned vrid = 1;
  int version = 2;
  bool is_ipv6 = false;
  unsigned advert_ms = 1000;
  int priority = 100;
  bool wants_master = false;
  std::string authentication;
  std::string password;
  bool nopreempt = false;
  int preempt_delay = 0;
  int garp_delay = 5;
  bool use_vmac = false;
  bool has_notify = false;
  std::vector<MadeAddress> addresses;               // the first is in the advert
  std::vector<std::pair<std::string, int>> tracks;  // scripts and their weights
  std::string tracked_interface;
  int interface_weight = 0;
};

struct MadeGroup {
  std::string name;
  std::vector<std::string> members;
  bool tracking_weight = false;
};

struct Made {
  int garp_repeat = 5;
  std::vector<MadeScript> scripts;
  std::vector<MadeInstance> instances;
  std::vector<MadeGroup> groups;
};

class Maker {
 public:
  Maker(std::uint64_t seed, const RandomConfigurationOptions& options) : random_(seed), options_(options) {}

  ConfigurationPair make() {
    const Made before = draw();
    const Made after = changed(before);
    return {.before = text(before), .after = text(after)};
  }

 private:
  // ---------------------------------------------------------------- the first of the pair

  Made draw() {
    Made made;
    made.garp_repeat = random_.between(1, 5);
    if (options_.has_scripts) {
      for (int i = random_.between(0, 3); i > 0; --i) made.scripts.push_back(draw_script());
    }
    for (std::size_t i = 1 + random_.below(options_.instances_most); i > 0; --i) {
      made.instances.push_back(draw_instance(made));
    }
    if (random_.chance(40)) add_group(made);
    return made;
  }

  MadeScript draw_script() {
    return {.name = fmt::format("check_{}", ++scripts_),
            .succeeds = random_.chance(70),
            .interval = random_.between(1, 3),
            .weight = random_.pick({0, 0, 10, -20}),
            .fall = random_.between(1, 3)};
  }

  MadeInstance draw_instance(const Made& made) {
    MadeInstance instance;
    instance.name = fmt::format("VI_{}", ++names_);
    instance.interface = random_.below(options_.interfaces.size());
    instance.vrid = ++vrids_;
    draw_protocol(instance);
    instance.priority = draw_priority();
    instance.wants_master = random_.chance(20);
    instance.nopreempt = random_.chance(20);
    if (!instance.nopreempt && random_.chance(10)) instance.preempt_delay = random_.between(1, 3);
    instance.garp_delay = random_.pick({0, 1, 5});
    instance.use_vmac = options_.has_vmacs && random_.chance(25);
    instance.has_notify = random_.chance(20);
    for (int i = random_.between(1, 4); i > 0; --i) instance.addresses.push_back(draw_address(instance));
    keep_one_announced(instance);
    track_something(instance, made);
    return instance;
  }

  int draw_priority() { return random_.chance(5) ? 255 : random_.between(1, 254); }

  void draw_protocol(MadeInstance& instance) {
    instance.version = random_.chance(50) ? 3 : 2;
    instance.is_ipv6 = instance.version == 3 && random_.chance(40);
    draw_interval(instance);
    draw_authentication(instance);
  }

  void draw_interval(MadeInstance& instance) {
    const unsigned drawn =
        instance.version == 2 ? random_.pick({1000U, 1000U, 2000U}) : random_.pick({100U, 200U, 500U, 1000U});
    instance.advert_ms = std::min(drawn, options_.advert_interval_most_ms);
  }

  void draw_authentication(MadeInstance& instance) {
    instance.authentication = instance.version == 2 ? random_.pick({"", "PASS", "AH"}) : "";
    instance.password = random_.pick({"tule", "secret", "12345678"});
  }

  MadeAddress draw_address(const MadeInstance& instance) {
    MadeAddress address{.interface = instance.interface,
                        .number = ++addresses_,
                        .has_length = random_.chance(70),
                        .is_excluded = random_.chance(20)};
    if (options_.interfaces.size() > 1 && random_.chance(15)) {
      address.is_elsewhere = true;
      address.interface = (instance.interface + 1) % options_.interfaces.size();
    }
    return address;
  }

  void track_something(MadeInstance& instance, const Made& made) {
    for (const MadeScript& script : made.scripts) {
      if (random_.chance(40)) instance.tracks.emplace_back(script.name, random_.pick({script.weight, 0, 5, -15}));
    }
    if (options_.interfaces.size() > 1 && random_.chance(20)) {
      instance.tracked_interface = options_.interfaces[(instance.interface + 1) % options_.interfaces.size()];
      instance.interface_weight = random_.pick({0, 7, -9});
    }
  }

  // Two or three members, none of them in another group.
  void add_group(Made& made) {
    MadeGroup group{.name = fmt::format("G_{}", ++groups_), .members = {}, .tracking_weight = random_.chance(30)};
    for (const MadeInstance& instance : made.instances) {
      if (group.members.size() < 3 && !is_grouped(made, instance.name) && random_.chance(60)) {
        group.members.push_back(instance.name);
      }
    }
    if (group.members.size() > 1) made.groups.push_back(std::move(group));
  }

  static bool is_grouped(const Made& made, const std::string& name) {
    return std::ranges::any_of(made.groups, [&](const MadeGroup& group) {
      return std::ranges::find(group.members, name) != group.members.end();
    });
  }

  // ---------------------------------------------------------------- what becomes of it

  Made changed(Made made) {
    if (random_.chance(10)) made.garp_repeat = random_.between(1, 5);
    change_scripts(made);
    for (MadeInstance& instance : made.instances) {
      if (random_.chance(40)) continue;
      for (int i = random_.between(1, 2); i > 0; --i) change(instance, made);
    }
    if (random_.chance(25)) remove_instance(made);
    if (random_.chance(30)) made.instances.push_back(draw_instance(made));
    if (random_.chance(35)) move_address(made);
    if (random_.chance(10)) swap_vrids(made);
    change_groups(made);
    if (random_.chance(25)) shuffle(made.instances);
    if (random_.chance(10)) shuffle(made.scripts);
    return made;
  }

  void change_scripts(Made& made) {
    if (!options_.has_scripts) return;
    for (MadeScript& script : made.scripts) {
      if (random_.chance(15)) script.succeeds = !script.succeeds;
      if (random_.chance(10)) script.interval = random_.between(1, 3);
    }
    if (!made.scripts.empty() && random_.chance(15)) {
      const std::string gone = made.scripts.back().name;
      made.scripts.pop_back();
      for (MadeInstance& instance : made.instances) {
        std::erase_if(instance.tracks, [&](const auto& track) { return track.first == gone; });
      }
    }
    if (random_.chance(20)) made.scripts.push_back(draw_script());
  }

  void change(MadeInstance& instance, Made& made) {
    switch (random_.below(12)) {
      case 0: instance.priority = draw_priority(); return;
      case 1: draw_interval(instance); return;
      case 2: {  // another version of the protocol, the same family
        if (instance.is_ipv6) return;
        instance.version = instance.version == 2 ? 3 : 2;
        draw_interval(instance);
        draw_authentication(instance);
        return;
      }
      case 3: draw_authentication(instance); return;
      case 4: instance.addresses.push_back(draw_address(instance)); return;
      case 5: remove_address(instance); return;
      case 6: rename(instance, made); return;
      case 7: instance.vrid = ++vrids_; return;
      case 8: instance.nopreempt = !instance.nopreempt; return;
      case 9:
        instance.tracks.clear();
        instance.tracked_interface.clear();
        track_something(instance, made);
        return;
      case 10: instance.wants_master = !instance.wants_master; return;
      case 11: shuffle(instance.addresses); return keep_one_announced(instance);
    }
  }

  void rename(MadeInstance& instance, Made& made) {
    const std::string before = std::exchange(instance.name, fmt::format("VI_{}", ++names_));
    for (MadeGroup& group : made.groups) std::ranges::replace(group.members, before, instance.name);
  }

  // An instance that would lose all its addresses is refused; every one announces an address on its own interface.
  static void keep_one_announced(MadeInstance& instance) {
    const auto is_plain = [](const MadeAddress& each) { return !each.is_excluded && !each.is_elsewhere; };
    if (std::ranges::any_of(instance.addresses, is_plain)) return;
    MadeAddress& first = instance.addresses.front();
    first.is_excluded = first.is_elsewhere = false;
    first.interface = instance.interface;
  }

  void remove_address(MadeInstance& instance) {
    if (instance.addresses.size() < 2) return;
    instance.addresses.erase(instance.addresses.begin() +
                             static_cast<std::ptrdiff_t>(random_.below(instance.addresses.size())));
    keep_one_announced(instance);
  }

  void remove_instance(Made& made) {
    if (made.instances.size() < 2) return;
    const std::size_t index = random_.below(made.instances.size());
    const std::string name = made.instances[index].name;
    made.instances.erase(made.instances.begin() + static_cast<std::ptrdiff_t>(index));
    for (MadeGroup& group : made.groups) std::erase(group.members, name);
    std::erase_if(made.groups, [](const MadeGroup& group) { return group.members.size() < 2; });
  }

  // The last address of one becomes the last of another of its family.
  void move_address(Made& made) {
    for (MadeInstance& from : made.instances) {
      for (MadeInstance& to : made.instances) {
        if (&from == &to || from.is_ipv6 != to.is_ipv6 || from.addresses.size() < 2) continue;
        MadeAddress moved = from.addresses.back();
        from.addresses.pop_back();
        keep_one_announced(from);
        moved.is_elsewhere = moved.interface != to.interface;
        to.addresses.push_back(moved);
        return;
      }
    }
  }

  void swap_vrids(Made& made) {
    for (MadeInstance& one : made.instances) {
      for (MadeInstance& other : made.instances) {
        if (&one == &other || one.interface != other.interface || one.is_ipv6 != other.is_ipv6) continue;
        std::swap(one.vrid, other.vrid);
        return;
      }
    }
  }

  void change_groups(Made& made) {
    if (!made.groups.empty() && random_.chance(20)) made.groups.pop_back();
    for (MadeGroup& group : made.groups) {
      if (group.members.size() > 2 && random_.chance(25)) group.members.pop_back();
      if (random_.chance(10)) shuffle(group.members);
    }
    if (random_.chance(20)) add_group(made);
  }

  template <typename Thing>
  void shuffle(std::vector<Thing>& things) {
    for (std::size_t i = things.size(); i > 1; --i) std::swap(things[i - 1], things[random_.below(i)]);
  }

  // ---------------------------------------------------------------- text

  std::string text(const Made& made) const {
    std::string text = fmt::format(
        "global_defs {{\n  router_id node\n  enable_script_security\n  script_user root\n"
        "  vrrp_garp_master_repeat {}\n}}\n",
        made.garp_repeat);
    for (const MadeScript& script : made.scripts) {
      text += fmt::format("vrrp_script {} {{\n  script /usr/bin/{}\n  interval {}\n  weight {}\n  fall {}\n}}\n",
                          script.name, script.succeeds ? "true" : "false", script.interval, script.weight, script.fall);
    }
    for (const MadeGroup& group : made.groups) {
      text += fmt::format("vrrp_sync_group {} {{\n  group {{\n", group.name);
      for (const std::string& member : group.members) text += "    " + member + "\n";
      text += fmt::format("  }}\n{}}}\n", group.tracking_weight ? "  sync_group_tracking_weight\n" : "");
    }
    for (const MadeInstance& instance : made.instances) text += text_of(instance);
    return text;
  }

  std::string text_of(const MadeInstance& instance) const {
    std::string text = fmt::format(
        "vrrp_instance {} {{\n  state {}\n  interface {}\n  virtual_router_id {}\n  version {}\n  priority {}\n"
        "  advert_int {}\n  garp_master_delay {}\n",
        instance.name, instance.wants_master ? "MASTER" : "BACKUP", options_.interfaces[instance.interface],
        instance.vrid, instance.version, instance.priority,
        instance.version == 2 ? fmt::format("{}", instance.advert_ms / 1000)
                              : fmt::format("{}.{:02}", instance.advert_ms / 1000, instance.advert_ms % 1000 / 10),
        instance.garp_delay);
    if (instance.use_vmac) text += "  use_vmac\n";
    if (instance.nopreempt) text += "  nopreempt\n";
    if (instance.preempt_delay > 0) text += fmt::format("  preempt_delay {}\n", instance.preempt_delay);
    if (instance.has_notify) text += "  notify /usr/bin/true\n";
    if (!instance.authentication.empty()) {
      text += fmt::format("  authentication {{\n    auth_type {}\n    auth_pass {}\n  }}\n", instance.authentication,
                          instance.password);
    }
    for (const bool is_excluded : {false, true}) {
      std::string lines;
      for (const MadeAddress& address : instance.addresses) {
        if (address.is_excluded == is_excluded) lines += text_of(address, instance.is_ipv6);
      }
      if (lines.empty()) continue;
      text += fmt::format("  virtual_ipaddress{} {{\n{}  }}\n", is_excluded ? "_excluded" : "", lines);
    }
    if (!instance.tracks.empty()) {
      text += "  track_script {\n";
      for (const auto& [name, weight] : instance.tracks) text += fmt::format("    {} weight {}\n", name, weight);
      text += "  }\n";
    }
    if (!instance.tracked_interface.empty()) {
      text += fmt::format("  track_interface {{\n    {} weight {}\n  }}\n", instance.tracked_interface,
                          instance.interface_weight);
    }
    return text + "}\n";
  }

  std::string text_of(const MadeAddress& address, bool is_ipv6) const {
    const std::string device =
        address.is_elsewhere ? fmt::format(" dev {}", options_.interfaces[address.interface]) : "";
    const std::size_t net = 20 + address.interface;
    if (is_ipv6) {
      return fmt::format("    fd00:{}::{}{}{}\n", net, address.number, address.has_length ? "/64" : "", device);
    }
    return fmt::format("    10.0.{}.{}{}{}\n", net, address.number, address.has_length ? "/24" : "", device);
  }

  Random random_;
  const RandomConfigurationOptions& options_;
  unsigned names_ = 0;
  unsigned scripts_ = 0;
  unsigned groups_ = 0;
  unsigned vrids_ = 0;
  unsigned addresses_ = 99;
};

}  // namespace

ConfigurationPair random_configuration_pair(std::uint64_t seed, const RandomConfigurationOptions& options) {
  return Maker(seed, options).make();
}

}  // namespace baton::support
