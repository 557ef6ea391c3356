#include "kernel/nft_comment.h"

#include <gtest/gtest.h>

namespace baton::kernel::nft {
namespace {

TEST(NftComment, a_service_is_read_as_it_was_written) {
  const ServiceKey web = ServiceKey::of_address(6, IpAddress::v4(0x0a000064), 80);
  const ServiceKey six = ServiceKey::of_address(17, IpAddress::parse("fd00::64").value(), 0);
  const ServiceKey mark = ServiceKey::of_mark(4'294'967'295, Family::ipv6);
  const ServiceOptions plain{.scheduler = "rr"};
  const ServiceOptions all{.scheduler = "mh",
                           .flags = service_flag::persistent | service_flag::scheduler_2,
                           .persistence_seconds = 4'000'000'000,
                           .persistence_prefix = 128,
                           .persistence_engine = "sip",
                           .masquerade = true};
  for (const ServiceKey& key : {web, six, mark}) {
    for (const ServiceOptions& options : {plain, all}) {
      const std::string text = describe(key, options);
      EXPECT_LE(text.size(), 127U) << text;
      EXPECT_EQ(parse_service(text), std::pair(key, options)) << text;
    }
  }
}

TEST(NftComment, a_destination_is_read_as_it_was_written) {
  const Destination direct{.method = ForwardMethod::direct, .weight = 0, .upper_threshold = 10, .lower_threshold = 5};
  EXPECT_EQ(parse_destination(describe(direct)), direct);
  EXPECT_EQ(parse_destination(describe(Destination{})), Destination{});
}

TEST(NftComment, a_server_is_read_as_it_was_written) {
  const DestinationKey server{.address = IpAddress::parse("fd00::11").value(), .port = 8080};
  EXPECT_EQ(parse_server(describe(7, server)), std::pair(7U, server));
  for (const char* text : {"", "10.0.0.1", "10.0.0.1 80 of", "10.0.0.1 80 of 7 8", "10.0.0.1 80 on 7"}) {
    EXPECT_FALSE(parse_server(text)) << text;
  }
}

TEST(NftComment, what_others_wrote_is_nothing) {
  for (const char* text : {"", "v1", "v2 fwmark 3 rr persistent 0/32", "v1 fwmark 0 rr", "v1 fwmark x rr",
                           "v1 protocol 6 10.0.0.1 rr", "v1 fwmark 3 rr fast", "v1 fwmark 3 rr persistent 5"}) {
    EXPECT_FALSE(parse_service(text)) << text;
  }
  for (const char* text : {"", "tunnel weight 1", "direct weight", "direct weight 1x", "direct heavy 1"}) {
    EXPECT_FALSE(parse_destination(text)) << text;
  }
}

}  // namespace
}  // namespace baton::kernel::nft
