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

bool ForwardingMemory::forwards_ipv6(const std::string& interface, Instant now) {
  constexpr Duration believed = std::chrono::seconds(5);
  const auto [answer, is_new] = answers_.try_emplace(interface);
  if (is_new || now - answer->second.read >= believed) {
    answer->second = {.forwards = kernel::forwards_ipv6(interface), .read = now};
  }
  return answer->second.forwards;
}

}  // namespace baton::kernel
