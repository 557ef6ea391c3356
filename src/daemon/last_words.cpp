#include "daemon/last_words.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>

#include "daemon/address_plan.h"
#include "daemon/forgetful_memory.h"
#include "daemon/routing_carrier.h"
#include "daemon/routing_plan.h"
#include "daemon/transport.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/virtual_interfaces.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace {

constexpr unsigned goodbyes = 2;
constexpr std::size_t requests_a_batch = 1000;

struct Kernel {
  std::optional<kernel::NetlinkSocket> socket;
  kernel::InterfaceTable interfaces;
};

// While others change the lists a dump has gaps (EBUSY). A whole one is worth a moment; after that one with gaps is
// better than none.
template <typename Dump>
auto dump_in_time(kernel::NetlinkSocket& socket, Dump dump) {
  constexpr Duration patience = std::chrono::milliseconds(500);
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  const Instant give_up = loop::now() + patience;
  for (;;) {
    auto list = (socket.*dump)();
    if (list || list.error().code != EBUSY) return list;
    if (loop::now() >= give_up) socket.accept_gaps();
    (void)::nanosleep(&pause, nullptr);
  }
}

bool holds_anything(const std::optional<RouterWill>& will) {
  return will && will->holds_addresses;
}

std::optional<Kernel> look(log::Logger& log) {
  auto socket = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  if (!socket) {
    log.error(to_string(socket.error()));
    return std::nullopt;
  }
  auto links = dump_in_time(*socket, &kernel::NetlinkSocket::dump_links);
  auto addresses = dump_in_time(*socket, &kernel::NetlinkSocket::dump_addresses);
  if (!links || !addresses) {
    log.error(to_string(links ? addresses.error() : links.error()));
    return std::nullopt;
  }
  Kernel kernel{.socket = std::move(*socket)};
  kernel.interfaces.replace(std::move(*links), *addresses);
  return kernel;
}

// Not a part of the caller, who then forgets the secrets of the codecs with the rest of this function's stack.
[[gnu::noinline]] void send_goodbyes(const Setup& setup, std::span<const std::optional<RouterWill>> wills,
                                     const kernel::InterfaceTable& interfaces, log::Logger& log) {
  if (std::ranges::none_of(wills, holds_anything)) return;
  Transport transport(setup, nullptr, {.on_error = [&](const SysError& error) { log.error(to_string(error)); }});
  transport.follow(interfaces);
  for (vrrp::RouterId id = 0; id < wills.size(); ++id) {
    if (!wills[id] || !wills[id]->holds_addresses) continue;
    const vrrp::CodecParameters& parameters = setup.routers[id].codec;
    vrrp::AdvertCodec codec(parameters);
    codec.restore(wills[id]->codec);
    codec.set_source(wills[id]->source);
    for (unsigned i = 0; i < goodbyes; ++i) {
      auto packets = codec.encode(vrrp::spec::priority_stop, parameters.advert_interval, loop::wall_now());
      transport.send(id, wills[id]->source, packets);
    }
    log.notice(fmt::format("({}) sent priority 0 in place of the dead worker", setup.routers[id].name));
  }
  int code_of_last = 0;
  transport.flush([&](std::uint32_t, int code) {
    if (code != 0) code_of_last = code;
  });
  if (code_of_last != 0) log.error(to_string(SysError{"send priority 0", code_of_last}));
}

void remove_addresses(const Setup& setup, std::span<const config::VirtualAddress> leftovers, StaticEntries statics,
                      Kernel& kernel, log::Logger& log) {
  AddressPlan plan(setup);
  plan.hold_static(statics == StaticEntries::stay);
  plan.follow(kernel.interfaces, leftovers);
  std::size_t removed = 0;
  while (!plan.is_settled()) {
    const auto requests = plan.next_requests(kernel.interfaces, requests_a_batch);
    if (requests.empty()) continue;      // so many were looked at and none was there
    (void)::sd_notify(0, "WATCHDOG=1");  // with very many this is the guardian's only work for seconds
    const auto refused = kernel.socket->carry_out(requests);
    if (!refused) {
      log.error(to_string(refused.error()));
      return;
    }
    removed += requests.size() - refused->size();
    for (const kernel::RefusedRequest& one : *refused) {
      const std::string address = to_string(requests[one.index].address.address);
      log.error(to_string(SysError{"remove address " + address, one.code}));
    }
  }
  if (removed > 0) log.notice(fmt::format("removed {} virtual address{}", removed, removed == 1 ? "" : "es"));
}

