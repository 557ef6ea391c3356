#include "advert_capture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "lab/advert_log.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

constexpr std::size_t block_size = 1 << 18;
constexpr std::size_t blocks = 128;
constexpr std::size_t ring_size = block_size * blocks;
constexpr unsigned frame_size = 256;
constexpr unsigned retire_ms = 5;

// VRRP over IPv4 (no options) and IPv6; jumps count from the following line.
SysResult<void> attach(int fd) {
  std::array<sock_filter, 8> program{{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 2, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 112, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 64),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog code{.len = program.size(), .filter = program.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &code, sizeof(code)) != 0) return last_error("attach a filter");
  return {};
}

template <typename Header>
Header read_at(ByteView bytes, std::size_t offset) {
  Header header;
  std::memcpy(&header, bytes.data() + offset, sizeof(header));
  return header;
}

}  // namespace

SysResult<AdvertCapture> AdvertCapture::open() {
  AdvertCapture capture;
  capture.fd_ = UniqueFd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));  // deaf until bound
  const int fd = capture.fd_.get();
  if (fd < 0) return last_error("open a packet socket");
  if (auto attached = attach(fd); !attached) return std::unexpected(attached.error());
  const int version = TPACKET_V3;
  const int yes = 1;
  tpacket_req3 ring{};
  ring.tp_block_size = block_size;
  ring.tp_block_nr = blocks;
  ring.tp_frame_size = frame_size;
  ring.tp_frame_nr = static_cast<unsigned>(ring_size / frame_size);
  ring.tp_retire_blk_tov = retire_ms;
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) != 0 ||
      setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes)) != 0) {
    return last_error("make a ring for packets");
  }
  void* const memory = mmap(nullptr, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return last_error("map a ring for packets");
  capture.ring_ = memory;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return last_error("hear adverts");
  capture.wall_to_boot_ = lab::read_clock(CLOCK_BOOTTIME) - lab::read_clock(CLOCK_REALTIME);
  return capture;
}

AdvertCapture::AdvertCapture(AdvertCapture&& other) noexcept
    : fd_(std::move(other.fd_)),
      ring_(std::exchange(other.ring_, nullptr)),
      next_block_(other.next_block_),
      wall_to_boot_(other.wall_to_boot_),
      adverts_(std::move(other.adverts_)),
      lost_(other.lost_) {}

AdvertCapture::~AdvertCapture() {
  if (ring_ != nullptr) (void)munmap(ring_, ring_size);
}

void AdvertCapture::read() {
  for (std::size_t i = 0; i < blocks; ++i) {
    auto* const block = static_cast<std::uint8_t*>(ring_) + next_block_ * block_size;
    auto& header = reinterpret_cast<tpacket_block_desc*>(block)->hdr.bh1;
    if ((__atomic_load_n(&header.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return;
    read_block({block, block_size}, header.offset_to_first_pkt, header.num_pkts);
    __atomic_store_n(&header.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    next_block_ = (next_block_ + 1) % blocks;
  }
}

void AdvertCapture::read_block(ByteView block, std::uint32_t first, std::uint32_t frames) {
  std::size_t at = first;
  for (std::uint32_t i = 0; i < frames; ++i) {
    const auto header = read_at<tpacket3_hdr>(block, at);
    const auto link = read_at<sockaddr_ll>(block, at + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
    if (const auto advert = lab::decode_advert(block.subspan(at + header.tp_mac, header.tp_snaplen))) {
      const Duration wall = std::chrono::seconds(header.tp_sec) + std::chrono::nanoseconds(header.tp_nsec);
      adverts_[{static_cast<std::uint32_t>(link.sll_ifindex), advert->vrid}].push_back(
          {.at = Instant(wall + wall_to_boot_), .priority = advert->priority});
    }
    at += header.tp_next_offset;
  }
}

std::uint64_t AdvertCapture::lost() const {
  tpacket_stats_v3 statistics{};
  socklen_t size = sizeof(statistics);
  if (getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) lost_ += statistics.tp_drops;
  return lost_;
}

GapDeviation AdvertCapture::gaps(Duration interval, Instant from, Instant to) const {
  std::vector<Duration> off;
  GapDeviation result;
  for (const auto& [key, adverts] : adverts_) {
    std::optional<Instant> last;
    for (const CapturedAdvert& advert : adverts) {
      if (advert.at < from || advert.at > to) continue;
      if (last) {
        const Duration gap = advert.at - *last;
        off.push_back(std::chrono::abs(gap - interval));
        result.longest = std::max(result.longest, gap - interval);
        if (gap > interval * 3 / 2) result.missed += static_cast<std::size_t>((gap + interval / 2) / interval - 1);
      }
      last = advert.at;
    }
  }
  if (off.empty()) return result;
  std::ranges::sort(off);
  result.count = off.size();
  result.median = off[off.size() / 2];
  result.p99 = off[std::min(off.size() - 1, off.size() * 99 / 100)];
  return result;
}

}  // namespace baton::bench
