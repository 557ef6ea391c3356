#include "setup/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "setup/command.h"
#include "setup/hook_setup.h"
#include "setup/virtual_interface_maker.h"

namespace baton::setup {

namespace {

notify::Hooks to_hooks(const config::Notifications& notifications, bool smtp_alert, const config::Account& fallback) {
  return {
      .master = to_command(notifications.master, fallback),
      .backup = to_command(notifications.backup, fallback),
      .fault = to_command(notifications.fault, fallback),
      .stop = to_command(notifications.stop, fallback),
      .deleted = to_command(notifications.deleted, fallback),
      .master_rx_lower_pri = to_command(notifications.master_hears_lower, fallback),
      .any = to_command(notifications.any, fallback),
      .notifies_deleted = notifications.report_deleted,
      .smtp_alert = smtp_alert,
  };
}

OnceScript to_once_script(const config::TimedCommand& script, const config::Account& fallback) {
  return {.command = to_command(script.command, fallback).value_or(notify::Command{}), .timeout = script.timeout};
}

vrrp::Authentication to_authentication(const config::Authentication& authentication) {
  vrrp::Authentication result;
  switch (authentication.type) {
    case config::AuthType::none: result.type = vrrp::AuthType::none; break;
    case config::AuthType::pass: result.type = vrrp::AuthType::pass; break;
    case config::AuthType::ah: result.type = vrrp::AuthType::ah; break;
  }
  const std::string& password = authentication.password.reveal();
  std::copy_n(password.begin(), std::min(password.size(), result.password.size()), result.password.begin());
  return result;
}

vrrp::HmacAuthentication to_hmac(const config::HmacAuthentication& hmac) {
  using Mode = vrrp::HmacAuthentication::Mode;
  vrrp::HmacAuthentication result;
  for (const config::HmacKey& key : hmac.keys) {
    const std::string& secret = key.secret.reveal();
    result.keys.push_back({.id = key.id, .secret = Bytes(secret.begin(), secret.end())});
  }
  result.active_key = hmac.active_key;
  switch (hmac.mode) {
    case config::HmacMode::enforce: result.mode = Mode::enforce; break;
    case config::HmacMode::permissive: result.mode = Mode::permissive; break;
    case config::HmacMode::receive_only: result.mode = Mode::receive_only; break;
  }
  result.anti_replay = hmac.anti_replay == config::AntiReplay::time ? vrrp::HmacAuthentication::AntiReplay::time
                                                                    : vrrp::HmacAuthentication::AntiReplay::monotonic;
  result.time_window_seconds = hmac.time_window_seconds;
  return result;
}

vrrp::CodecParameters to_codec(const config::Instance& instance) {
  vrrp::CodecParameters codec{
      .version = instance.version == 3 ? vrrp::Version::v3 : vrrp::Version::v2,
      .family = instance.family,
      .vrid = instance.vrid,
      .advert_interval = instance.advert_interval,
      .addresses = {},
      .multicast_group = instance.multicast_group,
      .peers = {},
      .check_unicast_source = instance.check_unicast_source,
      .ttl = instance.ttl.value_or(vrrp::spec::ttl),
      .authentication = to_authentication(instance.authentication),
      .hmac = std::nullopt,
      .checksum_v3 = instance.v3_checksum_as_v2 ? vrrp::ChecksumV3::message_only : vrrp::ChecksumV3::pseudo_header,
      .accept_other_address_lists = !instance.strict || instance.skip_check_adv_addr,
      .ignore_adverts = instance.owner_ignore_adverts && instance.priority == vrrp::spec::priority_owner,
  };
  for (const config::VirtualAddress& address : instance.addresses) codec.addresses.push_back(address.address.address);
  for (const config::UnicastPeer& peer : instance.peers) {
    codec.peers.push_back({.address = peer.address, .min_ttl = peer.min_ttl, .max_ttl = peer.max_ttl});
  }
  if (instance.hmac) codec.hmac = to_hmac(*instance.hmac);
  return codec;
}

vrrp::RouterParameters to_router(const config::Instance& instance, const config::Globals& globals) {
  const config::Announcements& announcements = instance.announcements;
  return {
      .version = instance.version == 3 ? vrrp::Version::v3 : vrrp::Version::v2,
      .base_priority = instance.priority,
      .advert_interval = instance.advert_interval,
      .wanted_state = instance.state == config::WantedState::master ? vrrp::State::master : vrrp::State::backup,
      .preempt = instance.preempt ? vrrp::Preempt::yes : vrrp::Preempt::no,
      .preempt_delay = instance.preempt_delay,
      .startup_delay = std::max(globals.startup_delay, Duration::zero()),
      .earliest_start = Instant(globals.delay_after_boot),
      .down_timer_adverts = instance.down_timer_adverts,
      .lower_priority_no_advert = instance.lower_prio_no_advert,
      .higher_priority_send_advert = instance.higher_prio_send_advert,
      .make_before_break = instance.make_before_break,
      .makes_room = instance.authentication.type == config::AuthType::ah,
      .rival_priority = instance.rival_priority,
      .needs_witness = !instance.witnesses.empty(),
      .announcements = {.repeat = announcements.master_repeat,
                        .delay = announcements.master_delay,
                        .refresh = announcements.master_refresh,
                        .refresh_repeat = announcements.master_refresh_repeat,
                        .lower_priority_repeat = announcements.lower_prio_repeat,
                        .lower_priority_delay = announcements.lower_prio_delay},
  };
}

// Trackers get their numbers here.
class TrackerNumbers {
 public:
  explicit TrackerNumbers(Setup& setup) : setup_(setup) {}

