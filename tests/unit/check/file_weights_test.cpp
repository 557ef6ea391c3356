// The weights of tracked files, whose numbers may be any: what is said of them is a note.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "check/rule.h"
#include "unit/check/case.h"

namespace baton::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Node {
  int priority = 100;
  std::string weight = "-20";
  std::string of_file{};      // further lines of the track_file
  std::string of_instance{};  // further lines of the vrrp_instance
};

std::string text_of(const Node& node) {
  return fmt::format(
      "track_file orders {{\nfile /run/orders\n{}\n}}\n"
      "vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 50\npriority {}\n{}\n"
      "track_file {{\norders weight {}\n}}\nvirtual_ipaddress {{\n10.0.20.100/24\n}}\n}}\n",
      node.of_file, node.priority, node.of_instance, node.weight);
}

// "B114 note: ..." of these rules.
std::vector<std::string> said(const std::vector<Node>& nodes, const std::set<std::string>& rules) {
  std::vector<Text> texts;
  for (const Node& node : nodes) texts.emplace_back(fmt::format("web{}.conf", texts.size() + 1), text_of(node));
  std::vector<std::string> lines;
  for (const Finding& finding : check_texts(texts).findings) {
    if (!rules.contains(std::string(finding.id))) continue;
    lines.push_back(
        fmt::format("{} {}: {}", finding.id, finding.severity == Severity::note ? "note" : "more", finding.message));
  }
  return lines;
}

TEST(FileWeights, that_one_step_of_does_not_move_the_address_are_told) {
  EXPECT_THAT(
      said({{.priority = 150}, {.priority = 100}}, {"B114"}),
      ElementsAre(HasSubstr("B114 note: a number in orders that takes 20 off is not enough: VI_1 falls from 150 "
                            "to 130, and")));
  EXPECT_THAT(said({{.priority = 150, .weight = "-60"}, {.priority = 100, .weight = "-60"}}, {"B114"}), IsEmpty());
}

TEST(FileWeights, that_are_positive_count_as_long_as_the_file_says_1) {
  EXPECT_THAT(said({{.priority = 110, .weight = "5"}, {.priority = 100, .weight = "5"}}, {"B114"}),
              ElementsAre(HasSubstr("takes 5 off is not enough: VI_1 falls from 115 to 110")));
  EXPECT_THAT(said({{.priority = 110, .weight = "20"}, {.priority = 100, .weight = "20"}}, {"B114"}), IsEmpty());
}

TEST(FileWeights, of_a_made_file_count_as_often_as_it_says) {
  EXPECT_THAT(
      said({{.priority = 100, .weight = "10", .of_file = "init_file 3"}, {.priority = 110, .weight = "10"}}, {"B114"}),
      IsEmpty())
      << "130 falls to 100, and the other has 120";
  EXPECT_THAT(
      said({{.priority = 100, .weight = "10", .of_file = "init_file 3"}, {.priority = 80, .weight = "10"}}, {"B114"}),
      ElementsAre(HasSubstr("VI_1 falls from 130 to 100")));
}

TEST(FileWeights, in_reverse_count_the_other_way_round) {
  EXPECT_THAT(said({{.priority = 110, .weight = "20 reverse"}, {.priority = 100, .weight = "20 reverse"}}, {"B114"}),
              IsEmpty());
  EXPECT_THAT(said({{.priority = 130, .weight = "20 reverse"}, {.priority = 100, .weight = "20 reverse"}}, {"B114"}),
              ElementsAre(HasSubstr("VI_1 falls from 130 to 110")));
}

TEST(FileWeights, of_1_say_nothing_for_the_number_is_the_amount) {
  for (const char* weight : {"1", "-1"}) {
    EXPECT_THAT(said({{.priority = 150, .weight = weight}, {.priority = 100, .weight = weight}}, {"B114", "B115"}),
                IsEmpty());
  }
}

TEST(FileWeights, against_nopreempt_are_a_note_for_a_large_number_is_a_fault) {
  EXPECT_THAT(said({{.priority = 110}, {.priority = 100, .of_instance = "nopreempt"}}, {"B115"}),
              ElementsAre(HasSubstr("B115 note: with nopreempt")));
}

TEST(FileWeights, beyond_the_scale_are_told_with_the_number_that_goes_there) {
  EXPECT_THAT(said({{.priority = 250, .weight = "20"}}, {"B010"}),
              ElementsAre(HasSubstr("B010 note: 250 and weights of 20 are 270 with 1 in orders")));
  EXPECT_THAT(said({{.priority = 200, .weight = "20", .of_file = "init_file 3"}}, {"B010"}),
              ElementsAre(HasSubstr("200 and weights of 60 are 260 with 3 in orders")));
  EXPECT_THAT(said({{.priority = 200, .weight = "20"}}, {"B010"}), IsEmpty());
}

TEST(FileWeights, a_file_that_is_made_with_a_fault_is_found) {
  EXPECT_THAT(
      said({{.weight = "2", .of_file = "init_file -127"}}, {"B042"}),
      ElementsAre("B042 more: init_file makes orders with -127, and -127 times that weight is -254: -254 and less "
                  "is a fault"));
  EXPECT_THAT(said({{.weight = "2", .of_file = "init_file -126"}}, {"B042"}), IsEmpty());
  EXPECT_THAT(said({{.weight = "0", .of_file = "init_file 1"}}, {"B042"}), ElementsAre(HasSubstr("that is a fault")));
  EXPECT_THAT(said({{.weight = "0", .of_file = "init_file 0"}}, {"B042"}), IsEmpty());
}

}  // namespace
}  // namespace baton::check
