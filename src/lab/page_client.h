// A client that fetches the page through a virtual address every few milliseconds, each time over a connection of its
// own, and knows from the page which server it came from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "lab/answers.h"
#include "lab/net_namespace.h"
#include "lab/reactor.h"

namespace baton::lab {

class PageClient {
 public:
  struct Options {
    const NetNamespace& network;
    IpAddress address;
    Duration interval{};
    std::function<std::optional<NodeId>(std::string_view page)> whose;
    // Told when what the client gets changes: a server's page, or a reason why there is none ("refused").
    std::function<void(std::optional<NodeId> server, const std::string& failure)> on_change;
  };
  PageClient(Reactor& reactor, Options options);
  ~PageClient();
  PageClient(const PageClient&) = delete;
  PageClient& operator=(const PageClient&) = delete;

  const Answers& answers() const { return answers_; }

 private:
  struct Fetch {
    UniqueFd socket;
    Reactor::Token watch = 0;
    std::size_t question = 0;
    Instant asked;
    bool connected = false;
    std::string received{};
  };
  using Fetches = std::map<std::size_t, Fetch>;

  void ask();
  void on_event(std::size_t question);
  void end(Fetches::iterator fetch, std::optional<NodeId> server, const std::string& failure);
  void give_up_old();

  Reactor& reactor_;
  Options options_;
  Answers answers_;
  Fetches fetches_;
  std::string last_outcome_;
  std::size_t newest_told_ = 0;
};

namespace limits {

inline constexpr Duration page_patience = std::chrono::milliseconds(250);  // before the first SYN is sent again
inline constexpr std::size_t open_fetches = 256;

}  // namespace limits

}  // namespace baton::lab