  vrrp::TrackerId number(vrrp::TrackerKind kind, const std::string& name) {
    const auto [place, is_new] = numbers_.try_emplace({kind, name}, static_cast<vrrp::TrackerId>(numbers_.size()));
    if (is_new) setup_.node.trackers.push_back({.name = name, .kind = kind});
    return place->second;
  }

  std::vector<vrrp::Tracking> trackings(const config::Trackers& trackers) {
    std::vector<vrrp::Tracking> result;
    const auto add = [&](vrrp::TrackerKind kind, const std::vector<config::Tracking>& tracked) {
      for (const config::Tracking& one : tracked) {
        result.push_back({.tracker = number(kind, one.name), .weight = one.weight, .reverse = one.reverse});
      }
    };
    add(vrrp::TrackerKind::script, trackers.scripts);
    add(vrrp::TrackerKind::interface, trackers.interfaces);
    add(vrrp::TrackerKind::file, trackers.files);
    add(vrrp::TrackerKind::process, trackers.processes);
    add(vrrp::TrackerKind::check, trackers.checks);
    add(vrrp::TrackerKind::bfd, trackers.sessions);
    return result;
  }

 private:
  Setup& setup_;
  std::map<std::pair<vrrp::TrackerKind, std::string>, vrrp::TrackerId> numbers_;
};

std::vector<config::VirtualAddress> addresses_of(const config::Instance& instance) {
  std::vector<config::VirtualAddress> addresses = instance.addresses;
  addresses.insert(addresses.end(), instance.excluded_addresses.begin(), instance.excluded_addresses.end());
  for (config::VirtualAddress& address : addresses) {
    if (address.device.empty()) address.device = instance.interface;
  }
  return addresses;
}

// The interfaces of an instance: its own, and those of what it holds. A route or rule with no_track counts for nothing.
std::vector<std::string> links_of(const config::Instance& instance,
                                  const std::vector<config::VirtualAddress>& addresses) {
  std::vector<std::string> links;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(links, name) == links.end()) links.push_back(name);
  };
  add(instance.interface);
  for (const config::VirtualAddress& address : addresses) {
    if (address.track) add(address.device);
  }
  for (const config::ConfiguredRoute& route : instance.routes) {
    if (route.track) std::ranges::for_each(devices_of(route.route), add);
  }
  for (const config::ConfiguredRule& rule : instance.rules) {
    if (rule.track) std::ranges::for_each(devices_of(rule.rule), add);
  }
  return links;
}

// RFC 4862 §5.4.2 and §5.1: at most a second before the first solicitation, and another one after it.
bool outlasts_duplicate_search(const vrrp::RouterParameters& router) {
  constexpr Duration longest_search = std::chrono::seconds(2);
  return router.base_priority != vrrp::spec::priority_owner &&
         router.advert_interval * router.down_timer_adverts >= longest_search;
}

