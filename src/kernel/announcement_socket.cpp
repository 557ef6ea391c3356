#include "kernel/announcement_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/result.h"
#include "kernel/packet_filter.h"

namespace baton::kernel {

namespace {

constexpr std::size_t receive_batch = 32;
constexpr std::size_t send_batch = 64;
constexpr std::size_t frame_size = 128;  // of ARP and neighbour advertisements; longer ones are cut
constexpr int send_buffer = 4 * 1024 * 1024;
constexpr int receive_buffer = 1024 * 1024;  // more than a thousand: answers to what a takeover asks

}  // namespace

SysResult<AnnouncementSocket> AnnouncementSocket::open(std::uint32_t interface_index) {
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // protocol 0: nothing until bound
  if (!fd) return last_error("open a packet socket");
  TRY_VOID(attach_filter(fd.get(), announcement_filter(std::nullopt)));
  constexpr int on = 1;
  (void)::setsockopt(fd.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
                     sizeof(on));  // our own are told apart by MAC too
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer));
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface_index);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error(fmt::format("bind a packet socket to interface {}", interface_index));
  }
  return AnnouncementSocket(std::move(fd));
}

SysResult<void> AnnouncementSocket::hear_only(std::span<const IpAddress> addresses) {
  return attach_filter(fd_.get(), announcement_filter(addresses));
}

std::size_t AnnouncementSocket::receive(const std::function<void(ByteView frame)>& take) {
  std::array<std::array<std::uint8_t, frame_size>, receive_batch> frames;
  std::array<mmsghdr, receive_batch> headers{};
  std::array<iovec, receive_batch> vectors{};
  for (std::size_t i = 0; i < receive_batch; ++i) {
    vectors[i] = {.iov_base = frames[i].data(), .iov_len = frame_size};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = ::recvmmsg(fd_.get(), headers.data(), receive_batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) take(ByteView(frames[i]).first(headers[i].msg_len));
  return static_cast<std::size_t>(count);
}

std::uint64_t AnnouncementSocket::take_losses() {
  tpacket_stats statistics{};  // reading it sets it to zero (packet(7))
  socklen_t size = sizeof(statistics);
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) < 0) return 0;
  return statistics.tp_drops;
}

std::size_t AnnouncementSocket::send(std::span<const Bytes> frames) {
  std::size_t done = 0;
  while (done < frames.size()) {
    const std::size_t count = std::min(send_batch, frames.size() - done);
    std::array<mmsghdr, send_batch> headers{};
    std::array<iovec, send_batch> vectors{};
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes& frame = frames[done + i];
      vectors[i] = {.iov_base = const_cast<std::uint8_t*>(frame.data()), .iov_len = frame.size()};
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(fd_.get(), headers.data(), static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      counters_.sent += static_cast<std::uint64_t>(sent);
      done += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EAGAIN || errno == ENOBUFS) break;
    counters_.last_error = errno;
    ++counters_.failed;
    ++done;
  }
  return done;
}

}  // namespace baton::kernel
