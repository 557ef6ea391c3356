#include "daemon/worker.h"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/result.h"
#include "daemon/address_carrier.h"
#include "daemon/address_plan.h"
#include "daemon/announcer.h"
#include "daemon/newsroom.h"
#include "daemon/options.h"
#include "daemon/status_service.h"
#include "daemon/transport.h"
#include "daemon/watch_policy.h"
#include "kernel/process_settings.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "vrrp/announcement.h"

namespace baton::daemon {

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

constexpr int default_real_time_priority = 40;
constexpr Duration reject_log_interval = std::chrono::seconds(60);

class Worker {
 public:
  explicit Worker(WorkerStart start);
  int run();

 private:
  // What happened.
  void on_packet(vrrp::RouterId router, const vrrp::ReceivedPacket& packet);
  void on_frame(std::uint32_t interface_index, ByteView frame);
  void on_kernel_changes();
  void on_guardian_message();
  void on_runner_message();
  void on_timer();
  void stop();

  // What follows from it.
  void carry_out(const vrrp::NodeActions& actions);
  void carry_out(vrrp::RouterId router, const vrrp::Action& action);
  void send_advert(vrrp::RouterId router, const vrrp::SendAdvert& action);
  void on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change);
  void settle();
  void write_wills();
  void look_at_interfaces();
  void look_at_everything();
  void announce_unannounced(Instant now);
  void beat();

  SysResult<void> open_netlink();
  SysResult<void> dump();
  void set_up_process();
  void begin();
  void watch_channels();
  vrrp::Node& node() { return node_; }

  const Setup& setup_;
  LastWill& will_;
  WorkerStart start_;
  log::Logger log_;
  // Room for every reason of every router, so that no stranger can make one push another out and be told again.
  log::RateLimit reject_limit_{reject_log_interval, setup_.routers.size() * (vrrp::RejectCounters{}.size() + 1)};

  loop::Loop loop_;
  vrrp::Node node_;
  std::vector<vrrp::AdvertCodec> codecs_;
  std::vector<RouterStatistics> statistics_;
  std::vector<std::optional<IpAddress>> sources_;
  std::set<vrrp::RouterId> touched_;      // since the last settle()
  std::vector<vrrp::RouterId> restored_;  // lost an address to somebody; told when it is back

  std::optional<kernel::NetlinkSocket> requests_;
  std::optional<kernel::NetlinkSocket> monitor_;
  kernel::InterfaceTable interfaces_;
  AddressPlan plan_;
  AddressCarrier carrier_;
  Transport transport_;
  Announcer announcer_;
  Newsroom newsroom_;
  StatusService status_;

  std::vector<vrrp::OutgoingPacket> packets_;
  loop::Timer protocol_timer_;
  loop::Timer beat_timer_;
  loop::Timer look_timer_;  // interfaces could not be read: again
  Instant rested_{};
  std::vector<loop::Subscription> subscriptions_;
  loop::Subscription runner_readable_;
  loop::Subscription api_readable_;
  bool begun_ = false;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

Worker::Worker(WorkerStart start)
    : setup_(start.setup),
      will_(start.will),
      start_(std::move(start)),
      log_(start_.log),
      node_(setup_.node),
      statistics_(setup_.routers.size()),
      sources_(setup_.routers.size()),
      plan_(setup_),
      carrier_(plan_, interfaces_, log_, loop_),
      transport_(setup_, &loop_,
                 {.on_packet = [this](auto router, const auto& packet) { on_packet(router, packet); },
                  .on_frame = [this](auto index, auto frame) { on_frame(index, frame); },
                  .on_error = [this](const SysError& error) { log_.error(to_string(error)); }}),
      announcer_(setup_, interfaces_, transport_),
      newsroom_(setup_, log_, start_.runner),
      status_({.node = node_,
               .setup = setup_,
               .statistics = statistics_,
               .is_present =
                   [this](const config::VirtualAddress& address) {
                     const auto there = to_interface_address(address, interfaces_);
                     return there && interfaces_.has({there->interface_index, there->address});
                   },
               .tracker_text = [this](vrrp::TrackerId tracker) { return newsroom_.tracker_text(tracker); }},
              start_.api) {
  for (const RouterSetup& router : setup_.routers) codecs_.emplace_back(router.codec);
}

int Worker::run() {
  set_up_process();  // first: others must not delay what follows
  for (const auto& step : {&Worker::open_netlink, &Worker::dump}) {
    if (const auto done = (this->*step)(); !done) {
      log_.error(to_string(done.error()));
      return exit_code::failure;
    }
    will_.beat(loop::now());
  }
  protocol_timer_ = loop_.timer([this] { on_timer(); });
  beat_timer_ = loop_.timer([this] { beat(); });
  beat_timer_.set(loop::now());
  look_timer_ = loop_.timer([this] { look_at_everything(); });
  subscriptions_.push_back(loop_.watch(monitor_->fd(), loop::Ready::readable, [this] { on_kernel_changes(); }));
  subscriptions_.push_back(loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian_message(); }));
  subscriptions_.push_back(loop_.on_signal(SIGTERM, [this] { stop(); }));
  subscriptions_.push_back(loop_.on_signal(SIGQUIT, [this] {
    write_wills();
    loop_.stop();
  }));
  watch_channels();
  loop_.before_sleep([this] { settle(); });
  begin();
  settle();
  will_.set_serving();
  // Last: with a large configuration it takes longer than a resumed router may be silent.
  if (const auto locked = kernel::lock_memory(); !locked) log_.warning(to_string(locked.error()));
  loop_.run();
  newsroom_.finish();
  return exit_status_;
}

