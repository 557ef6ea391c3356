// Files with tens of thousands of one thing, as the limits allow. Who compares each with all before it needs 64 times
// as long for eight times as many: seconds for 50,000, and minutes for what may be given.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>

#include <fmt/format.h>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

std::string address(int number) {
  return fmt::format("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
}

std::string each(int count, auto text_of) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += text_of(i);
  return text;
}

std::string server(const std::string& title, const std::string& real_servers) {
  return "virtual_server " + title + " {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n" + real_servers + "}\n";
}
std::string real(int number) {
  return fmt::format("real_server {} 80 {{\n}}\n", address(number));
}
std::string instance(int number) {
  return fmt::format(
      "vrrp_instance V{0} {{\ninterface eth{1}\nvirtual_router_id {2}\nvirtual_ipaddress {{\n{3}\n}}\n}}\n", number,
      number / 250, number % 250 + 1, address(number));
}

// Of the processor: what else the machine does counts little, and what sanitizers add not at all.
double seconds_for(const std::string& text) {
  const std::clock_t start = std::clock();
  (void)load_text(text);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

struct Kind {
  const char* name;
  std::function<std::string(int count)> text;
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class Many : public testing::TestWithParam<Kind> {};

TEST_P(Many, eight_times_as_many_need_no_sixty_times_as_long) {
  constexpr int few = 6'250;
  constexpr double too_much = 32;
  double factor = too_much;
  double needed_for_many = 1e9;
  for (int tries = 0; tries < 8 && factor >= too_much; ++tries) {  // the least, for others take caches away
    needed_for_many = std::min(needed_for_many, seconds_for(GetParam().text(8 * few)));
    factor = needed_for_many / seconds_for(GetParam().text(few));
  }
  EXPECT_LT(factor, too_much);
}

const Kind kinds[] = {
    {"real_servers", [](int count) { return server("10.255.0.1 80", each(count, real)); }},
    {"blocks_of_one_service",
     [](int count) { return each(count, [](int i) { return server("10.255.0.1 80", real(i)); }); }},
    {"groups_of_virtual_servers",
     [](int count) {
       return each(count, [](int i) {
         return fmt::format("virtual_server_group G{} {{\n{} 80\n}}\n", i, address(i)) +
                server(fmt::format("group G{}", i), real(1));
       });
     }},
    {"peers",
     [](int count) {
       return instance_text("unicast_peer {\n" + each(count, [](int i) { return address(i) + "\n"; }) + "}");
     }},
    {"tracked_interfaces",
     [](int count) {
       return instance_text("track_interface {\n" + each(count, [](int i) { return fmt::format("e{}\n", i); }) + "}");
     }},
    {"bfd_sessions",
     [](int count) {
       return each(count,
                   [](int i) { return fmt::format("bfd_instance b{} {{\nneighbor_ip {}\n}}\n", i, address(i)); });
     }},
    {"members",
     [](int count) {
       return each(count, instance) + "vrrp_sync_group G {\ngroup {\n" +
              each(count, [](int i) { return fmt::format("V{}\n", i); }) + "}\n}\n";
     }},
    {"track_groups",
     [](int count) {
       return instance(1) +
              each(count, [](int i) { return fmt::format("track_group T{} {{\ngroup {{\nV1\n}}\n}}\n", i); }) +
              "static_routes {\n" +
              each(count, [](int i) { return fmt::format("{} dev eth0 track_group T{}\n", address(i), i); }) + "}\n";
     }},
};
INSTANTIATE_TEST_SUITE_P(Kinds, Many, testing::ValuesIn(kinds), [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace baton::config
