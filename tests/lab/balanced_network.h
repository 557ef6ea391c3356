// A load balancer between two LANs, for tests: a client before it, four web servers behind it.
//
//   client 10.9.0.1 ──┬── front ──┬── lb1 10.9.0.2 │ 10.8.0.2 ──┬── back ──┬── s1 10.8.0.11 (s2 .12, s3 .13, s4 .14)
//                     │           └── lb2 10.9.0.3 │ 10.8.0.3 ──┘          └── nginx; way back: 10.8.0.1, 10.8.0.2
//                     └ 10.9.0.4, .5: other clients
#pragma once

#include <poll.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/clock.h"
#include "lab/machine.h"
#include "lab/route_socket.h"

namespace baton::lab {

class BalancedNetwork {
 public:
  // `gateway`: by whom servers answer.
  explicit BalancedNetwork(const std::string& gateway = "10.8.0.2") {
    auto route = RouteSocket::open();
    EXPECT_TRUE(route);
    switches_ = std::make_unique<RouteSocket>(std::move(*route));
    for (const char* bridge : {"front", "back"}) {
      EXPECT_TRUE(switches_->add_bridge(bridge));
      EXPECT_TRUE(switches_->set_up(bridge, true));
    }
    boot("client", {{"front", "10.9.0.1/24 10.9.0.4/24 10.9.0.5/24"}});
    for (const auto& [name, number] : {std::pair("lb1", 2), std::pair("lb2", 3)}) {
      boot(name, {{"front", "10.9.0." + std::to_string(number) + "/24"},
                  {"back", "10.8.0." + std::to_string(number) + "/24"}});
      run(name, "echo 1 >/proc/sys/net/ipv4/ip_forward");
    }
    for (int i = 1; i <= 4; ++i) {
      const std::string name = "s" + std::to_string(i);
      boot(name, {{"back", "10.8.0.1" + std::to_string(i) + "/24"}});
      run(name, "ip route add default via " + gateway);
      start_web(name);
    }
  }
  ~BalancedNetwork() {
    for (const std::string& port : ports_) (void)switches_->remove_link(port);  // a namespace goes in its own time
    machines_.clear();
    for (const char* bridge : {"front", "back"}) (void)switches_->remove_link(bridge);
  }
  BalancedNetwork(const BalancedNetwork&) = delete;
  BalancedNetwork& operator=(const BalancedNetwork&) = delete;

  Machine& operator[](const std::string& name) { return *machines_.at(name); }