SysResult<void> Worker::open_netlink() {
  auto monitor = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::monitor);
  if (!monitor) return std::unexpected(monitor.error());
  auto requests = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  if (!requests) return std::unexpected(requests.error());
  monitor_ = std::move(*monitor);
  requests_ = std::move(*requests);
  return {};
}

// A node without these is late more often and otherwise right; so their failure is a line in the log.
void Worker::set_up_process() {
  if (!start_.real_time) return;
  const int priority = setup_.real_time_priority.value_or(default_real_time_priority);
  if (const auto set = kernel::set_real_time(priority); !set) {
    log_.warning(to_string(set.error()) + "; adverts may be late when the machine is busy");
  }
}

void Worker::begin() {
  newsroom_.set_trackers(start_.is_first);
  plan_.follow(interfaces_, start_.leftovers);
  will_.beat(loop::now());  // with ten thousand addresses each step takes its time
  look_at_interfaces();
  will_.beat(loop::now());
  const Instant now = loop::now();
  vrrp::NodeActions actions;
  if (start_.resume) {
    std::vector<std::optional<vrrp::RouterMemory>> memory(setup_.routers.size());
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      const auto will = will_.read(id);
      if (!will) continue;
      memory[id] = will->router;
      codecs_[id].restore(will->codec);
    }
    node_.resume(memory, now, actions);
  } else {
    node_.start(now, actions);
  }
  begun_ = true;
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) touched_.insert(id);
  carry_out(actions);
  if (start_.resume) announce_unannounced(now);
}

// What the worker before may not have lived to announce, and what a new configuration adds to a MASTER.
void Worker::announce_unannounced(Instant now) {
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    const vrrp::VirtualRouter& router = node_.router(id);
    if (!router.holds_addresses()) continue;
    const vrrp::AnnouncementParameters& announcements = setup_.node.routers[id].router.announcements;
    const bool is_fresh = now - router.since() < announcements.delay + std::chrono::seconds(1);
    if (is_fresh || plan_.lacks_addresses(id, interfaces_)) announcer_.add(id, announcements.repeat);
  }
}

// Shows life. A real-time process that never sleeps is ended by the kernel (RLIMIT_RTTIME), so a worker that is flooded
// sleeps on purpose: for less than a late advert, and seldom enough to cost nothing.
void Worker::beat() {
  const Instant now = loop::now();
  beat_timer_.set(now + limits::worker_beat);
  constexpr Duration rest_interval = std::chrono::milliseconds(300);
  if (now - rested_ < rest_interval) return;
  rested_ = now;
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 20'000};
  (void)::nanosleep(&moment, nullptr);
}

