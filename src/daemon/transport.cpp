#include "daemon/transport.h"

#include <algorithm>
#include <set>
#include <utility>

namespace baton::daemon {

Transport::Key Transport::key_of(const RouterSetup& router) {
  const bool ah = router.codec.authentication.type == vrrp::AuthType::ah;
  return {.interface = router.advert_interface,
          .family = router.codec.family,
          .protocol = ah ? vrrp::spec::protocol_ah : vrrp::spec::protocol_vrrp};
}

Transport::Transport(const Setup& setup, loop::Loop* loop, Handlers handlers)
    : loop_(loop), handlers_(std::move(handlers)) {
  std::set<std::string> interfaces;
  for (vrrp::RouterId id = 0; id < setup.routers.size(); ++id) {
    const RouterSetup& router = setup.routers[id];
    Port& port = ports_[key_of(router)];
    port.router_by_vrid[router.codec.vrid] = id;
    port.vrids.insert(router.codec.vrid);
    if (router.codec.peers.empty() &&
        std::ranges::find(port.groups, router.codec.multicast_group) == port.groups.end()) {
      port.groups.push_back(router.codec.multicast_group);
    }
    port_of_router_.push_back(&port);  // stable: a map's nodes do not move
    hop_limit_of_router_.push_back(router.codec.ttl);
    for (const std::string& name : {router.interface, router.advert_interface}) {
      if (!name.empty()) interfaces.insert(name);
    }
    for (const config::VirtualAddress& address : router.addresses) interfaces.insert(address.device);
  }
  interfaces_.assign(interfaces.begin(), interfaces.end());
}

void Transport::follow(const kernel::InterfaceTable& interfaces) {
  for (auto& [key, port] : ports_) {
    const kernel::Link* link = key.interface.empty() ? nullptr : interfaces.find(key.interface);
    const std::uint32_t index = link == nullptr ? 0 : link->index;
    if (index != port.interface_index) {
      port.readable.reset();
      port.socket.reset();
      port.failed = false;
      port.interface_index = index;
    }
    if (!port.socket && (index != 0 || key.interface.empty())) open(key, port, index);
  }
  std::set<std::uint32_t> present;
  for (const std::string& name : interfaces_) {
    const kernel::Link* link = interfaces.find(name);
    if (link == nullptr || !link->is_ethernet) continue;
    present.insert(link->index);
    if (frames_.contains(link->index)) continue;
    auto socket = kernel::AnnouncementSocket::open(link->index);
    if (!socket) {
      handlers_.on_error(socket.error());
      continue;
    }
    Frames& frames = frames_[link->index];
    frames.socket = std::move(*socket);
    if (loop_ == nullptr) continue;
    frames.readable = loop_->watch(frames.socket->fd(), loop::Ready::readable, [this, index = link->index, &frames] {
      (void)frames.socket->receive([&](ByteView frame) { handlers_.on_frame(index, frame); });
    });
  }
  std::erase_if(frames_, [&](const auto& entry) { return !present.contains(entry.first); });
}

void Transport::open(const Key& key, Port& port, std::uint32_t interface_index) {
  auto socket = kernel::AdvertSocket::open({.family = key.family,
                                            .protocol = key.protocol,
                                            .interface = key.interface,
                                            .interface_index = interface_index,
                                            .groups = port.groups,
                                            .vrids = port.vrids});
  if (!socket) {
    if (!std::exchange(port.failed, true)) handlers_.on_error(socket.error());
    return;
  }
  port.failed = false;
  port.socket = std::move(*socket);
  if (loop_ == nullptr) return;
  port.readable = loop_->watch(port.socket->fd(), loop::Ready::readable, [this, &port] { (void)receive(port); });
}

bool Transport::receive(Port& port) {
  const Family family = port.socket->options().family;
  return port.socket->receive([&](const kernel::ReceivedDatagram& datagram) {
    const auto vrid = vrrp::peek_vrid(family, datagram.bytes);
    // Too short to say whom it is for: it is counted at the first router of the port.
    const auto first = std::ranges::find_if(port.router_by_vrid, [](const auto& router) { return router.has_value(); });
    const auto router = vrid ? port.router_by_vrid[*vrid] : *first;
    if (!router) return;
    handlers_.on_packet(*router, {.bytes = datagram.bytes,
                                  .source = datagram.source,
                                  .destination = datagram.destination,
                                  .hop_limit = datagram.hop_limit,
                                  .checksum_verified = family == Family::ipv6});
  });
}

void Transport::drain() {
  constexpr int batches_a_socket = 8;
  for (auto& [key, port] : ports_) {
    if (!port.socket) continue;
    for (int i = 0; i < batches_a_socket && !receive(port); ++i) {
    }
  }
}

void Transport::send(vrrp::RouterId router, const IpAddress& source, std::vector<vrrp::OutgoingPacket>& packets) {
  Port& port = *port_of_router_[router];
  if (!port.socket) return;
  for (vrrp::OutgoingPacket& packet : packets) {
    port.socket->send(packet.destination, std::move(packet.bytes), hop_limit_of_router_[router], source);
  }
}

void Transport::flush() {
  for (auto& [key, port] : ports_) {
    if (port.socket) port.socket->flush();
  }
}

void Transport::hear_only(std::uint32_t interface_index, std::span<const IpAddress> addresses) {
  const auto found = frames_.find(interface_index);
  if (found == frames_.end()) return;
  const auto set = found->second.socket->hear_only(addresses);
  if (!set) handlers_.on_error(set.error());
}

std::size_t Transport::announce(std::uint32_t interface_index, std::span<const Bytes> frames) {
  const auto found = frames_.find(interface_index);
  if (found == frames_.end()) return frames.size();  // the interface is gone, and so is whoever listened there
  return found->second.socket->send(frames);
}

}  // namespace baton::daemon