  // Standard output of a shell's commands, once they have ended.
  std::string output(const std::string& machine, const std::string& commands, int bound_ms = 60'000) {
    auto program = (*this)[machine].start({"sh", "-c", commands});
    if (!program) return "not started: " + to_string(program.error());
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      pollfd ready{.fd = program->output.get(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, bound_ms) != 1) return text + " (no end)";
      const ssize_t count = ::read(program->output.get(), buffer.data(), buffer.size());
      if (count <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  void run(const std::string& machine, const std::string& commands) { EXPECT_EQ(output(machine, commands), ""); }

  void start_web(const std::string& name) {
    EXPECT_TRUE((*this)[name].write_file("/run/lab/nginx.conf",
                                         "pid /run/lab/nginx.pid; error_log /run/lab/error.log; events {}\n"
                                         "http { access_log off; server { listen 80; listen 8080; listen [::]:80;\n"
                                         "  location / { return 200 \"" +
                                             name +
                                             "\\n\"; }\n"
                                             "  location /slow { limit_rate 20; return 200 \"" +
                                             name + "\\n\"; } } }\n"));
    run(name, "nginx -e /run/lab/error.log -c /run/lab/nginx.conf -p /run/lab");
  }
  void stop_web(const std::string& name) {
    run(name, "kill -9 $(cat /run/lab/nginx.pid) $(pidof nginx) 2>/dev/null; true");
  }

  void start_balancer(const std::string& name, const std::string& config, const std::string& options = {}) {
    EXPECT_TRUE((*this)[name].write_file("/run/lab/batond.conf", config));
    EXPECT_TRUE((*this)[name].write_file("/run/lab/start", "exec " BATOND_PROGRAM " -n -D -l -f /run/lab/batond.conf " +
                                                               options + " >>/run/lab/batond.log 2>&1\n"));
    auto program = (*this)[name].start({"sh", "/run/lab/start"});
    ASSERT_TRUE(program) << to_string(program.error());
    daemons_[name] = program->pid;
  }
  pid_t daemon(const std::string& name) { return daemons_.at(name); }
  std::string log(const std::string& name) { return output(name, "cat /run/lab/batond.log"); }
  std::string rules(const std::string& name) { return output(name, "nft list ruleset"); }

  // Who answers each of `times` requests; "-" for none.
  std::vector<std::string> ask(int times, const std::string& options = {}, const std::string& address = "10.9.0.100") {
    std::istringstream words(output("client", "for i in $(seq " + std::to_string(times) + "); do curl -s -m 20 " +
                                                  options + " http://" + address + "/ || echo -; done"));
    return {std::istream_iterator<std::string>(words), {}};
  }
  // How many requests each of them answers; "-": how many nobody does.
  std::map<std::string, int> shares(int times, const std::string& options = {},
                                    const std::string& address = "10.9.0.100") {
    std::map<std::string, int> result;
    for (const std::string& name : ask(times, options, address)) ++result[name];
    return result;
  }
  // The one that answers each of `times` requests; "" where there are several, or a request has no answer.
  std::string only_server(int times, const std::string& options = {}, const std::string& address = "10.9.0.100") {
    const auto counted = shares(times, options, address);
    return counted.size() == 1 && !counted.contains("-") ? counted.begin()->first : "";
  }
  // Until all of a few requests are answered by these, and by each of them.
  bool becomes(const std::vector<std::string>& servers, const std::string& address = "10.9.0.100") {
    const Instant deadline = now() + std::chrono::seconds(30);
    do {
      const auto got = shares(2 * static_cast<int>(servers.size()), "-g -m 2", address);
      bool same = got.size() == servers.size();
      for (const std::string& server : servers) same = same && got.contains(server);
      if (same) return true;
    } while (now() < deadline);
    return false;
  }

 private:
  struct Plug {
    std::string bridge;
    std::string addresses;
  };
  void boot(const std::string& name, const std::vector<Plug>& plugs) {
    auto machine = Machine::boot(name);
    ASSERT_TRUE(machine) << to_string(machine.error());
    machines_[name] = std::make_unique<Machine>(std::move(*machine));
    run(name, "mkdir -p /run/lab && ip link set lo up");
    int number = 0;
    for (const Plug& plug : plugs) {
      const std::string port = name + "-" + std::to_string(number);
      const std::string interface = "eth" + std::to_string(number++);
      const auto serial = static_cast<std::uint8_t>(++last_mac_);
      ASSERT_TRUE(switches_->add_cable(port, MacAddress{{6, 0, 0, 0, 1, serial}}, interface,
                                       MacAddress{{2, 0, 0, 0, 1, serial}}, (*this)[name].network().fd()));
      ports_.push_back(port);
      ASSERT_TRUE(switches_->plug_into(port, plug.bridge));
      ASSERT_TRUE(switches_->set_up(port, true));
      run(name, "ip link set " + interface + " up; for a in " + plug.addresses + "; do ip addr add $a dev " +
                    interface + "; done");
    }
  }

  std::unique_ptr<RouteSocket> switches_;
  std::map<std::string, std::unique_ptr<Machine>> machines_;
  std::map<std::string, pid_t> daemons_;
  std::vector<std::string> ports_;
  int last_mac_ = 0;
};

}  // namespace baton::lab
