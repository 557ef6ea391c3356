#include "daemon/api_doors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <expected>

#include "base/result.h"

namespace baton::daemon {

namespace {

constexpr mode_t control_socket_mode = 0660;
constexpr std::size_t longest_token = 1024;
constexpr std::size_t shortest_token = 16;

std::optional<gid_t> group_number(const std::string& name) {
  const struct group* entry = name.empty() ? nullptr : ::getgrnam(name.c_str());
  return entry == nullptr ? std::nullopt : std::optional(entry->gr_gid);
}

// Its first line; the error is a sentence.
std::expected<std::string, std::string> read_token(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) < 0) return std::unexpected(to_string(last_error("read " + path).error()));
  if ((status.st_mode & S_IRWXO) != 0) return std::unexpected(path + " is open to everybody; chmod 600 " + path);
  std::array<char, longest_token> text{};
  const ssize_t count = ::read(file.get(), text.data(), text.size());
  std::string token(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  token.resize(std::min(token.find_first_of("\r\n"), token.size()));
  if (token.size() < shortest_token) {
    return std::unexpected(fmt::format(
        "the token in {0} is shorter than {1} characters; make one: openssl rand -hex 32 >{0}", path, shortest_token));
  }
  return token;
}

}  // namespace

SysResult<void> ApiDoors::open() {
  if (!control_socket_) {
    const std::string& name = options_.control_group;
    const auto group = group_number(name);
    if (!name.empty() && !group) {
      log_.error(
          fmt::format("--control-group: there is no group {0}, so root alone may ask; groupadd --system {0}", name));
    }
    control_socket_ = TRY(kernel::UnixListener::open(options_.control_socket(), control_socket_mode, group));
  }
  if (options_.http && !tcp_listener_) open_tcp();
  if (options_.http && !options_.http_token_file.empty()) read_token_file();
  return {};
}

void ApiDoors::open_tcp() {
  auto listener = kernel::TcpListener::open(options_.http->address, options_.http->port);
  if (!listener) {
    return log_.error("--http: " + to_string(listener.error()) +
                      "; a loopback address and a free port are needed, and it is tried again at the next reload");
  }
  tcp_listener_ = std::move(*listener);
}

// At each start of an api role, so that a reload takes a new one up. One that cannot be read leaves the one before.
void ApiDoors::read_token_file() {
  auto token = read_token(options_.http_token_file);
  if (!token) return log_.error("--http-token-file: " + token.error() + "; mend it, then: baton reload");
  token_ = std::move(*token);
}

std::vector<int> ApiDoors::descriptors() const {
  std::vector<int> open;
  if (control_socket_) open.push_back(control_socket_->fd());
  if (tcp_listener_) open.push_back(tcp_listener_->fd());
  return open;
}

}  // namespace baton::daemon
