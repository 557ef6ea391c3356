#include "lab/bad_wire.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "base/result.h"
#include "lab/clock.h"
#include "lab/net_namespace.h"

namespace baton::lab {
namespace {

constexpr int frames_a_read = 256;
constexpr std::size_t largest_frame = 70'000;  // segmented by nobody on the way (GSO)

std::string near_name(const std::string& port) {
  return "n" + port;
}
std::string far_name(const std::string& port) {
  return "f" + port;
}

// Frames come and go with the kernel's own header, which says what is left to do for checksum and segmentation.
SysResult<UniqueFd> open_end(const std::string& interface) {
  UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return last_error("open a packet socket");
  const int yes = 1;
  const int size = 8 << 20;
  if (setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0 ||
      setsockopt(fd.get(), SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) != 0) {
    return last_error("set up a packet socket");
  }
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));  // smaller works too
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0) return last_error("find interface " + interface);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return last_error("listen on " + interface);
  }
  return fd;
}

}  // namespace

SysResult<std::unique_ptr<BadWire>> BadWire::open(Reactor& reactor, RouteSocket& switches, const Place& place,
                                                  const WireQuality& quality) {
  std::unique_ptr<BadWire> wire(new BadWire(reactor, switches, place, quality));
  TRY_VOID(wire->build());
  return wire;
}

SysResult<void> BadWire::build() {
  const NetNamespace here = TRY(NetNamespace::own());
  const std::string near = near_name(place_.port);
  const std::string far = far_name(place_.port);
  // Two MAC addresses that nobody on the LAN has: these ends say nothing of their own.
  TRY_VOID(switches_.add_cable(near, {{0x06, 0, 0, 0xff, 0, 1}}, far, {{0x06, 0, 0, 0xff, 0, 2}}, here.fd()));
  TRY_VOID(switches_.plug_into(far, place_.bridge));
  TRY_VOID(switches_.set_up(near, true));
  TRY_VOID(switches_.set_up(far, true));
  TRY_VOID(switches_.unplug(place_.port));
  node_end_.socket = TRY(open_end(place_.port));
  switch_end_.socket = TRY(open_end(near));
  timer_ = UniqueFd(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer_) return last_error("make a timer");
  timer_watch_ = reactor_.watch(timer_.get(), EPOLLIN, [this](std::uint32_t) { deliver_due(); });
  watch(node_end_, switch_end_, quality_.from_node);
  watch(switch_end_, node_end_, quality_.to_node);
  return {};
}

BadWire::~BadWire() {
  for (const Reactor::Token token : {node_end_.watch, switch_end_.watch, timer_watch_}) reactor_.unwatch(token);
  (void)switches_.remove_link(near_name(place_.port));    // and the other end with it
  (void)switches_.plug_into(place_.port, place_.bridge);  // fails when the node is gone, and its port with it
}

void BadWire::watch(End& end, const End& other, const WireDirection& direction) {
  end.watch = reactor_.watch(end.socket.get(), EPOLLIN, [this, &end, &other, &direction](std::uint32_t) {
    std::array<std::uint8_t, largest_frame> frame;
    for (int i = 0; i < frames_a_read; ++i) {
      const ssize_t size = recv(end.socket.get(), frame.data(), frame.size(), 0);
      if (size <= 0) return;
      const ByteView view = ByteView(frame).first(static_cast<std::size_t>(size));
      pass(view, direction, other.socket.get());
      if (happens(direction.duplicate)) pass(view, direction, other.socket.get());
    }
  });
}

void BadWire::pass(ByteView frame, const WireDirection& direction, int to) {
  if (happens(direction.loss)) return;
  if (direction.most_delay == Duration::zero()) {
    (void)send(to, frame.data(), frame.size(), 0);  // a frame that does not fit is one more that is lost
    return;
  }
  if (late_.size() >= limits::late_frames) return;
  const double part = static_cast<double>(random_() - random_.min()) / (random_.max() - random_.min());
  late_.emplace(now() + std::chrono::round<Duration>(direction.most_delay * part),
                Late{.frame = Bytes(frame.begin(), frame.end()), .to = to});
  arm();
}

void BadWire::deliver_due() {
  std::uint64_t expirations = 0;
  (void)!read(timer_.get(), &expirations, sizeof(expirations));
  while (!late_.empty() && late_.begin()->first <= now()) {
    const Late& late = late_.begin()->second;
    (void)send(late.to, late.frame.data(), late.frame.size(), 0);
    late_.erase(late_.begin());
  }
  arm();
}

void BadWire::arm() {
  if (late_.empty()) return;
  const Duration due = late_.begin()->first.time_since_epoch();
  const itimerspec when{
      .it_interval = {},
      .it_value = {.tv_sec = due / std::chrono::seconds(1), .tv_nsec = (due % std::chrono::seconds(1)).count()}};
  (void)timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

bool BadWire::happens(double chance) {
  if (chance <= 0) return false;
  return static_cast<double>(random_() - random_.min()) < chance * (random_.max() - random_.min());
}

}  // namespace baton::lab
