#include "cli/keywords_command.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace baton::cli {
namespace {

using config::Keyword;
using config::Kind;
using config::Support;

constexpr Keyword keywords[] = {
    {.block = "", .name = "use_pid_dir", .kind = Kind::flag, .support = Support::accepted, .reason = "say where"},
    {.block = "vrrp_instance", .name = "priority", .kind = Kind::number, .support = Support::works},
    {.block = "vrrp_instance",
     .name = "track_bfd",
     .kind = Kind::list,
     .support = Support::later,
     .instead = "bfd",
     .reason = "with BFD"},
};

TEST(Keywords, are_a_table_by_block_with_counts) {
  EXPECT_EQ(render_keywords(keywords), R"((top level)
  use_pid_dir                        accepted  say where

vrrp_instance
  priority                           works
  track_bfd                          later     with BFD; now bfd

   1 works    carried out
   1 accepted accepted, nothing to do for it
   1 later    known, not carried out yet
)");
}

TEST(Keywords, are_json_for_machines) {
  const nlohmann::json list = keywords_as_json(keywords)["keywords"];
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0], (nlohmann::json{{"block", ""},
                                     {"keyword", "use_pid_dir"},
                                     {"support", "accepted"},
                                     {"reason", "say where"},
                                     {"instead", nullptr}}));
  EXPECT_EQ(list[1]["reason"], nullptr);
}

}  // namespace
}  // namespace baton::cli
