// A client that pings virtual addresses every millisecond and knows which node answered, by the answer's Ethernet
// source.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/mac_address.h"
#include "base/sys_error.h"
#include "lab/answers.h"
#include "lab/net_namespace.h"
#include "lab/packet_tap.h"
#include "lab/reactor.h"

namespace baton::lab {

class PingProbe {
 public:
  struct Options {
    const NetNamespace& network;          // the client's
    std::vector<std::string> interfaces;  // the client's, one a LAN
    std::vector<IpAddress> targets;
    Duration interval{};
    std::function<std::optional<NodeId>(const MacAddress&)> whose;
  };
  static SysResult<std::unique_ptr<PingProbe>> start(Reactor& reactor, Options options);
  ~PingProbe();
  PingProbe(const PingProbe&) = delete;
  PingProbe& operator=(const PingProbe&) = delete;

  const Answers& answers(TargetId target) const { return answers_[target]; }

 private:
  PingProbe(Reactor& reactor, Options options);
  SysResult<void> open_sockets();
  void ask_all();
  void ask(TargetId target);
  void on_frame(ByteView frame, Instant at);

  Reactor& reactor_;
  Options options_;
  UniqueFd socket_v4_;
  UniqueFd socket_v6_;
  std::vector<PacketTap> taps_;
  std::vector<Reactor::Token> watches_;
  std::vector<Answers> answers_;
};

}  // namespace baton::lab
