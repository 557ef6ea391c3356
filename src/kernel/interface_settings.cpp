#include "kernel/interface_settings.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace baton::kernel {

bool forwards_ipv6(const std::string& interface) {
  const UniqueFd file(::open(("/proc/sys/net/ipv6/conf/" + interface + "/forwarding").c_str(), O_RDONLY | O_CLOEXEC));
  char value = '0';
  return file && ::read(file.get(), &value, 1) == 1 && value != '0';
}

}  // namespace baton::kernel
