// Asks a network driver whether it has a carrier (netdevice(7)), for the few that do not tell netlink when it comes and
// goes: linkbeat_interfaces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

// MII: the status register of its PHY. ETHTOOL: the driver. IOCTL: the kernel's flag IFF_RUNNING.
enum class CarrierQuestion : std::uint8_t { any, mii, ethtool, flags };  // any: the first of them that is answered

class CarrierProbe {
 public:
  static SysResult<CarrierProbe> open();

  // nullopt: no such interface, or its driver does not answer this question.
  std::optional<bool> has_carrier(const std::string& interface, CarrierQuestion question) const;

 private:
  explicit CarrierProbe(UniqueFd fd) : fd_(std::move(fd)) {}
  std::optional<bool> ask_mii(const std::string& interface) const;
  std::optional<bool> ask_ethtool(const std::string& interface) const;
  std::optional<bool> ask_flags(const std::string& interface) const;

  UniqueFd fd_;
};

}  // namespace baton::kernel
