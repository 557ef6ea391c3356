// A stranger on the LAN sends adverts with a wrong password, ten for each of the master's. keepalived starts its advert
// timer anew after any packet for its VRID, valid or not, so that a stranger can silence it; Baton must not.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "base/checksum.h"
#include "base/unique_fd.h"
#include "interop/couple.h"
#include "lab/clock.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using lab::NodeId;

constexpr std::uint8_t protocol_vrrp = 112;

// RFC 3768 §5.1, as if from a better master of the same virtual router. The kernel puts the IP header before it.
Bytes forged_advert() {
  Bytes message;
  ByteWriter writer(message);
  writer.u8(0x21);  // version 2, advertisement
  writer.u8(vrid);
  writer.u8(254);          // priority
  writer.u8(2);            // addresses
  writer.u8(1);            // PASS
  writer.u8(1);            // seconds between adverts
  writer.u16(0);           // checksum
  writer.u32(0x0a001464);  // 10.0.20.100
  writer.u32(0x0a001465);
  for (const char letter : {'w', 'r', 'o', 'n', 'g', '!', '!', '!'}) writer.u8(static_cast<std::uint8_t>(letter));
  InternetChecksum checksum;
  checksum.add(message);
  writer.put_u16(6, checksum.value());
  return message;
}

class Stranger {
 public:
  explicit Stranger(Couple& couple) {
    socket_ = couple->machine(stranger).network().inside(
        [] { return UniqueFd(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, protocol_vrrp)); });
    constexpr int hops = 255;
    constexpr std::string_view interface = "ens33";
    EXPECT_EQ(setsockopt(socket_.get(), IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops)), 0);
    EXPECT_EQ(setsockopt(socket_.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), interface.size()), 0);
    couple->every(100ms, [this] { send(); });
  }

  void speak() { speaks_ = true; }
  std::size_t sent() const { return sent_; }

 private:
  void send() {
    if (!speaks_) return;
    const sockaddr_in group{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(0xe0000012)}, .sin_zero = {}};
    const ssize_t size = sendto(socket_.get(), advert_.data(), advert_.size(), 0,
                                reinterpret_cast<const sockaddr*>(&group), sizeof(group));
    if (size == static_cast<ssize_t>(advert_.size())) ++sent_;
  }

  const Bytes advert_ = forged_advert();
  UniqueFd socket_;
  bool speaks_ = false;
  std::size_t sent_ = 0;
};

TEST(Stranger, does_not_silence_the_master) {
  if (const std::string missing = missing_program(); !missing.empty()) GTEST_SKIP() << missing;
  Couple couple({.dialect = {.name = "v2_PASS", .authentication = "PASS"}, .better = baton, .has_stranger = true});
  ASSERT_TRUE(couple);
  Stranger noise(couple);
  couple.start(baton);
  couple.start(keepalived);
  ASSERT_TRUE(couple.wait_for_only_owner(baton, 10s)) << couple.log();

  const Verdicts before = couple.verdicts(baton);
  const Instant from = lab::now();
  noise.speak();
  EXPECT_TRUE(couple.wait_for_adverts(baton, 5)) << couple.log();
  const Instant to = lab::now();
  EXPECT_GE(noise.sent(), 20U);

  const lab::GapStatistics gaps = lab::advert_gaps(couple->adverts(), baton, vrid, from, to);
  EXPECT_GE(gaps.count, 4U);
  EXPECT_LT(gaps.longest, couple.master_down_interval(keepalived));  // nobody takes it for dead
  EXPECT_EQ(couple.owners(), std::set<NodeId>{baton});
  EXPECT_EQ(couple->ownership().times(couple.target().address, from, to).two_or_more, Duration::zero());
  EXPECT_GE(couple.verdicts(baton).rejected - before.rejected, noise.sent() / 2)
      << couple.log();  // each has its counter
}

}  // namespace
}  // namespace baton::interop