void add_instance(const config::Instance& instance, const config::Globals& globals, TrackerNumbers& trackers,
                  VirtualInterfaceMaker& virtual_interfaces, Setup& setup) {
  // Whoever paces announcements counts on them.
  const bool has_distances = globals.garp_interval > Duration::zero() || globals.gna_interval > Duration::zero() ||
                             !setup.configuration.announcement_groups.empty();
  RouterSetup router{
      .name = instance.name,
      .interface = instance.interface,
      .advert_interface = instance.interface.empty() ? instance.vrf : instance.interface,
      .source_interface = instance.interface,
      .configured_source = instance.source,
      .tracks_source = instance.track_source,
      .lacks_peers = instance.fault_without_peers && instance.peers.empty(),
      .codec = to_codec(instance),
      .addresses = addresses_of(instance),
      .routes = instance.routes,
      .rules = instance.rules,
      .promote_secondaries = instance.promote_secondaries,
      .hooks = to_hooks(instance.notifications, instance.smtp_alert, globals.script_user),
      .notify_priority_changes = instance.notifications.priority_changes.value_or(false),
      .compares_address_lists = !instance.skip_check_adv_addr,
      .accept = instance.accept || instance.priority == vrrp::spec::priority_owner,
      .strict = instance.strict,
      .extra_announcements = instance.extra_announcements,
      .proves_takeover = instance.verified_takeover,
      .spares_bursts = instance.verified_takeover && !instance.announcements_given && !has_distances,
      .witnesses = instance.witnesses,
  };
  // The interfaces below are what must be up, not those that stand on them.
  std::vector<std::string> links = links_of(instance, router.addresses);
  virtual_interfaces.add(instance, router);
  vrrp::RouterParameters parameters = to_router(instance, globals);
  parameters.addresses = router.addresses.size();
  router.outlasts_duplicate_search = outlasts_duplicate_search(parameters);
  if (!router.addresses.empty()) parameters.last_address = router.addresses.back().address.address;
  setup.node.routers.push_back({.name = instance.name,
                                .router = parameters,
                                .tracking = trackers.trackings(instance.trackers),
                                .links = std::move(links),
                                .dont_track_primary = instance.dont_track_primary});
  if (const auto problem = vrrp::AdvertCodec::make(router.codec); !problem) {
    setup.problems.push_back(fmt::format("{}: {}", instance.name, explain(problem.error())));
  }
  setup.routers.push_back(std::move(router));
}

void add_group(const config::SyncGroup& group, const config::Globals& globals, TrackerNumbers& trackers, Setup& setup) {
  vrrp::GroupParameters parameters{.name = group.name,
                                   .members = {},
                                   .tracking = trackers.trackings(group.trackers),
                                   .tracking_weight = group.tracking_weight};
  for (const std::string& member : group.members) {
    const auto found = std::ranges::find(setup.routers, member, &RouterSetup::name);
    if (found != setup.routers.end()) {
      parameters.members.push_back(static_cast<vrrp::RouterId>(found - setup.routers.begin()));
    }
  }
  setup.node.groups.push_back(std::move(parameters));
  setup.groups.push_back(
      {.name = group.name, .hooks = to_hooks(group.notifications, group.smtp_alert, globals.script_user)});
}

process::TrackScript to_script(const config::Script& script, vrrp::TrackerId id, const config::Account& fallback) {
  return {
      .id = id,
      .name = script.name,
      .command = to_command(script.command, fallback),
      .interval = script.interval,
      .timeout = script.timeout,
      .rise = script.rise,
      .fall = script.fall,
      .initial = script.init_fail ? process::InitialVerdict::down : process::InitialVerdict::unknown,
      .wake_up = true,
  };
}

process::TrackedFile to_file(const config::TrackedFile& file, vrrp::TrackerId id) {
  return {.id = id,
          .name = file.name,
          .path = file.path,
          .is_made = file.init_value.has_value(),
          .made_with = file.init_value.value_or(0),
          .is_overwritten = file.init_overwrite};
}

process::TrackedProcess to_process(const config::TrackedProcess& process, vrrp::TrackerId id) {
  using Match = process::TrackedProcess::Match;
  process::TrackedProcess result{
      .id = id,
      .name = process.name,
      .process = process.process,
      .arguments = process.arguments,
      .match = Match::ignore,
      .full_command = process.full_command || process.match != config::ParameterMatch::ignore,
      .quorum = process.quorum,
      .fork_delay = process.fork_delay,
      .terminate_delay = process.terminate_delay,
  };
  if (process.quorum_max) result.quorum_max = *process.quorum_max;
  switch (process.match) {
    case config::ParameterMatch::ignore: break;
    case config::ParameterMatch::none: result.match = Match::none; break;
    case config::ParameterMatch::exact: result.match = Match::exact; break;
    case config::ParameterMatch::partial: result.match = Match::partial; break;
    case config::ParameterMatch::initial: result.match = Match::initial; break;
  }
  return result;
}

