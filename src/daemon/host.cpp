#include "daemon/host.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <utility>

#include "base/result.h"

namespace baton::daemon {

Host::Host(const Setup& setup, const std::string& settings_record, loop::Loop& loop, log::Logger& log,
           Handlers handlers)
    : setup_(setup),
      loop_(loop),
      log_(log),
      handlers_(std::move(handlers)),
      virtual_interfaces_(setup, settings_record, [this](const std::string& text) { say(log::Level::error, text); }),
      look_timer_(loop.timer([this] { look_at_everything(); })),
      again_timer_(loop.timer([] {})) {}  // settle() follows

SysResult<void> Host::open() {
  TRY_VOID(watch());
  auto requests = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  if (!requests) return std::unexpected(requests.error());
  requests_ = std::move(*requests);
  return dump();
}

SysResult<void> Host::catch_up() {
  while (monitor_ && !monitor_->is_read_empty()) on_changes();
  if (!monitor_) return std::unexpected(SysError{"listen to changes of interfaces", ENOBUFS});
  monitor_readable_ = loop_.watch(monitor_->fd(), loop::Ready::readable, [this] { on_changes(); });
  return {};
}

void Host::begin(const Leftovers& leftovers) {
  virtual_interfaces_.take_leftovers(leftovers.interfaces, *requests_, interfaces_);
  next_removal_ = loop::now();  // the first one waits for the next advert as well
}

void Host::plan(const Leftovers& leftovers) {
  plan_.hold_static(true);
  plan_.follow(interfaces_, leftovers.addresses);
  routing_.hold_static(true);
  routing_.begin(leftovers.routing);
  watch_routing();
  planned_ = true;

  std::map<kernel::AddressKey, kernel::InterfaceAddress> before;
  for (const config::VirtualAddress& leftover : leftovers.addresses) {
    if (const auto address = to_interface_address(leftover, interfaces_)) before.emplace(key_of(*address), *address);
  }
  const auto compare = [&](const config::VirtualAddress& configured) {
    const auto address = before.empty() ? std::nullopt : to_interface_address(configured, interfaces_);
    const auto found = address ? before.find(key_of(*address)) : before.end();
    if (found != before.end() && found->second != *address) changed_.push_back(found->second);
  };
  for (const RouterSetup& router : setup_.routers) std::ranges::for_each(router.addresses, compare);
  std::ranges::for_each(setup_.static_addresses, compare);
}

// The kernel changes no label, scope or peer of an address that is there: it goes, and comes back as it is wanted.
void Host::remove_changed() {
  std::vector<kernel::AddressRequest> requests;
  for (const kernel::InterfaceAddress& address : std::exchange(changed_, {})) {
    if (!interfaces_.has(key_of(address))) continue;
    requests.push_back({kernel::AddressRequest::Operation::remove, address});
    interfaces_.apply(kernel::AddressChange{.address = address, .removed = true});
  }
  if (requests.empty()) return;
  if (const auto done = requests_->carry_out(requests); !done) log_.error(to_string(done.error()));
}

bool Host::is_present(const config::VirtualAddress& address) const {
  const auto there = to_interface_address(address, interfaces_);
  return there && interfaces_.has({there->interface_index, there->address});
}

void Host::set_holding(vrrp::RouterId router, bool holds) {
  plan_.set_holding(router, holds);
  routing_.set_holding(router, holds);
}

AddressState Host::settle(std::optional<Instant> next_advert, Instant now) {
  std::ranges::copy(plan_.put_back(now), std::back_inserter(restored_));
  const AddressState state = carry_some(next_advert);
  std::optional<Instant> again = routing_carrier_.retry_at();
  if (const auto back = plan_.next_put_back()) again = std::min(again.value_or(*back), *back);
  if (state == AddressState::settled && has_leftovers()) {
    const Instant next = remove_leftover(next_advert, now);
    again = std::min(again.value_or(next), next);
  }
  if (again) again_timer_.set(*again);
  return state;
}

// One, when it is time: half of the time is for others, and the next advert comes first unless that goes on for long.
// Returns when to look again.
Instant Host::remove_leftover(std::optional<Instant> next_advert, Instant now) {
  constexpr Duration removal = std::chrono::milliseconds(20);
  constexpr Duration longest_wait = std::chrono::milliseconds(500);
  if (now < next_removal_) return next_removal_;
  const bool is_near = next_advert && *next_advert < now + removal;
  if (is_near && now < next_removal_ + longest_wait) return std::max(*next_advert, now) + std::chrono::milliseconds(1);
  virtual_interfaces_.remove_leftover(*requests_, interfaces_);
  next_removal_ = loop::now() + removal;
  return next_removal_;
}

// Who leaves takes rules and routes off before the addresses; who comes puts them behind. One chunk of each a turn.
AddressState Host::carry_some(std::optional<Instant> next_advert) {
  AddressState state = AddressState::on_their_way;
  if (routing_carrier_.remove_some(*requests_)) state = carrier_.carry_some(*requests_, next_advert);
  if (state == AddressState::settled && !routing_carrier_.add_some(*requests_)) state = AddressState::on_their_way;
  return state;
}

std::vector<vrrp::RouterId> Host::take_restored() {
  std::ranges::sort(restored_);
  const auto duplicates = std::ranges::unique(restored_);
  restored_.erase(duplicates.begin(), duplicates.end());
  return std::exchange(restored_, {});
}

bool Host::leave() {
  plan_.hold_static(false);
  routing_.hold_static(false);
  if (!plan_.is_settled() || !routing_.is_settled()) {
    if (!routing_carrier_.retry_at()) loop_.once_more();
    return false;
  }
  if (has_leftovers()) {  // nobody is left whose adverts they could hold up
    virtual_interfaces_.remove_leftover(*requests_, interfaces_);
    loop_.once_more();
    return false;
  }
  virtual_interfaces_.remove(*requests_, interfaces_);
  return true;
}

// From now on. What waits unread in a socket before this one is forgotten: a dump has to follow.
SysResult<void> Host::watch() {
  monitor_readable_.reset();
  monitor_.reset();
  auto monitor = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::monitor);
  if (!monitor) return std::unexpected(monitor.error());
  monitor_ = std::move(*monitor);
  monitor_readable_ = loop_.watch(monitor_->fd(), loop::Ready::readable, [this] { on_changes(); });
  if (planned_) watch_routing();
  return {};
}

