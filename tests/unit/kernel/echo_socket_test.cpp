#include "kernel/echo_socket.h"

#include <gtest/gtest.h>

#include <utility>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

class Echo : public Network {
 protected:
  bool answers(EchoSocket& socket) {
    bool hears = false;
    for (int i = 0; i < 10 && !hears && wait_readable(socket.fd()); ++i) hears = socket.hears_answer();
    return hears;
  }
};

TEST_F(Echo, whoever_is_there_answers) {
  for (const auto& [address, interface] : {std::pair("10.0.0.2", "ens1"), std::pair("::1", "lo")}) {
    auto socket = EchoSocket::open(ip(address), interface);
    ASSERT_TRUE(socket) << to_string(socket.error());
    ASSERT_TRUE(socket->ask());
    EXPECT_TRUE(answers(*socket)) << address;
    EXPECT_FALSE(socket->hears_answer()) << "one answer to one question";
  }
}

// On the same machine each raw socket is shown every answer.
TEST_F(Echo, an_answer_to_somebody_else_is_none) {
  auto one = EchoSocket::open(ip("127.0.0.1"), "lo").value();
  auto other = EchoSocket::open(ip("127.0.0.1"), "lo").value();
  ASSERT_TRUE(other.ask());
  ASSERT_TRUE(answers(other));
  ASSERT_TRUE(wait_readable(one.fd()));
  EXPECT_FALSE(one.hears_answer());
}

TEST_F(Echo, an_interface_that_is_not_there_is_an_error) {
  const auto socket = EchoSocket::open(ip("127.0.0.1"), "ens9");
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ENODEV);
}

}  // namespace
}  // namespace baton::kernel
