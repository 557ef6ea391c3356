// Plays a chaos story in a lab: nodes that share one address, a web server on each, a client that keeps its connection,
// and scripts that are told of every change.
//
//   client ──┬── web1 10.0.20.14  priority 200
//            ├── web2 10.0.20.15  priority 170
//            └── ...  at most five
#pragma once

#include <compare>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/chaos_judge.h"
#include "lab/chaos_story.h"
#include "lab/keepalive_client.h"
#include "lab/lab.h"

namespace baton::lab {

struct ChaosOptions {
  std::vector<Daemon> daemons;  // of web1, web2, ...
  std::string batond;
  Duration calm = std::chrono::seconds(6);       // after each act, before anything is judged
  Duration patience = std::chrono::seconds(10);  // then it may take so long until all is well
  std::function<void(const Event&)> on_event = [](const Event&) {};
};

class ChaosRun {
 public:
  // All run, web1 has the address, and its script has said so. Otherwise the reason why not.
  static std::expected<std::unique_ptr<ChaosRun>, std::string> start(const ChaosOptions& options);

  // Every fault and its end at its time, or as soon as that is over which came before; then the calm. A fault that
  // cannot be carried out is an error: the story would be another one.
  std::expected<void, std::string> play(const Act& act);
  Observations observations();
  JudgeLimits limits() const { return judge_limits(lab_->topology().targets.front()); }

  Lab& lab() { return *lab_; }
  const KeepAliveClient& client() const { return *client_; }
  std::size_t settled_late() const { return settled_late_; }  // acts that took more than the calm

 private:
  struct Moment {
    Duration at{};
    std::size_t fault = 0;
    bool is_end = false;
    auto operator<=>(const Moment&) const = default;
  };

  explicit ChaosRun(ChaosOptions options) : options_(std::move(options)) {}
  std::expected<void, std::string> open();
  SysResult<void> furnish(NodeId node);
  SysResult<void> begin(const Fault& fault);
  SysResult<void> end(const Fault& fault);
  SysResult<void> signal(NodeId node, Role role, int number);
  SysResult<void> restart(NodeId node);
  SysResult<void> mark(NodeId node, const std::string& file, bool present);
  SysResult<void> rewrite(NodeId node, bool has_another_address);
  void settle();
  bool is_settled();
  std::vector<NewsLine> news_of(NodeId node) const;

  ChaosOptions options_;
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<KeepAliveClient> client_;
  std::vector<FaultSpan> faults_;
  std::vector<Instant> checkpoints_;
  Instant from_;
  std::size_t settled_late_ = 0;
};

namespace limits {

inline constexpr std::size_t chaos_nodes = 5;
inline constexpr Duration chaos_start = std::chrono::seconds(30);
inline constexpr Duration request_interval = std::chrono::milliseconds(20);
inline constexpr Duration request_patience = std::chrono::seconds(1);

}  // namespace limits

}  // namespace baton::lab
