// The sockets of all virtual routers: one raw socket for each interface, family and protocol, one packet socket for
// each interface, opened when the interface is there and closed when it goes. Finds the router a datagram is for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/setup.h"
#include "kernel/advert_socket.h"
#include "kernel/announcement_socket.h"
#include "kernel/interface_table.h"
#include "loop/loop.h"
#include "vrrp/advert_codec.h"

namespace baton::daemon {

class Transport {
 public:
  struct Handlers {
    std::function<void(vrrp::RouterId, const vrrp::ReceivedPacket&)> on_packet;
    std::function<void(std::uint32_t interface_index, ByteView frame)> on_frame;
    std::function<void(const SysError&)> on_error;
  };
  // `loop` may be null: the sockets then only send (the guardian's goodbye).
  Transport(const Setup& setup, loop::Loop* loop, Handlers handlers);

  // Opens what can be open now, closes what belongs to an interface that has gone or was made anew.
  void follow(const kernel::InterfaceTable& interfaces);

  // The interface is there, but its socket could not be opened: nothing is heard.
  bool is_deaf(vrrp::RouterId router) const { return port_of_router_[router]->failed; }

  // Queued until flush(). A router whose interface is missing sends nothing.
  // `source`: the address its codec has, which the kernel is not to choose anew (IPv6).
  void send(vrrp::RouterId router, const IpAddress& source, std::vector<vrrp::OutgoingPacket>& packets);
  void flush();
  // The addresses whose announcements matter on an interface; others do not wake us.
  void hear_only(std::uint32_t interface_index, std::span<const IpAddress> addresses);
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
    std::array<std::optional<vrrp::RouterId>, 256> router_by_vrid{};
    std::vector<IpAddress> groups;
    kernel::VridSet vrids;
    bool failed = false;  // told once, tried again when something changes
  };
  struct Frames {
    std::optional<kernel::AnnouncementSocket> socket;
    loop::Subscription readable;
  };

  static Key key_of(const RouterSetup& router);
  void open(const Key& key, Port& port, std::uint32_t interface_index);
  bool receive(Port& port);

  loop::Loop* loop_;
  Handlers handlers_;
  std::map<Key, Port> ports_;
  std::vector<Port*> port_of_router_;
  std::map<std::uint32_t, Frames> frames_;
  std::vector<std::string> interfaces_;  // that carry addresses or adverts
  std::vector<std::uint8_t> hop_limit_of_router_;
};

}  // namespace baton::daemon
