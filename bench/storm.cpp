#include "storm.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/result.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;

constexpr Duration longest = 5min;
constexpr Duration tick = 1ms;
constexpr std::uint32_t batch = 64;         // of one interrupt, as a card's
constexpr unsigned processes = 8;           // a call waits for tens of milliseconds when its frames have gone
constexpr std::uint64_t most_a_call = 512;  // behind schedule it catches up, and no further

volatile std::sig_atomic_t told_to_stop = 0;

long bpf(bpf_cmd command, bpf_attr& attributes) {
  return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

std::uint64_t address_of(const void* memory) {
  return reinterpret_cast<std::uint64_t>(memory);
}

// `return XDP_PASS;`: on to the network stack.
UniqueFd load_program() {
  const std::array<bpf_insn, 2> code{{
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  }};
  static constexpr char license[] = "GPL";
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insns = address_of(code.data());
  attributes.insn_cnt = code.size();
  attributes.license = address_of(license);
  return UniqueFd(static_cast<int>(bpf(BPF_PROG_LOAD, attributes)));
}

bool hand_over(int program, unsigned interface, const Bytes& frame, std::uint64_t count) {
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(frame.size());
  context.ingress_ifindex = interface;
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<std::uint32_t>(program);
  attributes.test.data_in = address_of(frame.data());
  attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
  attributes.test.ctx_in = address_of(&context);
  attributes.test.ctx_size_in = sizeof(context);
  attributes.test.repeat = static_cast<std::uint32_t>(count);
  attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  attributes.test.batch_size = batch;
  return bpf(BPF_PROG_TEST_RUN, attributes) == 0;
}

[[noreturn]] void storm(int program, unsigned interface, const Bytes& frame, std::uint64_t frames_a_second, int out) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)signal(SIGTERM, [](int) { told_to_stop = 1; });
  std::uint64_t sent = 0;
  const Instant from = lab::now();
  while (told_to_stop == 0 && lab::now() - from < longest) {
    const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(lab::now() - from).count() *
                                                static_cast<double>(frames_a_second));
    if (due <= sent) {
      const timespec pause{.tv_sec = 0, .tv_nsec = tick.count()};
      (void)nanosleep(&pause, nullptr);
      continue;
    }
    const std::uint64_t count = std::min(due - sent, most_a_call);
    if (!hand_over(program, interface, frame, count)) break;  // told to stop in the middle: some have gone uncounted
    sent += count;
  }
  (void)!write(out, &sent, sizeof(sent));
  _exit(0);
}

}  // namespace

SysResult<Storm> Storm::start(const std::string& interface, const Bytes& frame, std::uint64_t frames_a_second) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) return last_error("find interface " + interface);
  const UniqueFd program = load_program();
  if (!program) return last_error("load an XDP program");
  if (!hand_over(program.get(), index, frame, 1)) return last_error("hand a frame to the network stack");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return last_error("make a pipe");
  UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  Storm started(std::move(read_end));
  for (unsigned i = 0; i < processes; ++i) {
    const pid_t process = fork();
    if (process < 0) return last_error("start a storm");
    if (process == 0) storm(program.get(), index, frame, frames_a_second / processes, write_end.get());
    started.processes_.push_back(process);
  }
  return started;
}

Storm::Storm(Storm&& other) noexcept : processes_(std::exchange(other.processes_, {})), sent_(std::move(other.sent_)) {}

Storm::~Storm() {
  (void)stop();
}

std::uint64_t Storm::stop() {
  std::uint64_t all = 0;
  for (const pid_t process : processes_) (void)kill(process, SIGTERM);
  for (const pid_t process : std::exchange(processes_, {})) {
    std::uint64_t sent = 0;
    (void)!read(sent_.get(), &sent, sizeof(sent));
    (void)waitpid(process, nullptr, 0);
    all += sent;
  }
  return all;
}

}  // namespace baton::bench
