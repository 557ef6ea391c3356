#include "kernel/unix_listener.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace baton::kernel {
namespace {

class Listener : public testing::Test {
 protected:
  Listener() {
    std::string name = "/tmp/baton-listener-XXXXXX";
    folder = ::mkdtemp(name.data());
    path = folder / "socket";
  }
  ~Listener() override { std::filesystem::remove_all(folder); }

  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) fd.reset();
    return fd;
  }

  std::filesystem::path folder;
  std::string path;
};

TEST_F(Listener, takes_clients_and_knows_who_they_are) {
  auto listener = UnixListener::open(path, 0600);
  ASSERT_TRUE(listener);
  EXPECT_FALSE(listener->accept());
  const UniqueFd client = connect();
  ASSERT_TRUE(client);
  const auto accepted = listener->accept();
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->uid, ::getuid());
}

TEST_F(Listener, the_path_has_mode_and_group_and_goes_with_the_listener) {
  {
    auto listener = UnixListener::open(path, 0660, ::getgid());
    ASSERT_TRUE(listener);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
    EXPECT_EQ(status.st_gid, ::getgid());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Listener, a_socket_of_an_earlier_life_is_replaced) {
  auto dead = UnixListener::open(path, 0600);
  ASSERT_TRUE(dead);
  EXPECT_TRUE(UnixListener::open(path, 0600));
}

TEST_F(Listener, a_file_that_is_no_socket_is_left_alone) {
  std::ofstream(path) << "precious";
  const auto listener = UnixListener::open(path, 0600);
  ASSERT_FALSE(listener);
  EXPECT_EQ(to_string(listener.error()), "listen at " + path + ": Address already in use");
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(Listener, a_path_too_long_for_a_socket_is_an_error) {
  const auto listener = UnixListener::open(path + std::string(200, 'x'), 0600);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace baton::kernel
