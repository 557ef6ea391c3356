#include "lab/page_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "lab/clock.h"

namespace baton::lab {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::string_view request = "GET / HTTP/1.0\r\n\r\n";
constexpr std::size_t longest_page = 4096;

int connect_to(int fd, const IpAddress& address) {
  if (address.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(http_port);
    std::memcpy(&to.sin_addr, address.bytes().data(), address.size());
    return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(http_port);
  std::memcpy(&to.sin6_addr, address.bytes().data(), address.size());
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
}

// For the story: "connection refused" needs no capital and no errno.
std::string explain(int code) {
  switch (code) {
    case ECONNREFUSED: return "connection refused";
    case ECONNRESET: return "connection reset";
    case EHOSTUNREACH: return "nobody answers ARP for it";
    case ETIMEDOUT: return "no answer";
    default: return std::strerror(code);
  }
}

}  // namespace

PageClient::PageClient(Reactor& reactor, Options options)
    : reactor_(reactor), options_(std::move(options)), answers_(limits::page_patience) {
  reactor_.every(options_.interval, [this] {
    give_up_old();
    ask();
  });
}

PageClient::~PageClient() {
  for (auto& [question, fetch] : fetches_) reactor_.unwatch(fetch.watch);
}

void PageClient::ask() {
  if (fetches_.size() >= limits::open_fetches) return;
  const int family = options_.address.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(options_.network.inside([&] { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }));
  if (!fd) return;
  const linger abort_at_close{.l_onoff = 1, .l_linger = 0};  // thousands of connections, none left in TIME-WAIT
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof(abort_at_close));
  const Instant time = now();
  const std::size_t question = answers_.ask(time);
  const int connected = connect_to(fd.get(), options_.address);
  const int code = errno;
  const auto fetch =
      fetches_.emplace(question, Fetch{.socket = std::move(fd), .question = question, .asked = time}).first;
  if (connected != 0 && code != EINPROGRESS) return end(fetch, std::nullopt, explain(code));
  fetch->second.watch =
      reactor_.watch(fetch->second.socket.get(), EPOLLOUT, [this, question](std::uint32_t) { on_event(question); });
}

void PageClient::on_event(std::size_t question) {
  const auto found = fetches_.find(question);
  if (found == fetches_.end()) return;
  Fetch& fetch = found->second;
  int code = 0;
  socklen_t size = sizeof(code);
  getsockopt(fetch.socket.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return end(found, std::nullopt, explain(code));
  if (!fetch.connected) {
    fetch.connected = true;
    if (send(fetch.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
      return end(found, std::nullopt, explain(errno));
    return reactor_.change(fetch.watch, EPOLLIN);
  }
  std::array<char, longest_page> buffer;
  const ssize_t got = recv(fetch.socket.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) return end(found, std::nullopt, explain(errno));
  fetch.received.append(buffer.data(), static_cast<std::size_t>(got));
  if (got > 0 && fetch.received.size() < longest_page) return;
  const std::size_t body = fetch.received.find("\r\n\r\n");
  if (body == std::string::npos) return end(found, std::nullopt, "connection closed");
  end(found, options_.whose(std::string_view(fetch.received).substr(body + 4)), "a page of nobody we know");
}

void PageClient::end(Fetches::iterator fetch, std::optional<NodeId> server, const std::string& failure) {
  const std::size_t question = fetch->first;
  if (fetch->second.watch != 0) reactor_.unwatch(fetch->second.watch);
  fetches_.erase(fetch);
  if (server) {
    answers_.answer(question, now(), server);
  } else {
    answers_.fail(question);
  }
  if (question < newest_told_) return;  // an old question's late end is no news
  newest_told_ = question;
  const std::string outcome = server ? "from " + std::to_string(*server) : failure;
  if (outcome == last_outcome_) return;
  last_outcome_ = outcome;
  options_.on_change(server, failure);
}

void PageClient::give_up_old() {
  while (!fetches_.empty() && now() - fetches_.begin()->second.asked > limits::page_patience) {
    end(fetches_.begin(), std::nullopt, "no answer");
  }
}

}  // namespace baton::lab