void Worker::watch_channels() {
  if (start_.runner) {
    runner_readable_ = loop_.watch(start_.runner.fd(), loop::Ready::readable, [this] { on_runner_message(); });
  }
  if (start_.api) {
    api_readable_ = loop_.watch(start_.api.fd(), loop::Ready::readable, [this] {
      const auto handover = [this](vrrp::RouterId router) {
        vrrp::NodeActions actions;
        node_.handover(router, loop::now(), actions);
        carry_out(actions);
      };
      if (!status_.serve({.now = loop::now(), .wall = loop::wall_now()}, handover)) api_readable_.reset();
    });
  }
}

SysResult<void> Worker::dump() {
  auto links = TRY(requests_->dump_links());
  const auto addresses = TRY(requests_->dump_addresses());
  interfaces_.replace(std::move(links), addresses);
  return {};
}

// The kernel had more to say than its buffer holds.
void Worker::look_at_everything() {
  if (const auto dumped = dump(); !dumped) {
    constexpr Duration again = std::chrono::milliseconds(200);
    log_.error(to_string(dumped.error()));
    look_timer_.set(loop::now() + again);
    return;
  }
  plan_.follow(interfaces_);
  look_at_interfaces();
}

// Links, sources and sockets after a change of interfaces.
void Worker::look_at_interfaces() {
  const Instant now = loop::now();
  transport_.follow(interfaces_);
  for (const auto& [index, addresses] : plan_.addresses_by_interface()) transport_.hear_only(index, addresses);
  vrrp::NodeActions actions;
  std::set<std::string> names;
  for (const vrrp::NodeRouterParameters& router : setup_.node.routers)
    names.insert(router.links.begin(), router.links.end());
  for (const vrrp::TrackerParameters& tracker : setup_.node.trackers) {
    if (tracker.kind == vrrp::TrackerKind::interface) names.insert(tracker.name);
  }
  for (const std::string& name : names) {
    const kernel::Link* link = interfaces_.find(name);
    if (link == nullptr && !begun_) log_.warning(fmt::format("interface {} is not there; waiting for it", name));
    node_.on_link(name, link != nullptr && link->is_up, now, actions);
  }
  for (vrrp::TrackerId id = 0; id < setup_.node.trackers.size(); ++id) {
    const vrrp::TrackerParameters& tracker = setup_.node.trackers[id];
    if (tracker.kind != vrrp::TrackerKind::interface) continue;
    const kernel::Link* link = interfaces_.find(tracker.name);
    const bool up = link != nullptr && link->is_up;
    node_.on_tracker(id, {.status = up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down, .number = 0}, now,
                     actions);
  }
  SourceAddresses sources(interfaces_, plan_);
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    node_.on_configuration_fault(id, transport_.is_deaf(id), now, actions);
    const auto source = sources.of(setup_.routers[id]);
    if (begun_ && source == sources_[id]) continue;
    sources_[id] = source;
    if (source) codecs_[id].set_source(*source);
    node_.on_source(id, source, now, actions);
    touched_.insert(id);
  }
  carry_out(actions);
}

void Worker::on_packet(vrrp::RouterId router, const vrrp::ReceivedPacket& packet) {
  bool unlike_addresses = false;
  const auto advert = codecs_[router].decode(packet, loop::wall_now(), &unlike_addresses);
  RouterStatistics& statistics = statistics_[router];
  const Instant now = loop::now();
  if (!advert) {
    ++statistics.rejected[static_cast<std::size_t>(advert.error())];
    const std::string key = fmt::format("{}/{}", router, name(advert.error()));
    if (const auto silent = reject_limit_.allow(key, now)) {
      log_.warning(fmt::format("({}) advert rejected: {}{}", setup_.routers[router].name, explain(advert.error()),
                               *silent > 0 ? fmt::format(" ({} more like it)", *silent) : ""));
    }
    return;
  }
  ++statistics.adverts_accepted;
  statistics.last_accepted = now;
  if (advert->priority == vrrp::spec::priority_stop) ++statistics.priority_zero_accepted;
  if (unlike_addresses && setup_.routers[router].compares_address_lists) {
    ++statistics.unlike_addresses;
    if (reject_limit_.allow(fmt::format("{}/list", router), now)) {
      log_.warning(fmt::format("({}) {} adverts other virtual addresses than ours; make the lists equal",
                               setup_.routers[router].name, to_string(advert->source)));
    }
  }
  vrrp::NodeActions actions;
  touched_.insert(router);
  node_.on_advert(router, *advert, now, actions);
  carry_out(actions);
}

