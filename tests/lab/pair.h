// Two servers that share 10.0.20.100, for the tests of this folder:
//
//   client ──┬── web1 10.0.20.14  priority 200
//            └── web2 10.0.20.15  priority 100
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "lab/clock.h"
#include "lab/lab.h"
#include "lab/made_config.h"
#include "replayed.h"

namespace baton::lab {

inline constexpr NodeId web1 = 0;
inline constexpr NodeId web2 = 1;

// One vrrp_instance as both servers have it; the first one's first address is what a test watches.
struct SharedRouter {
  std::string name = "VI_1";
  int vrid = 50;
  std::vector<std::string> addresses = {"10.0.20.100"};
};

struct PairOptions {
  Daemon daemons[2] = {Daemon::keepalived, Daemon::keepalived};
  bool has_web = false;
  Duration probe_interval = LabOptions{}.probe_interval;
  std::string head = {};   // before the instances, on both
  std::string extra = {};  // lines of every vrrp_instance on both
  std::vector<std::string> batond_options = {};
  std::vector<SharedRouter> routers = {SharedRouter{}};
  std::function<void(Lab&)> prepare = [](Lab&) {};  // the machines run, the daemons do not yet
};

inline std::string instance_text(NodeId node, const SharedRouter& router, const std::string& extra = "") {
  std::string addresses;
  for (const std::string& address : router.addresses) addresses += fmt::format("    {}\n", address);
  return fmt::format(
      "vrrp_instance {} {{\n  interface ens33\n  mcast_src_ip 10.0.20.{}\n  virtual_router_id {}\n  priority {}\n"
      "  advert_int 1\n  virtual_ipaddress {{\n{}  }}\n{}}}\n",
      router.name, node == web1 ? 14 : 15, router.vrid, node == web1 ? 200 : 100, addresses, extra);
}

inline std::string pair_config(NodeId node, const PairOptions& options) {
  std::string text = options.head;
  for (const SharedRouter& router : options.routers) text += instance_text(node, router, options.extra);
  return text;
}

class Pair {
 public:
  explicit Pair(const PairOptions& options = {}) {
    const auto node = [&](NodeId id) {
      return MadeNode{.name = fmt::format("web{}", id + 1),
                      .config = pair_config(id, options),
                      .daemon = options.daemons[id],
                      .has_web = options.has_web};
    };
    LabOptions lab_options;
    lab_options.batond = BATOND_PROGRAM;
    lab_options.batond_options = options.batond_options;
    lab_options.probe_interval = options.probe_interval;
    auto opened = open_made_lab({node(web1), node(web2)}, std::move(lab_options));
    if (!opened) {
      ADD_FAILURE() << to_string(opened.error());
      return;
    }
    lab_ = std::move(*opened);
    options.prepare(*lab_);
    for (const NodeId id : {web1, web2}) {
      if (options.has_web) expect_done(lab_->start_web(id));
      expect_done(lab_->start_daemon(id));
    }
  }

  // Whatever the test was about: what these nodes did can be played again.
  ~Pair() {
    if (lab_) expect_all_replay(*lab_);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  explicit operator bool() const { return lab_ != nullptr; }
  Lab* operator->() { return lab_.get(); }
  Lab& operator*() { return *lab_; }

  std::set<NodeId> owners() const { return lab_->ownership().owners(address()); }
  const IpAddress& address() const { return lab_->topology().targets.front().address; }
  // Waits until `node` alone has the address and answers the client.
  bool wait_for_owner(NodeId node, Duration bound = std::chrono::seconds(15)) {
    return lab_->wait_until(
        [&] { return owners() == std::set<NodeId>{node} && lab_->pings(0).last_answered_by() == node; }, bound);
  }
  // What the daemons said, for the message of a test that failed.
  std::string log() const {
    std::string text;
    for (const Event& event : lab_->events()) {
      text +=
          fmt::format("{:8.3f} {} {}\n", std::chrono::duration<double>(event.at - lab_->events().front().at).count(),
                      event.node ? lab_->plan(*event.node).name : "client", event.text);
    }
    return text;
  }

  static void expect_done(const SysResult<void>& result) {
    if (!result) ADD_FAILURE() << to_string(result.error());
  }

 private:
  std::unique_ptr<Lab> lab_;
};

// batond is part of a test only where it has been built.
inline bool has_batond() {
  return access(BATOND_PROGRAM, X_OK) == 0;
}

}  // namespace baton::lab
