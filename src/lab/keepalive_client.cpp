#include "lab/keepalive_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "lab/clock.h"

namespace baton::lab {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: lab\r\n\r\n";
constexpr std::size_t longest_page = 4096;

// Whether a whole answer of a short page has come: headers, and so many bytes behind them as they say.
bool is_whole(std::string_view text) {
  const std::size_t body = text.find("\r\n\r\n");
  const std::size_t length = text.find("Content-Length: ");
  if (body == std::string_view::npos || length == std::string_view::npos) return false;
  return text.size() - (body + 4) >= static_cast<std::size_t>(std::atoi(text.substr(length + 16).data()));
}

}  // namespace

SysResult<std::unique_ptr<KeepAliveClient>> KeepAliveClient::start(Reactor& reactor, const Options& options) {
  ASSERT(options.address.is_v4() && options.interval > Duration::zero());
  std::unique_ptr<KeepAliveClient> client(new KeepAliveClient(reactor, options));
  client->timer_ = UniqueFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  const timespec period{.tv_sec = options.interval / std::chrono::seconds(1),
                        .tv_nsec = (options.interval % std::chrono::seconds(1)).count()};
  const itimerspec when{.it_interval = period, .it_value = period};
  if (timerfd_settime(client->timer_.get(), 0, &when, nullptr) != 0) return last_error("set a timer");
  client->timer_watch_ =
      reactor.watch(client->timer_.get(), EPOLLIN, [&self = *client](std::uint32_t) { self.on_turn(); });
  return client;
}

KeepAliveClient::~KeepAliveClient() {
  give_up();
  if (timer_watch_ != 0) reactor_.unwatch(timer_watch_);
}

std::size_t KeepAliveClient::slower_than(Duration bound) const {
  return static_cast<std::size_t>(std::ranges::count_if(waits_, [bound](Duration wait) { return wait > bound; }));
}

void KeepAliveClient::on_turn() {
  std::uint64_t expirations = 0;
  (void)!read(timer_.get(), &expirations, sizeof(expirations));
  if (question_ && now() - asked_ <= options_.patience) return;
  if (question_) give_up();
  question_ = answers_.ask(asked_ = now());
  if (socket_) {
    ask();
  } else {
    connect();
  }
}

void KeepAliveClient::connect() {
  socket_ =
      UniqueFd(options_.network.inside([] { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }));
  if (!socket_) return give_up();
  const linger abort_at_close{.l_onoff = 1, .l_linger = 0};  // nothing of an old connection goes on
  (void)setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof(abort_at_close));
  ++connections_;
  connected_ = false;
  watch_ = reactor_.watch(socket_.get(), EPOLLOUT, [this](std::uint32_t) { on_event(); });
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(http_port);
  std::memcpy(&to.sin_addr, options_.address.bytes().data(), options_.address.size());
  const int result = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  if (result != 0 && errno != EINPROGRESS) give_up();
}

void KeepAliveClient::ask() {
  if (send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) give_up();
}

void KeepAliveClient::on_event() {
  int code = 0;
  socklen_t size = sizeof(code);
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return give_up();
  if (!connected_) {
    connected_ = true;
    reactor_.change(watch_, EPOLLIN);
    return ask();
  }
  std::array<char, longest_page> buffer;
  const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return give_up();
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  if (received_.size() > longest_page) return give_up();
  if (is_whole(received_)) on_answer();
}

void KeepAliveClient::on_answer() {
  received_.clear();
  if (!question_) return;
  const Instant time = now();
  answers_.answer(*question_, time, std::nullopt);
  waits_.push_back(time - asked_);
  question_.reset();
}

// The connection, and the question that was on its way.
void KeepAliveClient::give_up() {
  if (watch_ != 0) reactor_.unwatch(std::exchange(watch_, 0));
  socket_.reset();
  connected_ = false;
  received_.clear();
  if (question_) answers_.fail(*question_);
  question_.reset();
}

}  // namespace baton::lab
