#include "lab/stranger.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "base/assert.h"
#include "base/checksum.h"
#include "lab/clock.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t ip_header_size = 20;
constexpr std::size_t total_length_at = 2;
constexpr std::size_t checksum_at = 10;
constexpr std::array<std::uint8_t, 6> group_mac{0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};  // of 224.0.0.18
constexpr std::size_t frames_a_call = 64;
constexpr Duration longest_flood = 5min;
constexpr Duration tick = 1ms;

volatile std::sig_atomic_t told_to_stop = 0;

// A call of the kernel's a batch, a batch or more a tick; each goes on with the frame where the one before ended.
[[noreturn]] void flood(int socket, const std::vector<Bytes>& frames, std::uint64_t frames_a_second, int sent_pipe) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)signal(SIGTERM, [](int) { told_to_stop = 1; });
  std::vector<iovec> vectors(frames.size() + frames_a_call);
  std::vector<mmsghdr> messages(vectors.size());
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const Bytes& frame = frames[i % frames.size()];
    vectors[i] = {.iov_base = const_cast<std::uint8_t*>(frame.data()), .iov_len = frame.size()};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t sent = 0;
  const Instant from = now();
  while (told_to_stop == 0 && now() - from < longest_flood) {
    const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(now() - from).count() *
                                                static_cast<double>(frames_a_second));
    if (due <= sent) {
      const timespec pause{.tv_sec = 0, .tv_nsec = tick.count()};
      (void)nanosleep(&pause, nullptr);
      continue;
    }
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(due - sent, frames_a_call));
    const int taken = sendmmsg(socket, messages.data() + sent % frames.size(), count, 0);
    if (taken > 0) sent += static_cast<std::uint64_t>(taken);
  }
  (void)!write(sent_pipe, &sent, sizeof(sent));
  _exit(0);
}

}  // namespace

Bytes multicast_frame(ByteView ipv4_packet, const MacAddress& from) {
  Bytes frame;
  ByteWriter writer(frame);
  writer.bytes(group_mac);
  writer.bytes(from.bytes);
  writer.u16(ETH_P_IP);
  const std::size_t ip_at = frame.size();
  writer.bytes(ipv4_packet);
  if (ipv4_packet.size() < ip_header_size) return frame;
  writer.put_u16(ip_at + total_length_at, static_cast<std::uint16_t>(ipv4_packet.size()));
  writer.put_u16(ip_at + checksum_at, 0);
  InternetChecksum checksum;
  checksum.add(ByteView(frame).subspan(ip_at, ip_header_size));
  writer.put_u16(ip_at + checksum_at, checksum.value());
  return frame;
}

SysResult<Stranger> Stranger::open(const NetNamespace& network, const std::string& interface) {
  return network.inside([&]() -> SysResult<Stranger> {
    UniqueFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!fd) return last_error("open a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0) return last_error("find interface " + interface);
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      return last_error("send on " + interface);
    }
    const int yes = 1;
    (void)setsockopt(fd.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));  // a little faster
    return Stranger(std::move(fd));
  });
}

Stranger::Stranger(Stranger&& other) noexcept
    : socket_(std::move(other.socket_)), flooder_(std::exchange(other.flooder_, 0)), sent_(std::move(other.sent_)) {}

Stranger::~Stranger() {
  (void)stop_flood();
}

SysResult<void> Stranger::send(ByteView frame) {
  if (::send(socket_.get(), frame.data(), frame.size(), 0) < 0) return last_error("send a frame");
  return {};
}

SysResult<void> Stranger::start_flood(const std::vector<Bytes>& frames, std::uint64_t frames_a_second) {
  ASSERT(!frames.empty() && flooder_ == 0);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return last_error("make a pipe");
  sent_ = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  flooder_ = fork();
  if (flooder_ < 0) return last_error("start a flood");
  if (flooder_ == 0) flood(socket_.get(), frames, frames_a_second, write_end.get());
  return {};
}

std::uint64_t Stranger::stop_flood() {
  if (flooder_ <= 0) return 0;
  (void)kill(flooder_, SIGTERM);
  std::uint64_t sent = 0;
  (void)!read(sent_.get(), &sent, sizeof(sent));
  (void)waitpid(std::exchange(flooder_, 0), nullptr, 0);
  return sent;
}

}  // namespace baton::lab
