// A kernel without IPVS, made to look as if it had it: preloaded into keepalived, so that what its health checks cost
// can be measured anywhere. Every change of a table succeeds and does nothing (linux/ip_vs.h: the numbers are the
// kernel's).
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace {

constexpr int first_ipvs = 64 + 1024 + 64;  // IP_VS_BASE_CTL
constexpr int last_ipvs = first_ipvs + 63;  // IP_VS_SO_SET_MAX
constexpr unsigned version = 0x010201;

bool is_ipvs(int level, int name) {
  return level == IPPROTO_IP && name >= first_ipvs && name <= last_ipvs;
}

}  // namespace

extern "C" {

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  static const auto real = reinterpret_cast<decltype(&setsockopt)>(dlsym(RTLD_NEXT, "setsockopt"));
  return is_ipvs(level, name) ? 0 : real(fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
  static const auto real = reinterpret_cast<decltype(&getsockopt)>(dlsym(RTLD_NEXT, "getsockopt"));
  if (!is_ipvs(level, name)) return real(fd, level, name, value, size);
  std::memset(value, 0, *size);
  if (*size >= sizeof(version)) std::memcpy(value, &version, sizeof(version));
  return 0;
}
}
