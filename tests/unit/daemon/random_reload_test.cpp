// A reload leads to where a fresh start with the new configuration leads, and on the way there nothing moves that need
// not: thousands of pairs of configurations, each with neighbours, links and checks of its own, on the real cores.
// BATON_RELOAD_SEEDS=FIRST..LAST plays others; a pair that fails is named by its seed.
#include <fmt/format.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "daemon/leftovers.h"
#include "daemon/reload_plan.h"
#include "sim/random.h"
#include "support/random_configuration.h"
#include "unit/daemon/life.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using sim::Random;

constexpr Duration change_of_worker = 11ms;  // docs/decisions/0004
constexpr Duration verdicts_within = 800ms;  // of scripts, after the start of a worker
constexpr std::uint8_t neighbour_priority = 254;

// Where a daemon stands when nothing has happened for long enough.
struct Outcome {
  std::vector<std::string> routers;
  std::vector<std::string> groups;
  std::set<std::string> addresses;
};

std::string text_of(const kernel::AddressKey& key) {
  return fmt::format("{}@{}", to_string(key.address), key.interface_index);
}

// One daemon on its machine: ens33 and ens34, a clock, neighbours that are master wherever they are allowed to.
class Machine {
 public:
  explicit Machine(std::uint64_t seed) : seed_(seed), random_(seed) {
    for (std::uint32_t index : {2U, 3U}) {
      const bool is_up = index == 2 || !Random(seed).chance(10);
      kernel_.apply(kernel::LinkChange{
          {.index = index, .name = index == 2 ? "ens33" : "ens34", .is_up = is_up, .is_enabled = true}, false});
      give(index, fmt::format("10.0.{}.14", 18 + index), 24);
      give(index, "fe80::14", 64);
      give(index, fmt::format("fd00:{}::14", 18 + index), 64);
    }
  }

  void start(const Setup& setup) {
    life_ = std::make_unique<Life>(setup, kernel_);
    schedule_world();
    life_->begin(now_);
  }

  // Guardian::reload(); gives what is said goodbye for.
  std::vector<std::optional<RouterWill>> reload(const Setup& next) {
    const Setup& old = life_->setup();
    Inheritance inherited = inheritance(old, next, life_->wills());
    Leftovers leftovers;
    leftovers.add(old);
    past_ = std::move(life_);
    now_ += change_of_worker;
    life_ = std::make_unique<Life>(next, kernel_);
    schedule_world();
    life_->begin(now_, inherited.wills, leftovers.all());
    return inherited.gone;
  }

  void run(Duration span) {
    const Instant end = now_ + span;
    while (step(end)) {
    }
    now_ = end;
  }

  // Every transition of a life, for the message of a test that failed.
  static std::string story(const Life& life) {
    std::string text;
    for (const ToldState& told : life.states()) {
      text += fmt::format("  {:.3f} {} {} -> {}\n", std::chrono::duration<double>(told.at - Instant(1000s)).count(),
                          life.setup().routers[told.router].name, vrrp::name(told.from), vrrp::name(told.to));
    }
    return text;
  }
  // What the reload would do at the moment when its worker begins.
  ReloadPlan rehearse(const Setup& next) const {
    return plan_reload(life_->setup(), next, life_->wills(), kernel_, now_ + change_of_worker);
  }

  std::set<std::string> addresses() const {
    std::set<std::string> addresses;
    for (const std::uint32_t index : {2U, 3U}) {
      for (const IpPrefix& address : kernel_.addresses_on(index)) addresses.insert(text_of({index, address}));
    }
    return addresses;
  }
  const Life& life() const { return *life_; }
  const Life& past() const { return *past_; }

  Outcome outcome(Duration window) const {
    Outcome outcome;
    const vrrp::Node& node = life_->node();
    for (vrrp::RouterId id = 0; id < node.router_count(); ++id) {
      const vrrp::VirtualRouter& router = node.router(id);
      outcome.routers.push_back(fmt::format(
          "{} {} priority {} holds {} master-down {} ms, skew {} us, says {} each {} ms",
          life_->setup().routers[id].name, name(router.state()), router.priority(), router.holds_addresses(),
          router.master_down_interval() / 1ms, router.skew_time() / 1us, said_last(id, window), gap(id, window) / 1ms));
    }
    for (vrrp::GroupId id = 0; id < node.parameters().groups.size(); ++id) {
      outcome.groups.push_back(fmt::format("{} {}", node.parameters().groups[id].name, name(node.group_state(id))));
    }
    outcome.addresses = addresses();
    return outcome;
  }

