// Settings of interfaces (files below /proc/sys/net) that are changed for as long as Baton runs. What they were is
// written down before they are changed, in a file that outlives the process: whoever comes after a crash can restore
// them, and takes no value of ours for the operator's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/sys_error.h"

namespace baton::kernel {

// "ipv4/conf/eth0/arp_ignore" and its value, "1".
using Settings = std::map<std::string, std::string>;

// nullopt where there is no such setting (no such interface, no IPv6).
std::optional<std::string> read_setting(const std::string& name);
SysResult<void> write_setting(const std::string& name, const std::string& value);

class SettingsRecord {
 public:
  // Goes on with what an earlier life has written there. Empty: nothing is written, everything kept in memory.
  explicit SettingsRecord(std::string path);

  // From now on these are as given, and all others that were changed are as they were; what somebody else has changed
  // meanwhile stays. A setting that is not there is passed over. Returns what could not be done.
  std::vector<SysError> keep(const Settings& wanted);
  std::vector<SysError> restore_all() { return keep({}); }
  bool is_empty() const { return changes_.empty(); }

  // As it was before us.
  std::optional<std::string> original(const std::string& name) const;

 private:
  struct Change {
    std::string before;
    std::string after;
  };
  SysResult<void> save() const;

  std::string path_;
  std::map<std::string, Change> changes_;
};

// What it takes so that one interface may have rp_filter 0: `all` counts for each as the larger of the two, so it
// becomes 0 and every interface that is no exception, and those to come, get the larger one. None where `all` was 0.
Settings loosen_reverse_path_filter(const SettingsRecord& record, const std::set<std::string>& exceptions);

}  // namespace baton::kernel
