#include "control/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace baton::control {

namespace {

constexpr std::size_t longest_reply = 64 * 1024 * 1024;

std::unexpected<ControlError> failure(ControlError::Kind kind, std::string message) {
  return std::unexpected(ControlError{kind, std::move(message)});
}

std::expected<UniqueFd, ControlError> connect_to(const std::string& path) {
  using Kind = ControlError::Kind;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return failure(Kind::not_running, fmt::format("{}: path too long", path));
  std::ranges::copy(path, address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(Kind::not_running, fmt::format("socket: {}", std::strerror(errno)));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  if (errno == EACCES || errno == EPERM) {
    return failure(Kind::permission, fmt::format("{}: permission denied; run as root", path));
  }
  return failure(Kind::not_running, fmt::format("no batond answers at {} ({}); start it: systemctl start baton", path,
                                                std::strerror(errno)));
}

}  // namespace

std::expected<UniqueFd, ControlError> send_request(const std::string& socket_path, const nlohmann::json& request) {
  auto connected = connect_to(socket_path);
  if (!connected) return connected;
  const std::string line = request.dump() + "\n";
  if (::send(connected->get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    return failure(ControlError::Kind::not_running, fmt::format("{}: {}", socket_path, std::strerror(errno)));
  }
  return connected;
}

std::expected<nlohmann::json, ControlError> ask(const std::string& socket_path, const nlohmann::json& request,
                                                std::chrono::milliseconds timeout) {
  using Kind = ControlError::Kind;
  auto connected = send_request(socket_path, request);
  if (!connected) return std::unexpected(std::move(connected).error());
  const UniqueFd fd = std::move(*connected);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string reply;
  std::array<char, 65536> buffer;
  while (reply.find('\n', reply.size() > buffer.size() ? reply.size() - buffer.size() : 0) == reply.npos) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
      return failure(Kind::timeout, fmt::format("batond did not answer within {} ms", timeout.count()));
    }
    const ssize_t count = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return failure(Kind::malformed, "batond closed the connection before its answer was complete");
    reply.append(buffer.data(), static_cast<std::size_t>(count));
    if (reply.size() > longest_reply) return failure(Kind::malformed, "the answer of batond is too long");
  }
  auto parsed = nlohmann::json::parse(reply, nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) return failure(Kind::malformed, "the answer of batond is not JSON");
  if (parsed.contains("error")) {
    const Kind kind = parsed.value("kind", "") == "not-found" ? Kind::not_found : Kind::refused;
    return failure(kind, parsed["error"].get<std::string>());
  }
  return parsed;
}

}  // namespace baton::control
