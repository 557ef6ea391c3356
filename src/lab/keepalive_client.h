// A client with one HTTP/1.1 connection that it keeps, as a proxy or an application does: it asks again and again
// through the virtual address, and only when the connection breaks or nobody answers does it open another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "lab/answers.h"
#include "lab/net_namespace.h"
#include "lab/reactor.h"

namespace baton::lab {

class KeepAliveClient {
 public:
  struct Options {
    const NetNamespace& network;
    IpAddress address;
    Duration interval{};  // between two requests; one is on its way at a time
    Duration patience{};  // for an answer, or for a connection; then the connection is given up
  };
  static SysResult<std::unique_ptr<KeepAliveClient>> start(Reactor& reactor, const Options& options);
  ~KeepAliveClient();
  KeepAliveClient(const KeepAliveClient&) = delete;
  KeepAliveClient& operator=(const KeepAliveClient&) = delete;

  const Answers& answers() const { return answers_; }
  std::size_t connections() const { return connections_; }  // opened so far
  // Answered, but not within `bound`.
  std::size_t slower_than(Duration bound) const;

 private:
  KeepAliveClient(Reactor& reactor, const Options& options)
      : reactor_(reactor), options_(options), answers_(options.patience) {}
  void on_turn();
  void connect();
  void ask();
  void on_event();
  void on_answer();
  void give_up();

  Reactor& reactor_;
  Options options_;
  Answers answers_;
  std::vector<Duration> waits_;  // of the answers
  UniqueFd timer_;
  Reactor::Token timer_watch_ = 0;
  UniqueFd socket_;
  Reactor::Token watch_ = 0;
  bool connected_ = false;
  std::optional<std::size_t> question_;
  Instant asked_;
  std::string received_;
  std::size_t connections_ = 0;
};

}  // namespace baton::lab