void Host::watch_routing() {
  if (routing_.is_empty()) return;
  if (const auto watched = monitor_->watch_routing(routing_.protocols()); !watched) {
    log_.error(to_string(watched.error()) + "; routes and rules that somebody removes are not put back");
  }
}

SysResult<void> Host::dump() {
  auto links = TRY(requests_->dump_links());
  const auto addresses = TRY(requests_->dump_addresses());
  interfaces_.replace(std::move(links), addresses);
  return {};
}

// The kernel had more to say than its buffer holds, or could not be read. After an overrun it drops every further
// change until its queue is empty, and does not say so again; what is queued is older than the dump. So the queue goes
// first.
void Host::look_at_everything() {
  const kernel::InterfaceTable before = interfaces_;
  auto looked = monitor_ ? SysResult<void>{} : watch();
  if (looked) looked = dump();
  if (!looked) {
    constexpr Duration again = std::chrono::milliseconds(200);
    log_.error(to_string(looked.error()));
    look_timer_.set(loop::now() + again);
    return;
  }
  for (const auto& [index, link] : before.links()) {
    if (interfaces_.find(index) != nullptr) continue;
    plan_.forget_interface(index);
    handlers_.on_interface_gone(index);
  }
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    if (plan_.lost_addresses(id, before, interfaces_)) restored_.push_back(id);
  }
  follow_interfaces();
  routing_.doubt_everything();
  handlers_.on_change();
}

void Host::follow_interfaces() {
  plan_.follow(interfaces_);
  handlers_.on_places();
}

void Host::follow_virtual_interfaces() {
  if (virtual_interfaces_.follow(*requests_, interfaces_)) follow_interfaces();
}

void Host::on_changes() {
  auto changes = monitor_->read_changes();
  if (!changes || !*changes) {
    say(log::Level::warning,
        changes ? "the kernel had more changes of interfaces to tell than its buffer holds; looking anew"
                : to_string(changes.error()));
    monitor_readable_.reset();
    monitor_.reset();
    return look_at_everything();
  }
  bool look = false;
  bool follow = false;
  for (const kernel::Change& change : **changes) {
    if (const auto* link = std::get_if<kernel::LinkChange>(&change)) {
      const kernel::Link* before = interfaces_.find(link->link.index);
      const bool same = before != nullptr && !link->removed && *before == link->link;
      const bool moved = link->removed || before == nullptr || before->name != link->link.name;
      const std::string name_before = before == nullptr ? link->link.name : before->name;
      const bool concerns = interests_.has(link->link.name) || (before != nullptr && interests_.has(before->name));
      interfaces_.apply(change);
      if (!same) routing_.on_link_change(link->link.name);
      if (name_before != link->link.name) routing_.on_link_change(name_before);
      if (link->removed) plan_.forget_interface(link->link.index);
      if (!concerns) continue;
      if (link->removed) handlers_.on_interface_gone(link->link.index);
      follow = follow || moved;
      look = look || !same;
      continue;
    }
    if (const auto* route = std::get_if<kernel::RouteChange>(&change)) {
      routing_.on_change(*route, interfaces_);
      continue;
    }
    if (const auto* rule = std::get_if<kernel::RuleChange>(&change)) {
      routing_.on_change(*rule);
      continue;
    }
    const auto& address = std::get<kernel::AddressChange>(change);
    interfaces_.apply(change);
    on_address_change(address);
    plan_.on_change(address);
    const bool is_virtual = plan_.is_virtual({address.address.interface_index, address.address.address});
    look = look || (!is_virtual && interests_.has_source(address.address, interfaces_));
  }
  if (follow) follow_interfaces();
  if (look) handlers_.on_change();
  if (monitor_ && monitor_->is_read_empty()) look_for_thefts();
}

// Of what may come with every change of an interface.
void Host::say(log::Level level, const std::string& text) {
  if (const auto silent = told_.allow(text, loop::now())) log_.write(level, text + log::more_like_it(*silent));
}

// Two managers of one address that put it back at once would do nothing else.
void Host::look_for_thefts() {
  for (const AddressPlan::Theft& theft : plan_.thefts(interfaces_, loop::now())) {
    if (theft.hold == Duration::zero()) {
      restored_.push_back(theft.router);
    } else {
      handlers_.on_address_held(theft.router, theft.address, theft.hold);
    }
  }
}

// Routes may have gone with an address, and those that were refused may be possible now.
void Host::on_address_change(const kernel::AddressChange& change) {
  if (routing_.is_empty()) return;
  if (!change.removed) return routing_.on_address_added();
  const std::uint32_t index = change.address.interface_index;
  const kernel::Link* link = interfaces_.find(index);
  if (link == nullptr) return;
  routing_.on_address_removed(change.address.address.address, link->name, !interfaces_.has_ipv4(index));
}

}  // namespace baton::daemon