CheckSetup to_check(const config::TrackedCheck& tracked, vrrp::TrackerId id) {
  return {.id = id,
          .name = tracked.name,
          .interval = tracked.check.delay_loop,
          .timeout = tracked.check.target.timeout,
          .rise = tracked.check.rise,
          .fall = tracked.check.retry + 1,
          .init_fail = tracked.check.alpha};
}

void set_mail(const config::Globals& globals, Setup& setup) {
  const config::Mail& mail = globals.mail;
  setup.mail = {.router_id = globals.router_id, .from = mail.from, .to = mail.recipients};
  setup.mail_on_fault = mail.on_fault;
  if (!mail.relay || mail.recipients.empty()) return;
  notify::MailServer server{
      .host = mail.relay->host,
      .port = mail.relay->port,
      .helo_name = mail.helo_name,
      .connect_timeout = mail.connect_timeout,
      .security = notify::MailSecurity::plain,
      .user = mail.user,
      .password = mail.password.reveal(),
      .ca_file = {},
  };
  switch (mail.security) {
    case config::MailSecurity::none: break;
    case config::MailSecurity::starttls: server.security = notify::MailSecurity::starttls; break;
    case config::MailSecurity::tls: server.security = notify::MailSecurity::tls; break;
  }
  setup.mail_server = std::move(server);
}

std::uint32_t bits_of(const std::vector<std::string>& events) {
  using notify::EventState;
  if (events.empty()) return notify::all_states;
  std::uint32_t bits = 0;
  for (const EventState state : {EventState::master, EventState::backup, EventState::fault, EventState::stop,
                                 EventState::deleted, EventState::two_owners}) {
    if (std::ranges::find(events, notify::name(state)) != events.end()) bits |= notify::bit(state);
  }
  return bits;
}

notify::Webhook to_webhook(const config::Webhook& webhook) {
  notify::Webhook result{.name = webhook.name,
                         .url = webhook.url.reveal(),
                         .headers = {},
                         .timeout = webhook.timeout,
                         .retries = webhook.retries,
                         .states = bits_of(webhook.events),
                         .ca_file = webhook.ca_file,
                         .proxy = webhook.proxy.reveal()};
  for (const config::Secret& header : webhook.headers) result.headers.push_back(header.reveal());
  switch (webhook.format) {
    case config::WebhookFormat::json: result.format = notify::WebhookFormat::json; break;
    case config::WebhookFormat::chat: result.format = notify::WebhookFormat::chat; break;
    case config::WebhookFormat::teams: result.format = notify::WebhookFormat::teams; break;
  }
  return result;
}

void set_fifos(const config::Globals& globals, Setup& setup) {
  for (const auto* fifo : {&globals.notify_fifo, &globals.vrrp_notify_fifo, &globals.lvs_notify_fifo}) {
    if (!*fifo) continue;
    const config::Account& owner = (*fifo)->owner.user.empty() ? globals.script_user : (*fifo)->owner;
    setup.fifos.push_back({.hears_routers = fifo != &globals.lvs_notify_fifo,
                           .hears_services = fifo != &globals.vrrp_notify_fifo,
                           .path = (*fifo)->path,
                           .user = owner.user,
                           .group = owner.group,
                           .script = to_command((*fifo)->script, globals.script_user).value_or(notify::Command{})});
  }
}

// Interfaces of the static entries that an instance cannot do without are its own.
void set_static_entries(const config::Configuration& configuration, Setup& setup) {
  setup.static_addresses = configuration.static_addresses;
  setup.static_routes = configuration.static_routes;
  setup.static_rules = configuration.static_rules;
  for (const config::TrackGroup& group : configuration.track_groups) {
    std::vector<vrrp::RouterId>& members = setup.track_groups[group.name];
    for (const std::string& member : group.members) {
      const auto found = std::ranges::find(setup.routers, member, &RouterSetup::name);
      if (found != setup.routers.end()) members.push_back(static_cast<vrrp::RouterId>(found - setup.routers.begin()));
    }
  }
  const auto follow = [&](const std::string& group, const std::vector<std::string>& devices) {
    const auto members = setup.track_groups.find(group);
    if (members == setup.track_groups.end()) return;
    for (const vrrp::RouterId member : members->second) {
      std::vector<std::string>& links = setup.node.routers[member].links;
      for (const std::string& device : devices) {
        if (std::ranges::find(links, device) == links.end()) links.push_back(device);
      }
    }
  };
  for (const auto& entry : setup.static_addresses) follow(entry.track_group, {entry.device});
  for (const auto& entry : setup.static_routes) follow(entry.track_group, devices_of(entry.route));
  for (const auto& entry : setup.static_rules) follow(entry.track_group, devices_of(entry.rule));
}

}  // namespace

