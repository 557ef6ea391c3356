#include "process/worker_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace baton::process {
namespace {

std::pair<UniqueFd, UniqueFd> channel() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

TEST(WorkerLink, what_a_worker_said_to_its_end_is_heard_before_the_next_one) {
  loop::Loop loop;
  int heard = 0;
  WorkerLink link(
      loop,
      {.on_message = [&](const ToRunner&) { ++heard; }, .on_bad_message = [](ProtocolError) {}, .on_closed = [] {}});
  auto [ours, workers] = channel();
  link.connect(std::move(ours));
  link.send(RunnerEvent{.text = "not read"});  // which the kernel tells before what was said (ECONNRESET)
  link.flush();
  const auto stop = encode(ToRunner(Stop{}));
  ASSERT_TRUE(stop);
  int said = 0;
  while (::send(workers.get(), stop->data(), stop->size(), MSG_DONTWAIT) > 0) ++said;
  ASSERT_GT(said, limits::messages_per_turn);
  workers.reset();
  auto [next, other] = channel();
  link.connect(std::move(next));
  EXPECT_EQ(heard, said);
  EXPECT_TRUE(link.is_connected());
}

}  // namespace
}  // namespace baton::process
