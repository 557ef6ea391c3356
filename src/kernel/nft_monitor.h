// Hears of changes to nftables that others make: a firewall that is loaded anew with "flush ruleset" takes everybody's
// tables away.
#pragma once

#include <cstdint>
#include <string>

#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class NftMonitor {
 public:
  // `table`: in all families. `own_port`: of the netlink socket whose changes are no news.
  static SysResult<NftMonitor> open(std::string table, std::uint32_t own_port);

  int fd() const { return fd_.get(); }
  // Reads what there is. True: somebody changed that table, or so much was changed that it cannot be known.
  bool was_changed();

 private:
  NftMonitor(UniqueFd fd, std::string table, std::uint32_t own_port)
      : fd_(std::move(fd)), table_(std::move(table)), own_port_(own_port) {}

  UniqueFd fd_;
  std::string table_;
  std::uint32_t own_port_ = 0;
};

}  // namespace baton::kernel