 private:
  void give(std::uint32_t index, const std::string& address, std::uint8_t length) {
    kernel_.apply(kernel::AddressChange{
        .address = {.interface_index = index, .address = {.address = *IpAddress::parse(address), .length = length}},
        .removed = false});
  }

  // ---------------------------------------------------------------- neighbours and checks

  // The neighbourhood belongs to the virtual router, so that it is the same before and after and at a fresh start.
  bool has_neighbour(const RouterSetup& router) const {
    Random random(seed_ * 1000 + router.codec.vrid);
    (void)random.next();
    return random.chance(40);
  }

  void schedule_world() {
    neighbours_.clear();
    verdicts_.clear();
    const Setup& setup = life_->setup();
    for (vrrp::RouterId id = 0; id < setup.routers.size(); ++id) {
      if (!has_neighbour(setup.routers[id])) continue;
      neighbours_.emplace(id, now_ + random_.between(Duration::zero(), setup.routers[id].codec.advert_interval));
    }
    for (const process::TrackScript& script : setup.scripts) {
      verdicts_.emplace(script.id, now_ + random_.between(1ms, verdicts_within));
    }
  }

  // It yields to whoever is better, an owner that is.
  void speak(vrrp::RouterId id) {
    const RouterSetup& router = life_->setup().routers[id];
    neighbours_[id] += router.codec.advert_interval;
    if (life_->node().router(id).priority() > neighbour_priority) return;
    const kernel::Link* link = kernel_.find(router.interface);
    if (link == nullptr || !link->is_up) return;
    const std::string source =
        router.codec.family == Family::ipv4 ? fmt::format("10.0.{}.250", 18 + link->index) : "fe80::ffff";
    life_->on_advert(
        id,
        {.source = *IpAddress::parse(source), .priority = neighbour_priority, .interval = router.codec.advert_interval},
        now_);
  }

  void judge(vrrp::TrackerId id) {
    verdicts_.erase(id);
    const auto& scripts = life_->setup().scripts;
    const auto script = std::ranges::find(scripts, id, &process::TrackScript::id);
    const bool is_up = script->command.argv.front().ends_with("true");
    life_->on_tracker(id, {.status = is_up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down}, now_);
  }

  bool step(Instant end) {
    const auto earliest = [](const auto& times) {
      return std::ranges::min_element(times, {}, [](const auto& each) { return each.second; });
    };
    const auto neighbour = earliest(neighbours_);
    const auto verdict = earliest(verdicts_);
    const Instant neighbour_at = neighbour == neighbours_.end() ? Instant::max() : neighbour->second;
    const Instant verdict_at = verdict == verdicts_.end() ? Instant::max() : verdict->second;
    const Instant timeout_at = life_->node().next_timeout().value_or(Instant::max());
    const Instant next = std::min({neighbour_at, verdict_at, timeout_at});
    if (next > end) return false;
    now_ = std::max(now_, next);
    if (next == timeout_at) {
      life_->on_timeout(now_);
    } else if (next == neighbour_at) {
      speak(neighbour->first);
    } else {
      judge(verdict->first);
    }
    return true;
  }

  // ---------------------------------------------------------------- what was said lately

  std::vector<SentAdvert> lately(vrrp::RouterId id, Duration window) const {
    std::vector<SentAdvert> adverts;
    std::ranges::copy_if(life_->adverts(), std::back_inserter(adverts),
                         [&](const SentAdvert& advert) { return advert.router == id && advert.at > now_ - window; });
    return adverts;
  }
  int said_last(vrrp::RouterId id, Duration window) const {
    const auto adverts = lately(id, window);
    return adverts.empty() ? -1 : adverts.back().priority;
  }
  Duration gap(vrrp::RouterId id, Duration window) const {
    const auto adverts = lately(id, window);
    return adverts.size() < 2 ? Duration::zero() : adverts.back().at - adverts[adverts.size() - 2].at;
  }

  std::uint64_t seed_;
  Random random_;
  Instant now_{1000s};
  kernel::InterfaceTable kernel_;
  std::unique_ptr<Life> life_;
  std::unique_ptr<Life> past_;
  std::map<vrrp::RouterId, Instant> neighbours_;
  std::map<vrrp::TrackerId, Instant> verdicts_;
};

// After so long without a change everything stands.
Duration quiet_time(const Setup& setup) {
  Duration interval = 1s;
  Duration delay{};
  for (const vrrp::NodeRouterParameters& router : setup.node.routers) {
    interval = std::max(interval, router.router.advert_interval);
    delay = std::max(delay, router.router.preempt_delay);
  }
  return 5 * interval + delay + verdicts_within + 1s;
}