void Worker::on_frame(std::uint32_t interface_index, ByteView frame) {
  const auto heard = vrrp::decode_announcement(frame);
  if (!heard) return;
  const kernel::Link* link = interfaces_.find(interface_index);
  if (link == nullptr || heard->mac == link->mac) return;
  vrrp::NodeActions actions;
  for (const vrrp::RouterId router : plan_.routers_of(heard->address, interface_index)) {
    touched_.insert(router);
    node_.on_announcement(router, heard->address, loop::now(), actions);
  }
  carry_out(actions);
}

void Worker::on_kernel_changes() {
  auto changes = monitor_->read_changes();
  if (!changes) {
    log_.error(to_string(changes.error()));
    return;
  }
  if (!*changes) return look_at_everything();
  bool look = false;
  for (const kernel::Change& change : **changes) {
    if (const auto* link = std::get_if<kernel::LinkChange>(&change)) {
      const kernel::Link* before = interfaces_.find(link->link.index);
      const bool same = before != nullptr && !link->removed && *before == link->link;
      const bool moved = link->removed || before == nullptr || before->name != link->link.name;
      const bool came_up = !same && link->link.is_up && before != nullptr && !before->is_up;
      interfaces_.apply(change);
      if (link->removed) plan_.forget_interface(link->link.index);
      if (moved) plan_.follow(interfaces_);
      if (came_up) look = true;
      look = look || !same;
      continue;
    }
    const auto& address = std::get<kernel::AddressChange>(change);
    interfaces_.apply(change);
    for (const vrrp::RouterId router : plan_.on_change(address)) restored_.push_back(router);
    const kernel::AddressKey key{address.address.interface_index, address.address.address};
    look = look || !plan_.is_virtual(key);
  }
  if (look) look_at_interfaces();
}

void Worker::on_guardian_message() {
  auto message = start_.guardian.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) stop();  // the guardian is gone: leave in order
    return;
  }
  if (message->bytes.size() != 1 || !message->passed_fd) return;
  if (message->bytes[0] == new_runner_channel) {
    runner_readable_.reset();
    start_.runner = kernel::Channel(std::move(message->passed_fd));
    newsroom_.set_trackers();
  } else if (message->bytes[0] == new_api_channel) {
    api_readable_.reset();
    start_.api = kernel::Channel(std::move(message->passed_fd));
  }
  watch_channels();
}

void Worker::on_runner_message() {
  vrrp::NodeActions actions;
  const bool alive = newsroom_.receive([&](vrrp::TrackerId tracker, vrrp::TrackerValue value) {
    node_.on_tracker(tracker, value, loop::now(), actions);
  });
  if (!alive) runner_readable_.reset();  // the guardian starts another and sends its channel
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) touched_.insert(id);
  carry_out(actions);
}

void Worker::on_timer() {
  Instant now = loop::now();
  // When we are late, what others said meanwhile is heard first.
  constexpr Duration late = std::chrono::milliseconds(5);
  if (const auto due = node_.next_timeout(); due && now - *due > late) {
    transport_.drain();
    now = loop::now();
  }
  vrrp::NodeActions actions;
  node_.on_timeout(now, actions);
  carry_out(actions);
}

void Worker::stop() {
  if (stopping_) return;
  stopping_ = true;
  if (start_.keep_addresses) {
    loop_.stop();
    return;
  }
  vrrp::NodeActions actions;
  node_.stop(loop::now(), actions);
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) touched_.insert(id);
  carry_out(actions);
}

void Worker::carry_out(const vrrp::NodeActions& actions) {
  for (const vrrp::NodeAction& action : actions) {
    std::visit(Overloaded{
                   [&](const vrrp::RouterAction& it) {
                     touched_.insert(it.router);
                     carry_out(it.router, it.action);
                   },
                   [&](const vrrp::GroupAction& it) { newsroom_.on_group_changed(it.group, it.action); },
               },
               action);
  }
}