RoutingLeftovers routing_of(const Setup& setup) {
  RoutingLeftovers result;
  const auto add = [&](const auto& routes, const auto& rules) {
    for (const config::ConfiguredRoute& each : routes) result.routes.push_back(each.route);
    for (const config::ConfiguredRule& each : rules) result.rules.push_back(each.rule);
  };
  for (const RouterSetup& router : setup.routers) add(router.routes, router.rules);
  add(setup.static_routes, setup.static_rules);
  return result;
}

Setup make_setup(config::Configuration given) {
  Setup setup;
  setup.configuration = std::move(given);
  const config::Configuration& configuration = setup.configuration;
  const config::Globals& globals = configuration.globals;
  setup.router_id = globals.router_id;
  setup.script_rules = {.security = globals.script_security,
                        .fail_open = globals.script_failure_is_success,
                        .supplementary_groups = globals.supplementary_groups};
  setup.garp_interval = globals.garp_interval;
  setup.gna_interval = globals.gna_interval;
  setup.announcement_groups = configuration.announcement_groups;
  setup.link_delays = configuration.link_delays;
  setup.polled_links = configuration.polled_links;
  setup.scheduling = {.nice = globals.nice,
                      .real_time_priority = globals.real_time_priority,
                      .processors = globals.cpu_affinity,
                      .real_time_limit_us = globals.real_time_limit_us};
  setup.bfd_scheduling = {.nice = globals.bfd_process.nice,
                          .real_time_priority = globals.bfd_process.real_time_priority,
                          .processors = globals.bfd_process.cpu_affinity,
                          .real_time_limit_us = globals.bfd_process.real_time_limit_us};
  setup.startup_script = to_once_script(globals.startup_script, globals.script_user);
  setup.shutdown_script = to_once_script(globals.shutdown_script, globals.script_user);
  setup.stop_bound = globals.child_wait_time;
  setup.repeats_states = globals.repeat_states_on_reload;
  setup.firewall = globals.firewall;
  setup.log_unknown_vrids = globals.log_unknown_vrids;
  setup.dumps = globals.dumps;
  setup.reload_times = globals.reload_times;

  TrackerNumbers trackers(setup);
  for (const config::Script& script : configuration.scripts) {
    const vrrp::TrackerId id = trackers.number(vrrp::TrackerKind::script, script.name);
    setup.scripts.push_back(to_script(script, id, globals.script_user));
  }
  for (const config::TrackedFile& file : configuration.files) {
    setup.files.push_back(to_file(file, trackers.number(vrrp::TrackerKind::file, file.name)));
  }
  for (const config::TrackedProcess& process : configuration.processes) {
    setup.processes.push_back(to_process(process, trackers.number(vrrp::TrackerKind::process, process.name)));
  }
  for (const config::TrackedCheck& check : configuration.checks) {
    setup.checks.push_back(to_check(check, trackers.number(vrrp::TrackerKind::check, check.name)));
  }
  for (const config::BfdSession& session : configuration.bfd_sessions) {
    if (!session.for_vrrp) continue;
    setup.sessions.push_back({.id = trackers.number(vrrp::TrackerKind::bfd, session.name), .name = session.name});
  }
  setup.file_mask = globals.file_mask;
  VirtualInterfaceMaker virtual_interfaces(configuration, setup);
  for (const config::Instance& instance : configuration.instances) {
    add_instance(instance, globals, trackers, virtual_interfaces, setup);
  }
  for (const config::SyncGroup& group : configuration.groups) add_group(group, globals, trackers, setup);
  add_awaited_hooks(configuration, setup);
  set_mail(globals, setup);
  for (const config::Webhook& webhook : configuration.webhooks) setup.webhooks.push_back(to_webhook(webhook));
  set_fifos(globals, setup);
  set_static_entries(configuration, setup);
  return setup;
}

}  // namespace baton::setup
