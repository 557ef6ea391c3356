#include "control/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "http/message.h"
#include "http/parser.h"

namespace baton::control {

namespace {

using nlohmann::json;

std::unexpected<ControlError> failure(ControlError::Kind kind, std::string message) {
  return std::unexpected(ControlError{kind, std::move(message)});
}

std::expected<UniqueFd, ControlError> connect_to(const std::string& path) {
  using Kind = ControlError::Kind;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return failure(Kind::not_running, fmt::format("{}: path too long; a socket has 107 bytes at most", path));
  std::ranges::copy(path, address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(Kind::not_running, fmt::format("socket: {}", std::strerror(errno)));
  constexpr timeval bound{.tv_sec = 3, .tv_usec = 0};  // where nobody accepts and the queue is full
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  if (errno == EACCES || errno == EPERM) {
    return failure(Kind::permission, fmt::format("{}: permission denied; run as root", path));
  }
  return failure(Kind::not_running, fmt::format("no batond answers at {} ({}); start it: systemctl start baton", path,
                                                std::strerror(errno)));
}

}  // namespace

std::string instance_path(std::string_view name, std::string_view behind) {
  return fmt::format("/v1/instances/{}{}", http::percent_encoded(name), behind);
}

std::expected<UniqueFd, ControlError> send_request(const std::string& socket_path, const Call& call) {
  auto connected = connect_to(socket_path);
  if (!connected) return connected;
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", call.method, call.path);
  if (!call.last_event.empty()) text += fmt::format("Last-Event-ID: {}\r\n", call.last_event);
  if (call.body.is_null()) {
    text += call.method == "GET" ? "\r\n" : "Content-Length: 0\r\n\r\n";
  } else {
    const std::string body = call.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  }
  if (::send(connected->get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    return failure(ControlError::Kind::not_running, fmt::format("{}: {}", socket_path, std::strerror(errno)));
  }
  return connected;
}

namespace {

std::expected<std::string, ControlError> fetch_once(const std::string& socket_path, const Call& call,
                                                    std::chrono::milliseconds timeout) {
  using Kind = ControlError::Kind;
  auto connected = send_request(socket_path, call);
  if (!connected) return std::unexpected(std::move(connected).error());
  const UniqueFd fd = std::move(*connected);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  http::ResponseParser parser;
  std::array<char, 65536> buffer;
  while (!parser.is_whole()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
    const int answers = left.count() <= 0 ? 0 : ::poll(&ready, 1, static_cast<int>(left.count()));
    if (answers < 0 && errno == EINTR) continue;  // a signal is no answer: a window that is resized, say
    if (answers <= 0) {
      return failure(
          Kind::timeout,
          fmt::format("batond did not answer within {} ms; ask again, or see: journalctl -u baton", timeout.count()));
    }
    const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0)
      return failure(Kind::malformed, "batond closed the connection before its answer was complete; ask again");
    if (!parser.feed({buffer.data(), static_cast<std::size_t>(count)})) {
      return failure(Kind::malformed,
                     fmt::format("what answers at {} does not speak HTTP as batond does", socket_path));
    }
  }
  std::string body = parser.take_body();
  if (parser.status() < http::status::bad_request) return body;
  const json error = json::parse(body, nullptr, false);
  const std::string sentence = error.is_object() ? error.value("error", "") : std::string();
  const bool is_reloading = error.is_object() && error.value("kind", "") == "reloading";
  const Kind kind = is_reloading                                 ? Kind::reloading
                    : parser.status() == http::status::not_found ? Kind::not_found
                    : parser.status() == http::status::forbidden ? Kind::permission
                                                                 : Kind::refused;
  return failure(kind, sentence.empty() ? fmt::format("batond answers {}", parser.status()) : sentence);
}

}  // namespace

std::expected<std::string, ControlError> fetch(const std::string& socket_path, const Call& call,
                                               std::chrono::milliseconds timeout) {
  auto body = fetch_once(socket_path, call, timeout);
  // A reload puts another in the place of who answers. What changes something is not asked for twice.
  constexpr int times_more = 3;
  for (int i = 0; i < times_more && call.method == "GET" && !body; ++i) {
    if (body.error().kind != ControlError::Kind::reloading) break;
    body = fetch_once(socket_path, call, timeout);
  }
  return body;
}

namespace {

std::expected<json, ControlError> object_of(const std::expected<std::string, ControlError>& body,
                                            const json::parser_callback_t& on_value = nullptr) {
  if (!body) return std::unexpected(body.error());
  json parsed = json::parse(*body, on_value, false);
  if (!parsed.is_object())
    return failure(ControlError::Kind::malformed, "the answer of batond is not JSON; is --socket that of batond?");
  return parsed;
}

}  // namespace

std::expected<json, ControlError> ask(const std::string& socket_path, const Call& call,
                                      std::chrono::milliseconds timeout) {
  return object_of(fetch(socket_path, call, timeout));
}

std::expected<json, ControlError> ask_item_by_item(const std::string& socket_path, const Call& call,
                                                   std::string_view list, const std::function<void(const json&)>& take,
                                                   std::chrono::milliseconds timeout) {
  constexpr int depth_of_a_member = 1;
  constexpr int depth_of_an_item = 2;
  bool is_in_list = false;
  return object_of(fetch(socket_path, call, timeout), [&](int depth, json::parse_event_t event, const json& value) {
    if (depth == depth_of_a_member && event == json::parse_event_t::key) is_in_list = value == list;
    if (!is_in_list || depth != depth_of_an_item || event != json::parse_event_t::object_end) return true;
    take(value);
    return false;
  });
}

}  // namespace baton::control