void Worker::carry_out(vrrp::RouterId router, const vrrp::Action& action) {
  std::visit(Overloaded{
                 [&](const vrrp::SendAdvert& it) { send_advert(router, it); },
                 [&](const vrrp::Announce& it) { announcer_.add(router, it.rounds); },
                 [&](const vrrp::StateChanged& it) { on_state_changed(router, it); },
                 [&](const vrrp::PriorityChanged& it) { newsroom_.on_priority_changed(router, it, node_); },
                 [&](const vrrp::LowerPriorityHeard& it) { newsroom_.on_lower_priority_heard(router, it, node_); },
                 [&](const vrrp::MasterLearned& it) { newsroom_.on_master_learned(router, it); },
                 [&](const vrrp::HandoverFailed&) { newsroom_.on_handover_failed(router); },
             },
             action);
}

void Worker::send_advert(vrrp::RouterId router, const vrrp::SendAdvert& action) {
  const Duration interval = action.interval.value_or(setup_.routers[router].codec.advert_interval);
  codecs_[router].encode_into(action.priority, interval, loop::wall_now(), packets_);
  transport_.send(router, sources_[router].value_or(IpAddress{}), packets_);
  ++statistics_[router].adverts_sent;
  if (action.priority == vrrp::spec::priority_stop) ++statistics_[router].priority_zero_sent;
}

void Worker::on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change) {
  if (change.to == vrrp::State::master) ++statistics_[router].became_master;
  if (change.from == vrrp::State::master) ++statistics_[router].released_master;
  newsroom_.on_state_changed(router, change, node_);
}

// Once a turn, in this order: adverts, addresses, announcements, news.
void Worker::settle() {
  const Instant now = loop::now();
  will_.beat(now);
  transport_.flush();
  for (const vrrp::RouterId router : touched_) plan_.set_holding(router, node_.router(router).holds_addresses());
  const AddressState addresses = carrier_.carry_some(*requests_, node_.next_timeout());
  const bool settled = addresses == AddressState::settled;
  if (settled && !carrier_.has_refused()) will_.set_clean();
  if (settled && !restored_.empty()) {
    vrrp::NodeActions actions;
    std::ranges::sort(restored_);
    const auto duplicates = std::ranges::unique(restored_);
    restored_.erase(duplicates.begin(), duplicates.end());
    for (const vrrp::RouterId router : std::exchange(restored_, {})) {
      if (!node_.router(router).holds_addresses()) continue;  // it went with the interface
      newsroom_.on_address_restored(router);
      node_.on_address_restored(router, now, actions);
    }
    carry_out(actions);
  }
  const bool more_to_announce = announcer_.send_some(node_, now, addresses);
  const bool more_to_tell = newsroom_.publish(addresses);
  if (!settled || more_to_announce || more_to_tell) loop_.once_more();
  write_wills();
  if (const auto next = node_.next_timeout()) {
    protocol_timer_.set(*next);
  } else {
    protocol_timer_.cancel();
  }
  if (const auto next = announcer_.next_at()) beat_timer_.set(std::min(*next, now + limits::worker_beat));
  if (stopping_ && settled && node_.is_stopped() && announcer_.is_idle()) {
    newsroom_.say_stopped();
    if (carrier_.has_refused()) exit_status_ = exit_code::failure;  // the last will tries once more
    loop_.stop();
  }
}

void Worker::write_wills() {
  for (const vrrp::RouterId router : touched_) {
    const kernel::Link* link = interfaces_.find(setup_.routers[router].interface);
    will_.write(router, {.router = node_.router(router).memory(),
                         .codec = codecs_[router].memory(),
                         .source = sources_[router].value_or(IpAddress{}),
                         .interface_index = link == nullptr ? 0 : link->index,
                         .holds_addresses = node_.router(router).holds_addresses()});
  }
  touched_.clear();
}

}  // namespace

int run_worker(WorkerStart start) {
  Worker worker(std::move(start));
  return worker.run();
}

}  // namespace baton::daemon