// ---------------------------------------------------------------- what a change does not touch

const config::Instance& instance_of(const Setup& setup, const std::string& name) {
  return *std::ranges::find(setup.configuration.instances, name, &config::Instance::name);
}

const config::SyncGroup* group_of(const Setup& setup, const std::string& name) {
  const auto& groups = setup.configuration.groups;
  const auto found = std::ranges::find_if(groups, [&](const config::SyncGroup& group) {
    return std::ranges::find(group.members, name) != group.members.end();
  });
  return found == groups.end() ? nullptr : &*found;
}

bool has_same_scripts(const config::Instance& instance, const Setup& old, const Setup& next) {
  return std::ranges::all_of(instance.trackers.scripts, [&](const config::Tracking& tracking) {
    const auto script = [&](const Setup& setup) {
      return std::ranges::find(setup.configuration.scripts, tracking.name, &config::Script::name);
    };
    return *script(old) == *script(next);
  });
}

bool is_untouched(const std::string& name, const Setup& old, const Setup& next) {
  const auto names = [](const Setup& setup, const std::string& wanted) {
    return std::ranges::count(setup.configuration.instances, wanted, &config::Instance::name) == 1;
  };
  if (!names(old, name) || !names(next, name)) return false;
  const config::Instance& instance = instance_of(old, name);
  return instance == instance_of(next, name) && has_same_scripts(instance, old, next);
}

// Itself and, in a group, every member of it.
bool is_left_alone(const std::string& name, const Setup& old, const Setup& next) {
  const config::SyncGroup* before = group_of(old, name);
  const config::SyncGroup* after = group_of(next, name);
  if (before == nullptr && after == nullptr) return is_untouched(name, old, next);
  if (before == nullptr || after == nullptr || *before != *after) return false;
  return std::ranges::all_of(before->members,
                             [&](const std::string& member) { return is_untouched(member, old, next); });
}

vrrp::RouterId router_named(const Setup& setup, const std::string& name) {
  return static_cast<vrrp::RouterId>(std::ranges::find(setup.routers, name, &RouterSetup::name) -
                                     setup.routers.begin());
}

// ---------------------------------------------------------------- the test

struct Tally {
  int left_alone = 0;
  int left_alone_as_master = 0;
  int goodbyes = 0;
  int ah_sequences = 0;
};

// Who was left alone stays what it is, speaks in time and goes on counting, and its addresses are never taken off.
void expect_left_alone(const Machine& machine, const std::string& name, Tally& tally) {
  const Life& past = machine.past();
  const Life& life = machine.life();
  const vrrp::RouterId was = router_named(past.setup(), name);
  const vrrp::RouterId is = router_named(life.setup(), name);
  ++tally.left_alone;
  for (const ToldState& told : life.states()) {
    EXPECT_NE(told.router, is) << name << " moved from " << vrrp::name(told.from) << " to " << vrrp::name(told.to);
  }
  if (past.node().router(was).state() != vrrp::State::master) return;
  ++tally.left_alone_as_master;
  const auto last = std::ranges::find(past.adverts().rbegin(), past.adverts().rend(), was, &SentAdvert::router);
  const auto first = std::ranges::find(life.adverts(), is, &SentAdvert::router);
  ASSERT_NE(last, past.adverts().rend()) << name;
  ASSERT_NE(first, life.adverts().end()) << name;
  const vrrp::RouterParameters& router = life.node().router(is).parameters();
  const Duration room = router.makes_room ? vrrp::room_for_the_unheard : Duration::zero();
  EXPECT_LE(first->at - last->at, router.advert_interval + room + change_of_worker) << name;
  if (last->ah_sequence != 0) {
    ++tally.ah_sequences;
    EXPECT_GT(first->ah_sequence, last->ah_sequence) << name;
  }
  for (const kernel::AddressKey& key : life.taken_off()) {
    for (const config::VirtualAddress& address : life.setup().routers[is].addresses) {
      EXPECT_NE(key.address, address.address) << name << " was without an address of its own";
    }
  }
}

void expect_goodbyes(const Life& past, const Setup& next, const std::vector<std::optional<RouterWill>>& gone,
                     Tally& tally) {
  const auto places = successors(past.setup(), next);
  for (vrrp::RouterId id = 0; id < places.size(); ++id) {
    const bool was_master = past.node().router(id).holds_addresses();
    const bool says_goodbye = gone[id] && gone[id]->holds_addresses;
    EXPECT_EQ(says_goodbye, was_master && !places[id]) << past.setup().routers[id].name;
    tally.goodbyes += says_goodbye ? 1 : 0;
  }
}

