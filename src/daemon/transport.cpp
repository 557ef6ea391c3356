#include "daemon/transport.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "vrrp/ipv4_header.h"

namespace baton::daemon {

IpAddress source_of(const vrrp::ReceivedPacket& packet) {
  if (!packet.source.is_unspecified()) return packet.source;
  ByteReader reader(packet.bytes);
  const IpAddress source = vrrp::Ipv4Header::read(reader).source;
  return reader.ok() ? source : IpAddress{};
}

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
    (router.codec.peers.empty() ? port.multicast : port.unicast)[router.codec.vrid] = id;
    port.vrids.insert(router.codec.vrid);
    if (setup.log_unknown_vrids) port.vrids.insert_all();
    if (router.codec.peers.empty() &&
        std::ranges::find(port.groups, router.codec.multicast_group) == port.groups.end()) {
      port.groups.push_back(router.codec.multicast_group);
    }
    port_of_router_.push_back(&port);  // stable: a map's nodes do not move
    hop_limit_of_router_.push_back(router.codec.ttl);
    for (const config::VirtualAddress& address : router.addresses) interfaces.insert(address.device);
  }
  interfaces_.assign(interfaces.begin(), interfaces.end());
}

void Transport::follow(const kernel::InterfaceTable& interfaces) {
  lacks_sockets_ = false;
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
    open_frames(link->index);
  }
  std::erase_if(frames_, [&](const auto& entry) { return !present.contains(entry.first); });
}

void Transport::open_frames(std::uint32_t interface_index) {
  auto socket = kernel::AnnouncementSocket::open(interface_index);
  if (!socket) {
    lacks_sockets_ = true;
    complain(socket.error());
    return;
  }
  Frames& frames = frames_[interface_index];
  frames.socket = std::move(*socket);
  hear_only(interface_index, frames);
  if (loop_ != nullptr) listen(interface_index, frames);
}

// No stranger can keep us busy with announcements: who has spoken enough waits for the next beat.
void Transport::listen(std::uint32_t interface_index, Frames& frames) {
  frames.left = limits::frames_heard_a_beat;
  frames.readable = loop_->watch(frames.socket->fd(), loop::Ready::readable, [this, interface_index, &frames] {
    const std::size_t heard =
        frames.socket->receive([&](ByteView frame) { handlers_.on_frame(interface_index, frame); });
    frames.left -= std::min(heard, frames.left);
    if (frames.left == 0) frames.readable.reset();
  });
}

std::uint64_t Transport::listen_again() {
  std::uint64_t lost = 0;
  for (auto& [index, frames] : frames_) {
    if (frames.left == limits::frames_heard_a_beat) continue;
    if (!frames.readable) {
      lost += frames.socket->take_losses();
      listen(index, frames);
    }
    frames.left = limits::frames_heard_a_beat;
  }
  return lost;
}

void Transport::forget(std::uint32_t interface_index) {
  frames_.erase(interface_index);
  for (auto& [key, port] : ports_) {
    if (key.interface.empty() || port.interface_index != interface_index) continue;
    port.readable.reset();
    port.socket.reset();
    port.failed = false;
    port.interface_index = 0;
  }
}

void Transport::complain(const SysError& error) {
  if (complaints_.allow(error.operation, loop::now())) handlers_.on_error(error);
}

void Transport::open(const Key& key, Port& port, std::uint32_t interface_index) {
  auto socket = kernel::AdvertSocket::open({.family = key.family,
                                            .protocol = key.protocol,
                                            .interface = key.interface,
                                            .interface_index = interface_index,
                                            .groups = port.groups,
                                            .vrids = port.vrids});
  if (!socket) {
    port.failed = true;
    lacks_sockets_ = true;
    complain(socket.error());
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
    const auto router = router_of(port, family, datagram);
    if (!router) {
      const auto vrid = vrrp::peek_vrid(family, datagram.bytes);
      if (vrid && handlers_.on_unknown_vrid) handlers_.on_unknown_vrid(port.socket->options().interface, *vrid);
      return;
    }
    handlers_.on_packet(*router, {.bytes = datagram.bytes,
                                  .source = datagram.source,
                                  .destination = datagram.destination,
                                  .hop_limit = datagram.hop_limit,
                                  .checksum_verified = family == Family::ipv6});
  });
}

