// The socket of a check, in a process that is confined as the one that checks is.
#include "kernel/check_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/confinement.h"
#include "network.h"

namespace baton::kernel {
namespace {

class CheckSocketTest : public Network {};

// 0, or errno of what has failed, in a child that has given up its power.
int confined_try(CheckSocket kind, const CheckEndpoint& endpoint) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!confine_client({})) ::_exit(255);
    const auto fd = open_check_socket(kind, endpoint);
    if (!fd) ::_exit(fd.error().code);
    const auto connected = connect_check_socket(fd->get(), kind, endpoint);
    if (!connected) ::_exit(connected.error().code);
    ::_exit(kind == CheckSocket::stream || send_some(fd->get(), "x", 1) ? 0 : errno);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(CheckSocketTest, a_confined_check_of_a_link_local_address_goes_out_on_its_interface) {
  IpAddress server;
  UniqueFd listening;
  there([&] {
    server = link_local();
    listening = UniqueFd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in6 any{.sin6_family = AF_INET6, .sin6_port = htons(5353)};
    ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
  });
  const CheckEndpoint endpoint{.address = server, .port = 5353, .interface = "ens1"};
  EXPECT_EQ(confined_try(CheckSocket::datagram, endpoint), 0);
  EXPECT_TRUE(wait_readable(listening.get()));
  EXPECT_EQ(confined_try(CheckSocket::stream, endpoint), 0);
  CheckEndpoint own_source = endpoint;
  own_source.source = link_local();
  for (const CheckSocket kind : {CheckSocket::stream, CheckSocket::datagram}) {
    EXPECT_EQ(confined_try(kind, own_source), 0);
  }
}

TEST_F(CheckSocketTest, an_interface_that_is_missing_is_our_own_fault) {
  EXPECT_EQ(confined_try(CheckSocket::stream, {.address = ip("2001:db8::1"), .port = 80, .interface = "eth7"}), ENODEV);
}

}  // namespace
}  // namespace baton::kernel