// What a rehearsal says of addresses is what the reload does.
void expect_as_planned(const ReloadPlan& plan, const std::set<std::string>& before,
                       const std::set<std::string>& after) {
  std::set<std::string> expected = before;
  for (const std::string& line : plan.kernel) {
    std::istringstream words(line);
    std::string ip, object, operation, address, dev, interface;
    words >> ip >> object >> operation >> address >> dev >> interface;
    if (object != "address") continue;
    const std::string key = fmt::format("{}@{}", address, interface == "ens33" ? 2 : 3);
    if (operation == "add") {
      EXPECT_TRUE(expected.insert(key).second) << line << ": it is there";
    } else {
      EXPECT_EQ(expected.erase(key), 1U) << line << ": it is not there";
    }
  }
  EXPECT_EQ(after, expected) << to_json(plan).dump(2);
}

// Nothing that is otherwise goes unsaid, and nothing is said of what is not. The order of instances means nothing.
void expect_every_change(const ReloadPlan& plan, const Setup& old, const Setup& next) {
  if (old.configuration == next.configuration) {
    EXPECT_EQ(plan.changes, std::vector<config::Change>{});
  }
  const auto places = successors(old, next);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string& name = places[i] ? next.routers[*places[i]].name : old.routers[i].name;
    const bool is_said =
        std::ranges::find(plan.changes, "vrrp_instance " + name, &config::Change::object) != plan.changes.end();
    if (places[i]) {
      EXPECT_EQ(is_said, !is_unchanged(old, i, next, *places[i])) << name;
    } else {
      EXPECT_TRUE(is_said) << name;
    }
  }
}

void play(std::uint64_t seed, Tally& tally) {
  const auto pair = support::random_configuration_pair(seed);
  const Setup old = setup_of(pair.before);
  const Setup next = setup_of(pair.after);
  const Duration quiet = quiet_time(old) + quiet_time(next);
  Random random(seed);

  Machine machine(seed);
  machine.start(old);
  const bool is_settled = random.chance(70);  // else the reload comes while the daemon starts
  machine.run(is_settled ? quiet + random.between(Duration::zero(), 2s) : random.between(1ms, quiet));
  const ReloadPlan plan = machine.rehearse(next);
  const auto addresses_before = machine.addresses();
  const auto gone = machine.reload(next);
  expect_as_planned(plan, addresses_before, machine.addresses());
  expect_every_change(plan, old, next);
  expect_goodbyes(machine.past(), next, gone, tally);
  machine.run(quiet);

  Machine fresh(seed);
  fresh.start(next);
  fresh.run(quiet);

  const Duration window = 5s;
  const Outcome reached = machine.outcome(window);
  const Outcome expected = fresh.outcome(window);
  EXPECT_EQ(reached.routers, expected.routers) << "before the reload\n"
                                               << Machine::story(machine.past()) << "after it\n"
                                               << Machine::story(machine.life()) << "a fresh start\n"
                                               << Machine::story(fresh.life());
  EXPECT_EQ(reached.groups, expected.groups);
  EXPECT_EQ(reached.addresses, expected.addresses);
  if (!is_settled) return;
  for (const RouterSetup& router : next.routers) {
    if (is_left_alone(router.name, old, next)) expect_left_alone(machine, router.name, tally);
  }
}

TEST(RandomReload, leads_to_where_a_fresh_start_leads_and_leaves_alone_what_it_can) {
  std::uint64_t first = 1;
  std::uint64_t last = 2500;
  if (const char* seeds = std::getenv("BATON_RELOAD_SEEDS")) (void)std::sscanf(seeds, "%lu..%lu", &first, &last);
  Tally tally;
  int failed = 0;
  for (std::uint64_t seed = first; seed <= last && failed < 3; ++seed) {
    const auto pair = support::random_configuration_pair(seed);
    testing::TestPartResultArray failures;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
      play(seed, tally);
    }
    if (failures.size() == 0) continue;
    ++failed;
    std::string text;
    for (int i = 0; i < failures.size(); ++i) text += std::string(failures.GetTestPartResult(i).message()) + "\n";
    ADD_FAILURE() << "seed " << seed << "\n" << text << "--- before\n" << pair.before << "--- after\n" << pair.after;
  }
  if (first != last) {
    EXPECT_GT(tally.left_alone_as_master, 300);
    EXPECT_GT(tally.goodbyes, 300);
    EXPECT_GT(tally.ah_sequences, 50);
  }
}

}  // namespace
}  // namespace baton::daemon
