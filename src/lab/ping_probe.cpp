#include "lab/ping_probe.h"

#include <linux/filter.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/checksum.h"
#include "base/result.h"
#include "lab/clock.h"

namespace baton::lab {
namespace {

// The target answers in the kernel, in the same instant or, on a busy machine, some milliseconds later; what takes
// longer waited in the client for a MAC address.
constexpr Duration patience = std::chrono::milliseconds(50);
constexpr std::uint32_t magic = 0xba704ab0;

// Sends only: answers are read by the taps, which see the Ethernet source.
SysResult<UniqueFd> open_sender(int family, int protocol) {
  UniqueFd fd(socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd) return last_error("open a raw socket");
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog code{.len = 1, .filter = &drop_all};
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &code, sizeof(code));  // without: a full queue, no harm
  return fd;
}

Bytes echo_request(std::uint8_t type, std::uint16_t target, std::size_t question) {
  Bytes message;
  ByteWriter writer(message);
  writer.u8(type);
  writer.u8(0);
  writer.u16(0);  // checksum
  writer.u16(target);
  writer.u16(static_cast<std::uint16_t>(question));
  writer.u32(magic);
  writer.u32(static_cast<std::uint32_t>(question));
  if (type == ICMP_ECHO) {  // the kernel fills it in for ICMPv6
    InternetChecksum checksum;
    checksum.add(message);
    writer.put_u16(2, checksum.value());
  }
  return message;
}

}  // namespace

PingProbe::PingProbe(Reactor& reactor, Options options)
    : reactor_(reactor), options_(std::move(options)), answers_(options_.targets.size(), Answers(patience)) {}

PingProbe::~PingProbe() {
  for (const Reactor::Token watch : watches_) reactor_.unwatch(watch);
}

SysResult<std::unique_ptr<PingProbe>> PingProbe::start(Reactor& reactor, Options options) {
  std::unique_ptr<PingProbe> probe(new PingProbe(reactor, std::move(options)));
  TRY_VOID(probe->options_.network.inside([&] { return probe->open_sockets(); }));
  for (PacketTap& tap : probe->taps_) {
    probe->watches_.push_back(reactor.watch(tap.fd(), EPOLLIN, [&tap, probe = probe.get()](std::uint32_t) {
      tap.read([probe](ByteView frame, Instant at) { probe->on_frame(frame, at); });
    }));
  }
  reactor.every(probe->options_.interval, [probe = probe.get()] { probe->ask_all(); });
  return probe;
}

SysResult<void> PingProbe::open_sockets() {
  socket_v4_ = TRY(open_sender(AF_INET, IPPROTO_ICMP));
  socket_v6_ = TRY(open_sender(AF_INET6, IPPROTO_ICMPV6));
  for (const std::string& interface : options_.interfaces) {
    taps_.push_back(TRY(PacketTap::open(interface, TapFilter::echo)));
  }
  return {};
}

void PingProbe::ask_all() {
  for (TargetId target = 0; target < options_.targets.size(); ++target) ask(target);
}

void PingProbe::ask(TargetId target) {
  const IpAddress& address = options_.targets[target];
  const std::size_t question = answers_[target].ask(now());
  const auto id = static_cast<std::uint16_t>(target);
  // A send that fails (no neighbour) is a question without an answer, which is what is counted.
  if (address.is_v4()) {
    const Bytes message = echo_request(ICMP_ECHO, id, question);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, address.bytes().data(), address.size());
    (void)sendto(socket_v4_.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof(to));
  } else {
    const Bytes message = echo_request(ICMPV6_ECHO_REQUEST, id, question);
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, address.bytes().data(), address.size());
    (void)sendto(socket_v6_.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof(to));
  }
}

void PingProbe::on_frame(ByteView frame, Instant at) {
  ByteReader reader(frame);
  reader.skip(6);
  MacAddress source;
  const ByteView mac = reader.take(source.bytes.size());
  std::copy(mac.begin(), mac.end(), source.bytes.begin());
  const bool is_v4 = reader.u16() == 0x0800;
  reader.skip(is_v4 ? 20 : 40);
  const std::uint8_t type = reader.u8();
  if (type != (is_v4 ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY)) return;
  reader.skip(3);
  const std::size_t target = reader.u16();
  reader.skip(2);
  const bool is_ours = reader.u32() == magic;
  const std::size_t question = reader.u32();
  if (!reader.ok() || !is_ours || target >= answers_.size()) return;
  answers_[target].answer(question, at, options_.whose(source));
}

}  // namespace baton::lab
