// Who may read and who may write, and through which door.
#include "api/access.h"

#include <gtest/gtest.h>

#include "api/path_pattern.h"

namespace baton::api {
namespace {

constexpr Asker root{.door = Door::unix_socket, .is_root = true};
constexpr Asker member{.door = Door::unix_socket, .is_root = false};
constexpr Asker tcp{.door = Door::tcp, .is_root = false};

http::Request with(std::map<std::string, std::string> headers) {
  return {.method = "POST", .headers = std::move(headers)};
}

TEST(UnixSocket, whoever_can_connect_reads_and_root_writes) {
  EXPECT_TRUE(admit(Access::read, member, with({}), ""));
  EXPECT_TRUE(admit(Access::write, root, with({}), ""));
  const auto refused = admit(Access::write, member, with({{"authorization", "Bearer secret"}}), "secret");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, http::status::forbidden);
}

TEST(Tcp, is_read_only_without_a_token) {
  EXPECT_TRUE(admit(Access::read, tcp, with({{"host", "localhost:9650"}}), ""));
  for (const char* header : {"", "Bearer ", "Bearer x", "Basic eDp5"}) {
    const auto refused = admit(Access::write, tcp, with({{"host", "localhost"}, {"authorization", header}}), "");
    ASSERT_FALSE(refused) << header;
    EXPECT_EQ(refused.error().status, http::status::unauthorized);
  }
}

TEST(Tcp, is_written_with_the_token_alone) {
  const std::string token = "0123456789abcdef";
  EXPECT_TRUE(admit(Access::write, tcp, with({{"host", "[::1]:9650"}, {"authorization", "Bearer " + token}}), token));
  for (const std::string& wrong : {std::string("0123456789abcde"), token + "0", std::string("0123456789abcdeg")}) {
    EXPECT_FALSE(admit(Access::write, tcp, with({{"authorization", "Bearer " + wrong}}), token)) << wrong;
  }
}

TEST(Tcp, is_served_on_every_loopback_address) {
  for (const char* host : {"127.0.0.1", "127.0.0.5:9650", "[::1]:9650", "localhost"}) {
    EXPECT_TRUE(admit(Access::read, tcp, with({{"host", host}}), "")) << host;
  }
}

TEST(Tcp, is_not_served_under_the_name_of_another) {
  for (const char* host :
       {"evil.example", "evil.example:9650", "localhost.evil.example", "[::2]:1", "127.0.0.1.nip.io"}) {
    const auto refused = admit(Access::read, tcp, with({{"host", host}}), "");
    ASSERT_FALSE(refused) << host;
    EXPECT_EQ(refused.error().status, http::status::forbidden);
  }
}

TEST(PathPattern, names_stand_in_braces) {
  EXPECT_EQ(match("/v1/instances/{name}/handover", {"v1", "instances", "a/b", "handover"}),
            (std::vector<std::string>{"a/b"}));
  EXPECT_FALSE(match("/v1/instances/{name}/handover", {"v1", "instances", "a"}));
  EXPECT_FALSE(match("/v1/status", {"v1", "status", "more"}));
  EXPECT_FALSE(match("/v1/status", {}));
  EXPECT_TRUE(match("/", {}));
}

}  // namespace
}  // namespace baton::api
