// What a file may hold must not matter to the checker: nothing, nonsense, too much, the same twice.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include <ctime>
#include <random>

#include "base/printable.h"
#include "check/rule.h"
#include "unit/check/case.h"

namespace baton::check {
namespace {

std::string instance(unsigned number, std::string_view interface, unsigned vrid, std::string_view address) {
  return fmt::format(
      "vrrp_instance VI_{} {{\ninterface {}\nvirtual_router_id {}\npriority 100\nvirtual_ipaddress {{\n{}\n}}\n}}\n",
      number, interface, vrid, address);
}

Findings check_in_time(const std::vector<Text>& texts) {
  const std::clock_t start = std::clock();
  Findings findings = check_texts(texts);
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);  // a sanitizer's
  return findings;
}

TEST(Robustness, nothing_is_little_to_say) {
  EXPECT_EQ(check_texts({{"a.conf", ""}}).findings.size(), 1U);  // a note: nothing to do
  EXPECT_TRUE(check_texts({}).findings.empty());
}

TEST(Robustness, nonsense_is_judged_and_printable) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::string nonsense;
    for (int i = 0; i < 2'000; ++i) nonsense += static_cast<char>(random() & 0xff);
    const std::string name =
        "vrrp_instance V\x1b[31m\x01\xc2\x9b"
        "2J {\ninterface e\x02\nvirtual_router_id 5\nvirtual_ipaddress "
        "{\n10.0.0.1\n}\n}\n";
    for (const Finding& finding : check_texts({{"a.conf", nonsense + name}, {"b.conf", name + nonsense}}).findings) {
      for (const char each : finding.message + finding.mend + finding.place.file) {
        EXPECT_TRUE(static_cast<unsigned char>(each) >= ' ' && each != '\x7f') << finding.message;
      }
      EXPECT_EQ(finding.message, printable(finding.message));  // U+009B is ESC [
    }
  }
}

// Two nodes with one file: that is what is wrong with them.
TEST(Robustness, the_same_file_twice_has_the_same_priority) {
  const std::string text = instance(1, "eth0", 50, "10.0.0.1");
  std::vector<std::string_view> ids;
  for (const Finding& finding : check_texts({{"a.conf", text}, {"a.conf", text}}).findings) ids.push_back(finding.id);
  EXPECT_THAT(ids, testing::Contains(find_rule("same-priority")->id));
}

TEST(Robustness, a_missing_file_is_a_finding) {
  config::MemoryFileReader reader;
  const CheckedFile file{.name = "gone.conf", .loaded = config::load("gone.conf", reader, {.keep_places = true})};
  const Findings findings = check(std::span(&file, 1));
  ASSERT_EQ(findings.findings.size(), 1U);
  EXPECT_EQ(findings.findings.front().id, find_rule("missing-file")->id);
  EXPECT_EQ(findings.findings.front().place.file, "gone.conf");
}

TEST(Robustness, ten_thousand_instances_on_three_nodes) {
  std::string text;
  for (unsigned i = 0; i < 10'000; ++i) {
    text += instance(i, fmt::format("e{}", i / 255), i % 255 + 1, fmt::format("10.{}.{}.1/32", i / 250, i % 250));
  }
  const Findings findings = check_in_time({{"a.conf", text}, {"b.conf", text}, {"c.conf", ""}});
  EXPECT_GT(findings.dropped, 0U);
}

// Whatever index a rule uses, somebody can put everything into one of its places.
TEST(Robustness, everything_the_same) {
  std::string one_vrid;
  std::string one_address;
  std::string one_group = "vrrp_sync_group G {\ngroup {\n";
  std::string disjoint;
  for (unsigned i = 0; i < 5'000; ++i) {
    one_vrid += instance(i, fmt::format("e{}", i), 7, fmt::format("10.0.{}.{}/8", i / 250, i % 250 + 1));
    disjoint += instance(i + 10'000, fmt::format("e{}", i), 7, fmt::format("10.1.{}.{}/8", i / 250, i % 250 + 1));
    one_address += instance(i, fmt::format("e{}", i), i % 255 + 1, "10.0.0.1");
    one_group += fmt::format("VI_{}\n", i);
  }
  one_group += "}\n}\n";
  (void)check_in_time({{"a.conf", one_group + one_vrid}, {"b.conf", one_vrid}});
  (void)check_in_time({{"a.conf", one_vrid}, {"b.conf", disjoint}});
  (void)check_in_time({{"a.conf", one_address}, {"b.conf", one_group + one_address}, {"c.conf", one_address}});
}

TEST(Robustness, many_addresses_many_peers) {
  std::string addresses = "vrrp_instance V {\ninterface e\nvirtual_router_id 5\nvirtual_ipaddress {\n";
  std::string peers = "}\nunicast_src_ip 10.9.9.9\nunicast_peer {\n";
  for (unsigned i = 0; i < 15'000; ++i) {
    addresses += fmt::format("10.0.{}.{}/8\n", i / 250, i % 250 + 1);
    peers += i < 3'000 ? fmt::format("10.1.{}.{}\n", i / 250, i % 250 + 1) : "";
  }
  const std::string text = addresses + peers + "}\n}\n";
  (void)check_in_time({{"a.conf", text}, {"b.conf", text}});
}

}  // namespace
}  // namespace baton::check