void remove_routing(const Setup& setup, const RoutingLeftovers& leftovers, StaticEntries statics, Kernel& kernel,
                    log::Logger& log) {
  RoutingPlan plan(setup);
  plan.hold_static(statics == StaticEntries::stay);
  plan.begin(leftovers);
  RoutingCarrier carrier(plan, kernel.interfaces, log);
  while (plan.has_removals()) {
    (void)::sd_notify(0, "WATCHDOG=1");
    (void)carrier.remove_some(*kernel.socket);
    if (carrier.retry_at()) return;  // said already; nobody is left to try again
  }
  if (carrier.removed() > 0) log.notice(fmt::format("removed {} routes and rules", carrier.removed()));
}

void remove_everything(const Setup& setup, const Leftovers& leftovers, StaticEntries statics, Kernel& kernel,
                       log::Logger& log) {
  remove_routing(setup, leftovers.routing(), statics, kernel, log);
  const auto addresses = leftovers.all();
  remove_addresses(setup, addresses, statics, kernel, log);
}

void remove_interfaces(const Setup& setup, std::span<const VirtualInterfaceSetup> leftovers,
                       const std::string& settings_record, Kernel& kernel, log::Logger& log) {
  VirtualInterfaces interfaces(setup, settings_record, [&](const std::string& text) { log.error(text); });
  interfaces.take_leftovers(leftovers, *kernel.socket, kernel.interfaces);
  interfaces.remove(*kernel.socket, kernel.interfaces);
}

}  // namespace

void carry_out_last_will(const Setup& setup, std::span<const std::optional<RouterWill>> wills,
                         const Leftovers& leftovers, StaticEntries statics, const std::string& settings_record,
                         log::Logger& log) {
  auto kernel = look(log);
  if (!kernel) return;
  send_goodbyes(setup, wills, kernel->interfaces, log);
  forget_stack();
  remove_everything(setup, leftovers, statics, *kernel, log);
  remove_interfaces(setup, leftovers.interfaces(), settings_record, *kernel, log);
}

void say_goodbye(const Setup& setup, std::span<const std::optional<RouterWill>> wills, log::Logger& log) {
  if (std::ranges::none_of(wills, holds_anything)) return;
  const auto kernel = look(log);
  if (!kernel) return;
  send_goodbyes(setup, wills, kernel->interfaces, log);
  forget_stack();
}

void clean_up(Setup setup, std::span<const config::VirtualAddress> leftovers, const std::string& settings_record,
              log::Logger& log) {
  auto kernel = look(log);
  if (!kernel) return;
  avoid_taken_names(setup, kernel->interfaces);
  AddressPlan plan(setup);
  plan.follow(kernel->interfaces);
  SourceAddresses sources(kernel->interfaces, plan);
  std::vector<std::optional<RouterWill>> wills(setup.routers.size());
  for (vrrp::RouterId id = 0; id < wills.size(); ++id) {
    const RouterSetup& router = setup.routers[id];
    if (router.codec.authentication.type == vrrp::AuthType::ah) continue;
    const auto source = sources.of(router);
    const bool was_master = std::ranges::any_of(router.addresses, [&](const config::VirtualAddress& address) {
      const auto there = to_interface_address(address, kernel->interfaces);
      return there && kernel->interfaces.has({there->interface_index, there->address});
    });
    if (was_master && source) wills[id] = RouterWill{.source = *source, .holds_addresses = true};
  }
  send_goodbyes(setup, wills, kernel->interfaces, log);
  Leftovers left;
  left.add(leftovers);
  remove_everything(setup, left, StaticEntries::go, *kernel, log);
  remove_interfaces(setup, left.interfaces(), settings_record, *kernel, log);
}

}  // namespace baton::daemon
