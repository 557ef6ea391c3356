#include "lab/node_names.h"

#include <gmock/gmock.h>

namespace baton::lab {
namespace {

using testing::ElementsAre;

TEST(NodeNames, come_from_the_files) {
  EXPECT_THAT(node_names({"x/web1.conf", "/etc/keepalived/keepalived.conf", "a_b.conf"}),
              ElementsAre("web1", "node2", "a-b"));
}

TEST(NodeNames, have_as_much_of_the_path_as_tells_them_apart) {
  EXPECT_THAT(node_names({"x/web1.conf", "y/web1.conf", "z/web2.conf"}), ElementsAre("x-web1", "y-web1", "web2"));
  EXPECT_THAT(node_names({"n1/keepalived.conf", "./n2/keepalived.conf"}), ElementsAre("n1", "n2"));
  EXPECT_THAT(node_names({"/n1/etc/keepalived.conf", "/n2/etc/keepalived.conf"}), ElementsAre("n1-etc", "n2-etc"));
}

TEST(NodeNames, are_numbers_where_no_path_tells) {
  EXPECT_THAT(node_names({"a/web.conf", "a/web.conf", "node1.conf"}), ElementsAre("node1-x", "node2", "node1"));
  EXPECT_THAT(node_names({"web.conf", "web.cfg", ""}), ElementsAre("node1", "node2", "node3"));
}

}  // namespace
}  // namespace baton::lab
