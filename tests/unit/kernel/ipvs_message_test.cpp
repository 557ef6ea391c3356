#include "kernel/ipvs_message.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <cstring>
#include <random>

namespace baton::kernel::ipvs {
namespace {

constexpr std::uint16_t family = 0x1f;

class Message {
 public:
  Message() : header_(::mnl_nlmsg_put_header(bytes_.data())) {}
  nlmsghdr* get() { return header_; }
  ByteView payload() const {
    return {static_cast<const std::uint8_t*>(::mnl_nlmsg_get_payload(header_)), ::mnl_nlmsg_get_payload_len(header_)};
  }
  std::array<char, 4096>& bytes() { return bytes_; }

 private:
  alignas(nlmsghdr) std::array<char, 4096> bytes_{};
  nlmsghdr* header_;
};

const ServiceKey web = ServiceKey::of_address(IPPROTO_TCP, IpAddress::v4(0x0a000064), 80);

// The bytes as the kernel's own tool sends them for `ipvsadm -A -t 10.0.0.100:80 -s rr`, but for the order.
TEST(IpvsMessage, a_service_as_the_kernel_reads_it) {
  Message message;
  put_operation(message.get(), family,
                {.kind = TableOperation::Kind::add_service, .service = web, .options = {.scheduler = "rr"}});
  EXPECT_EQ(message.get()->nlmsg_type, family);
  EXPECT_EQ(message.get()->nlmsg_flags, NLM_F_REQUEST);
  const ByteView bytes = message.payload();
  EXPECT_EQ(bytes[0], IPVS_CMD_NEW_SERVICE);
  EXPECT_EQ(bytes[1], IPVS_GENL_VERSION);
  const auto* nest = reinterpret_cast<const nlattr*>(bytes.data() + sizeof(genlmsghdr));
  EXPECT_EQ(nest->nla_type, NLA_F_NESTED | IPVS_CMD_ATTR_SERVICE);
  EXPECT_EQ(nest->nla_len + sizeof(genlmsghdr), bytes.size());
  std::map<int, Bytes> attributes;
  netlink::for_each_nested(nest, [&](const nlattr* attribute) {
    const auto* payload = static_cast<const std::uint8_t*>(::mnl_attr_get_payload(attribute));
    attributes[::mnl_attr_get_type(attribute)] = Bytes(payload, payload + ::mnl_attr_get_payload_len(attribute));
  });
  EXPECT_EQ(attributes[IPVS_SVC_ATTR_ADDR], (Bytes{10, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(attributes[IPVS_SVC_ATTR_PORT], (Bytes{0, 80}));
  EXPECT_EQ(attributes[IPVS_SVC_ATTR_SCHED_NAME], (Bytes{'r', 'r', 0}));
  EXPECT_EQ(attributes[IPVS_SVC_ATTR_NETMASK], (Bytes{255, 255, 255, 255}));
  EXPECT_EQ(attributes[IPVS_SVC_ATTR_FLAGS].size(), sizeof(ip_vs_flags));
  EXPECT_FALSE(attributes.contains(IPVS_SVC_ATTR_FWMARK));
  EXPECT_FALSE(attributes.contains(IPVS_SVC_ATTR_PE_NAME));
}

TEST(IpvsMessage, a_mark_is_sent_without_an_address) {
  Message message;
  put_operation(message.get(), family,
                {.kind = TableOperation::Kind::remove_service, .service = ServiceKey::of_mark(3, Family::ipv6)});
  const auto decoded = decode_service(message.get());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->first, ServiceKey::of_mark(3, Family::ipv6));
}

TEST(IpvsMessage, what_is_put_is_what_is_read) {
  const ServiceKey keys[] = {web, ServiceKey::of_address(IPPROTO_UDP, *IpAddress::parse("fd00::1"), 53),
                             ServiceKey::of_mark(0x80000001, Family::ipv4)};
  for (const ServiceKey& key : keys) {
    const ServiceOptions options{.scheduler = "mh",
                                 .flags = service_flag::persistent | service_flag::scheduler_2,
                                 .persistence_seconds = 300,
                                 .persistence_prefix = 24,
                                 .persistence_engine = "sip"};
    Message message;
    put_operation(message.get(), family,
                  {.kind = TableOperation::Kind::change_service, .service = key, .options = options});
    EXPECT_EQ(decode_service(message.get()), std::pair(key, options));
  }
}

TEST(IpvsMessage, destinations_of_every_kind) {
  const Destination settings[] = {
      {.method = ForwardMethod::masquerade, .weight = 0, .upper_threshold = 10, .lower_threshold = 5},
      {.method = ForwardMethod::direct, .weight = 65'535},
      {.method = ForwardMethod::tunnel,
       .tunnel = TunnelKind::gue,
       .tunnel_port = 5'555,
       .tunnel_checks = TunnelChecks::remote},
      {.method = ForwardMethod::tunnel, .tunnel = TunnelKind::gre, .tunnel_checks = TunnelChecks::full}};
  const DestinationKey keys[] = {{.address = IpAddress::v4(0x0a020001), .port = 8'080},
                                 {.address = *IpAddress::parse("fd00::2"), .port = 0}};
  for (const Destination& each : settings) {
    for (const DestinationKey& key : keys) {
      Message message;
      put_operation(
          message.get(), family,
          {.kind = TableOperation::Kind::add_destination, .service = web, .destination = key, .settings = each});
      EXPECT_EQ(decode_destination(message.get(), Family::ipv4), std::pair(key, each));
    }
  }
}

TEST(IpvsMessage, timeouts_and_sync_daemons) {
  Message timeouts;
  const IpvsTimeouts wanted{.tcp = 900, .tcp_fin = 0, .udp = 300};
  put_timeouts(timeouts.get(), family, wanted);
  EXPECT_EQ(decode_timeouts(timeouts.get()), wanted);
  Message daemon;
  const IpvsSyncDaemon sync{.role = IpvsSyncDaemon::Role::backup,
                            .interface = "eth0",
                            .id = 7,
                            .most_bytes = 1'400,
                            .port = 9'000,
                            .ttl = 2,
                            .group = *IpAddress::parse("ff05::1")};
  put_sync_daemon(daemon.get(), family, sync, true);
  EXPECT_EQ(decode_sync_daemon(daemon.get()), sync);
}

// Whatever stands in an answer: nothing is read behind its end (the sanitizers watch).
TEST(IpvsMessage, believes_no_answer) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    Message message;
    put_operation(message.get(), family,
                  {.kind = TableOperation::Kind::add_destination,
                   .service = web,
                   .destination = {.address = IpAddress::v4(1), .port = 1},
                   .settings = {.method = ForwardMethod::tunnel}});
    const std::size_t size = message.get()->nlmsg_len;
    for (int i = 0; i < 4; ++i) {
      const std::size_t at = NLMSG_HDRLEN + random() % (size - NLMSG_HDRLEN);
      message.bytes()[at] = static_cast<char>(random());
    }
    // In memory of exactly its size.
    const std::vector<char> exact(message.bytes().begin(), message.bytes().begin() + static_cast<std::ptrdiff_t>(size));
    const auto* copy = reinterpret_cast<const nlmsghdr*>(exact.data());
    (void)decode_service(copy);
    (void)decode_destination(copy, Family::ipv4);
    (void)decode_timeouts(copy);
    (void)decode_sync_daemon(copy);
    (void)decode_family(copy);
  }
}

}  // namespace
}  // namespace baton::kernel::ipvs
