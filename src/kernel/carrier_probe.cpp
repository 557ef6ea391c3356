#include "kernel/carrier_probe.h"

#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace baton::kernel {

namespace {

ifreq request_for(const std::string& interface) {
  ifreq request{};
  std::ranges::copy_n(interface.begin(),
                      static_cast<std::ptrdiff_t>(std::min<std::size_t>(interface.size(), IFNAMSIZ - 1)),
                      request.ifr_name);
  return request;
}

}  // namespace

SysResult<CarrierProbe> CarrierProbe::open() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return last_error("open a socket to ask for carriers");
  return CarrierProbe(std::move(fd));
}

std::optional<bool> CarrierProbe::has_carrier(const std::string& interface, CarrierQuestion question) const {
  switch (question) {
    case CarrierQuestion::mii: return ask_mii(interface);
    case CarrierQuestion::ethtool: return ask_ethtool(interface);
    case CarrierQuestion::flags: return ask_flags(interface);
    case CarrierQuestion::any: break;
  }
  if (const auto answer = ask_mii(interface)) return answer;
  if (const auto answer = ask_ethtool(interface)) return answer;
  return ask_flags(interface);
}

// IEEE 802.3 §22.2.4.2.13: a lost link is remembered until it is read, so that the second reading is the present.
std::optional<bool> CarrierProbe::ask_mii(const std::string& interface) const {
  ifreq request = request_for(interface);
  if (::ioctl(fd_.get(), SIOCGMIIPHY, &request) < 0) return std::nullopt;
  mii_ioctl_data data{};
  std::memcpy(&data, &request.ifr_ifru, sizeof(data));
  data.reg_num = MII_BMSR;
  for (int reading = 0; reading < 2; ++reading) {
    std::memcpy(&request.ifr_ifru, &data, sizeof(data));
    if (::ioctl(fd_.get(), SIOCGMIIREG, &request) < 0) return std::nullopt;
  }
  std::memcpy(&data, &request.ifr_ifru, sizeof(data));
  return (data.val_out & BMSR_LSTATUS) != 0;
}

std::optional<bool> CarrierProbe::ask_ethtool(const std::string& interface) const {
  ifreq request = request_for(interface);
  ethtool_value value{.cmd = ETHTOOL_GLINK, .data = 0};
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (::ioctl(fd_.get(), SIOCETHTOOL, &request) < 0) return std::nullopt;
  return value.data != 0;
}

std::optional<bool> CarrierProbe::ask_flags(const std::string& interface) const {
  ifreq request = request_for(interface);
  if (::ioctl(fd_.get(), SIOCGIFFLAGS, &request) < 0) return std::nullopt;
  return (request.ifr_flags & IFF_RUNNING) != 0;
}

}  // namespace baton::kernel