std::optional<vrrp::RouterId> Transport::router_of(const Port& port, Family family,
                                                   const kernel::ReceivedDatagram& datagram) {
  constexpr std::size_t destination_at = 16;  // in the IPv4 header
  IpAddress destination = datagram.destination;
  if (family == Family::ipv4 && datagram.bytes.size() >= destination_at + 4) {
    destination = IpAddress::from_bytes(datagram.bytes.subspan(destination_at, 4));
  }
  const bool multicast = destination.is_multicast();
  const Port::Routers& meant = multicast ? port.multicast : port.unicast;
  const Port::Routers& other = multicast ? port.unicast : port.multicast;
  if (const auto vrid = vrrp::peek_vrid(family, datagram.bytes)) return meant[*vrid] ? meant[*vrid] : other[*vrid];
  // Too short to say whom it is for: it is counted at the first router of the port.
  for (const Port::Routers* routers : {&meant, &other}) {
    const auto first = std::ranges::find_if(*routers, [](const auto& router) { return router.has_value(); });
    if (first != routers->end()) return *first;
  }
  return std::nullopt;
}

void Transport::drain() {
  constexpr int batches_a_socket = 8;
  for (auto& [key, port] : ports_) {
    if (!port.socket) continue;
    for (int i = 0; i < batches_a_socket && !receive(port); ++i) {
    }
  }
}

void Transport::send(vrrp::RouterId router, const IpAddress& source, std::span<const vrrp::OutgoingPacket> packets,
                     std::uint32_t tag) {
  Port& port = *port_of_router_[router];
  if (!port.socket) return unsent_.push_back(tag);
  for (const vrrp::OutgoingPacket& packet : packets) {
    port.socket->send(packet.destination, packet.bytes, hop_limit_of_router_[router], source, tag);
  }
}

void Transport::flush(const kernel::AdvertSocket::Result& result) {
  for (auto& [key, port] : ports_) {
    if (port.socket) port.socket->flush(result);
  }
  for (const std::uint32_t tag : std::exchange(unsent_, {})) {
    if (result) result(tag, ENODEV);
  }
}

void Transport::withdraw(const std::function<bool(std::uint32_t tag)>& is_meant) {
  for (auto& [key, port] : ports_) {
    if (port.socket) port.socket->withdraw(is_meant);
  }
}

void Transport::hear_only(std::map<std::uint32_t, std::vector<IpAddress>> addresses) {
  heard_ = std::move(addresses);
  for (auto& [index, frames] : frames_) hear_only(index, frames);
}

void Transport::hear_only(std::uint32_t interface_index, Frames& frames) {
  const auto found = heard_.find(interface_index);
  const std::vector<IpAddress> addresses = found == heard_.end() ? std::vector<IpAddress>{} : found->second;
  if (frames.heard == addresses) return;
  if (const auto set = frames.socket->hear_only(addresses); !set) return complain(set.error());
  frames.heard = addresses;
}

std::size_t Transport::announce(std::uint32_t interface_index, std::span<const Bytes> frames) {
  const auto found = frames_.find(interface_index);
  if (found == frames_.end()) return frames.size();  // the interface is gone, and so is whoever listened there
  kernel::AnnouncementSocket& socket = *found->second.socket;
  const std::uint64_t failed = socket.counters().failed;
  const std::size_t done = socket.send(frames);
  const std::string operation = "announce addresses on interface " + std::to_string(interface_index);
  if (socket.counters().failed != failed) complain({operation, socket.counters().last_error});
  if (done < frames.size()) complain({operation, ENOBUFS});
  return done;
}

}  // namespace baton::daemon
