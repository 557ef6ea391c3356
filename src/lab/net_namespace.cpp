#include "lab/net_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <fmt/format.h>

#include "base/assert.h"

namespace baton::lab {
namespace {

SysResult<UniqueFd> open_namespace(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return last_error("open " + path);
  return fd;
}

}  // namespace

SysResult<NetNamespace> NetNamespace::of(pid_t process) {
  auto fd = open_namespace(fmt::format("/proc/{}/ns/net", process));
  if (!fd) return std::unexpected(fd.error());
  return NetNamespace(std::move(*fd));
}

SysResult<NetNamespace> NetNamespace::own() {
  auto fd = open_namespace("/proc/thread-self/ns/net");
  if (!fd) return std::unexpected(fd.error());
  return NetNamespace(std::move(*fd));
}

NetNamespace::Visit::Visit(const NetNamespace& there) {
  auto here = open_namespace("/proc/thread-self/ns/net");
  ASSERT(here.has_value());
  back_ = std::move(*here);
  ASSERT(setns(there.fd(), CLONE_NEWNET) == 0);
}

NetNamespace::Visit::~Visit() {
  ASSERT(setns(back_.get(), CLONE_NEWNET) == 0);
}

}  // namespace baton::lab
