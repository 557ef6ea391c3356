// The sockets of all virtual routers: one raw socket for each interface, family and protocol, one packet socket for
// each interface, opened when the interface is there and closed when it goes. Finds the router a datagram is for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/setup.h"
#include "kernel/advert_socket.h"
#include "kernel/announcement_socket.h"
#include "kernel/interface_table.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "vrrp/advert_codec.h"

namespace baton::daemon {

namespace limits {
// Announcements heard on an interface between two beats of the worker (worker_beat); more wait, or find no room.
inline constexpr std::size_t frames_heard_a_beat = 1024;
}  // namespace limits

// Who says it has sent this; unspecified where the packet is too short to say.
IpAddress source_of(const vrrp::ReceivedPacket& packet);

class Transport {
 public:
  struct Handlers {
    std::function<void(vrrp::RouterId, const vrrp::ReceivedPacket&)> on_packet;
    std::function<void(std::uint32_t interface_index, ByteView frame)> on_frame;
    std::function<void(const SysError&)> on_error;
    // With log_unknown_vrids: an advert that is for no router of ours.
    std::function<void(const std::string& interface, std::uint8_t vrid)> on_unknown_vrid{};
  };
  // `loop` may be null: the sockets then only send (the guardian's goodbye).
  Transport(const Setup& setup, loop::Loop* loop, Handlers handlers);

  // Opens what can be open now, closes what belongs to an interface that has gone or was made anew.
  void follow(const kernel::InterfaceTable& interfaces);
  // The interface is gone, and its sockets with it, whatever takes its index next.
  void forget(std::uint32_t interface_index);
  // A socket whose interface is there could not be opened: follow() again soon.
  bool lacks_sockets() const { return lacks_sockets_; }

  // The interface is there, but its socket could not be opened: nothing is heard.
  bool is_deaf(vrrp::RouterId router) const { return port_of_router_[router]->failed; }

  // Queued until flush(). A router whose interface is missing sends nothing.
  // `source`: the address its codec has, which the kernel is not to choose anew (IPv6).
  void send(vrrp::RouterId router, const IpAddress& source, std::span<const vrrp::OutgoingPacket> packets,
            std::uint32_t tag = 0);
  // Of the interface its adverts leave through; 0: it is not there, or routing decides.
  std::uint32_t interface_index(vrrp::RouterId router) const { return port_of_router_[router]->interface_index; }
  // Says of each packet, by its tag, what became of it: 0 it has left, else errno.
  void flush(const kernel::AdvertSocket::Result& result = {});
  void withdraw(const std::function<bool(std::uint32_t tag)>& is_meant);
  // The addresses whose announcements matter, by interface; others do not wake us.
  void hear_only(std::map<std::uint32_t, std::vector<IpAddress>> addresses);
  // At every beat of the worker: who announced too much is listened to again. How many frames were lost meanwhile.
  std::uint64_t listen_again();
  // How many of the frames the interface took.
  std::size_t announce(std::uint32_t interface_index, std::span<const Bytes> frames);
  // Everything that waits in the sockets, at most a bounded number of batches: called after a long sleep, so that what
  // others said meanwhile is heard before a timer decides.
  void drain();

 private:
  struct Key {
    std::string interface;
    Family family = Family::ipv4;
    std::uint8_t protocol = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Port {
    std::uint32_t interface_index = 0;
    std::optional<kernel::AdvertSocket> socket;
    loop::Subscription readable;
    // A VRID may be used twice: by unicast peers and by a multicast group.
    using Routers = std::array<std::optional<vrrp::RouterId>, 256>;
    Routers unicast{};
    Routers multicast{};
    std::vector<IpAddress> groups;
    kernel::VridSet vrids;
    bool failed = false;
  };
  struct Frames {
    std::optional<kernel::AnnouncementSocket> socket;
    loop::Subscription readable;
    std::optional<std::vector<IpAddress>> heard;
    std::size_t left = limits::frames_heard_a_beat;
  };

  static Key key_of(const RouterSetup& router);
  static std::optional<vrrp::RouterId> router_of(const Port& port, Family family,
                                                 const kernel::ReceivedDatagram& datagram);
  void open(const Key& key, Port& port, std::uint32_t interface_index);
  void open_frames(std::uint32_t interface_index);
  void hear_only(std::uint32_t interface_index, Frames& frames);
  void listen(std::uint32_t interface_index, Frames& frames);
  bool receive(Port& port);
  void complain(const SysError& error);

  loop::Loop* loop_;
  Handlers handlers_;
  std::map<Key, Port> ports_;
  std::vector<Port*> port_of_router_;
  std::map<std::uint32_t, Frames> frames_;
  std::map<std::uint32_t, std::vector<IpAddress>> heard_;  // by interface
  std::vector<std::string> interfaces_;                    // that carry addresses
  std::vector<std::uint32_t> unsent_;                      // tags of what had no socket
  bool lacks_sockets_ = false;
  log::RateLimit complaints_{std::chrono::seconds(60)};
  std::vector<std::uint8_t> hop_limit_of_router_;
};

}  // namespace baton::daemon
