// What a change of one service of many costs with nftables, and whether packets of another service are lost meanwhile.
// Run as root.
//
//   here: service 1 .. N at 10.7.0.1 ── veth ── 10.7.0.2: a UDP echo
//   one thread sends datagrams to service 1, each from a port of its own, so that each is a new connection
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "command_line/command_line.h"
#include "kernel/nft_balance.h"
#include "lab/clock.h"
#include "lab/sandbox.h"

namespace baton {
namespace {

constexpr const char* virtual_address = "10.7.0.1";
constexpr std::uint16_t first_port = 10'000;
constexpr std::uint16_t echo_port = 7;

sockaddr_in place(const char* address, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  (void)::inet_pton(AF_INET, address, &name.sin_addr);
  return name;
}

bool run(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

// A socket of the other namespace, where a veth's end is.
UniqueFd make_echo() {
  const UniqueFd here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (::unshare(CLONE_NEWNET) < 0) return {};
  UniqueFd there(::open("/proc/thread-self/ns/net", O_RDONLY));
  UniqueFd echo(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in any = place("0.0.0.0", echo_port);
  (void)::bind(echo.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any));
  (void)::setns(here.get(), CLONE_NEWNET);
  const std::string other = fmt::format("/proc/{}/fd/{}", ::getpid(), there.get());
  if (!run(fmt::format(
          "ip link set lo up; ip link add near type veth peer name far netns {0} && ip addr add 10.7.0.1/24 dev near "
          "&& "
          "ip link set near up && nsenter --net={0} sh -c 'ip addr add 10.7.0.2/24 dev far; ip link set far up'",
          other))) {
    return {};
  }
  return echo;
}

void serve(int echo, const std::atomic<bool>& ends) {
  std::array<char, 64> buffer{};
  while (!ends) {
    pollfd ready{.fd = echo, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, 50) != 1) continue;
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const ssize_t count = ::recvfrom(echo, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (count > 0)
      (void)::sendto(echo, buffer.data(), static_cast<std::size_t>(count), 0, reinterpret_cast<sockaddr*>(&from), size);
  }
}

struct Asked {
  std::size_t sent = 0;
  std::size_t lost = 0;
};

Asked ask(const std::atomic<bool>& ends) {
  constexpr int patience_ms = 1'000;
  Asked asked;
  const sockaddr_in service = place(virtual_address, first_port);
  while (!ends) {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    (void)::sendto(socket.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&service), sizeof(service));
    ++asked.sent;
    pollfd ready{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, patience_ms) != 1) ++asked.lost;
  }
  return asked;
}

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

int measure(std::uint16_t services, int changes) {
  UniqueFd echo = make_echo();
  auto balance = kernel::NftBalance::open();
  if (!echo || !balance) return 1;
  const DestinationKey real{.address = IpAddress::v4(0x0a070002), .port = echo_port};
  const DestinationKey other{.address = IpAddress::v4(0x0a070003), .port = echo_port};
  const auto key = [](std::uint16_t number) {
    return ServiceKey::of_address(17, IpAddress::v4(0x0a070001), static_cast<std::uint16_t>(first_port + number));
  };
  TableService one{.options = {.scheduler = "wrr"}, .destinations = {{real, {}}}};
  TableService two = one;
  two.destinations[other] = {};
  std::vector<kernel::NftBalance::Change> all;
  for (std::uint16_t i = 0; i < services; ++i) {
    all.push_back({.key = key(i), .after = &one, .selection = {.pick = Pick::in_turn, .slots = {real}}});
  }
  const Instant begin = lab::now();
  for (std::size_t from = 0; from < all.size(); from += 500) {
    const auto done = balance->change(std::span(all).subspan(from, std::min<std::size_t>(500, all.size() - from)));
    if (!done) return fmt::print("{}\n", to_string(done.error())), 1;
  }
  fmt::print("{} services made in {:.1f} ms\n", services, milliseconds(lab::now() - begin));
  std::atomic<bool> ends = false;
  std::atomic<bool> has_asked = false;  // the last question is answered too
  Asked asked;
  std::thread server([&] { serve(echo.get(), has_asked); });
  std::thread client([&] { asked = ask(ends); });
  std::vector<double> times;
  std::vector<double> processor_times;
  bool has_two = false;
  for (int i = 0; i < changes; ++i) {
    const TableService& before = has_two ? two : one;
    const TableService& after = has_two ? one : two;
    kernel::NftBalance::Change change{
        .key = key(static_cast<std::uint16_t>(services - 1)), .before = &before, .after = &after};
    change.selection.slots = has_two ? std::vector{real} : std::vector{real, other};
    const Instant start = lab::now();
    const Duration used = lab::read_clock(CLOCK_THREAD_CPUTIME_ID);
    const auto done = balance->change(std::span(&change, 1));
    processor_times.push_back(milliseconds(lab::read_clock(CLOCK_THREAD_CPUTIME_ID) - used));
    times.push_back(milliseconds(lab::now() - start));
    if (!done) fmt::print("{}\n", to_string(done.error()));
    has_two = !has_two;
    (void)::poll(nullptr, 0, 5);  // changes come one by one
  }
  ends = true;
  client.join();
  has_asked = true;
  server.join();
  std::ranges::sort(times);
  std::ranges::sort(processor_times);
  fmt::print("a change of one: median {:.2f} ms, p99 {:.2f} ms, longest {:.2f} ms over {}\n", times[times.size() / 2],
             times[times.size() * 99 / 100], times.back(), times.size());
  fmt::print("of which on the processor: median {:.2f} ms, longest {:.2f} ms\n",
             processor_times[processor_times.size() / 2], processor_times.back());
  fmt::print("new connections of another service meanwhile: {}, lost {}\n", asked.sent, asked.lost);
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  baton::command_line::Program program{"A change of one service of many, with nftables"};
  std::uint16_t services = 1'000;
  int changes = 500;
  program.add_option("--services", services).between(1, 20'000);
  program.add_option("--changes", changes).between(1, 100'000);
  if (const auto code = program.parse(argc, argv)) return *code;
  const auto code = baton::lab::run_in_sandbox([&] { return baton::measure(services, changes); });
  return code.value_or(1);
}
