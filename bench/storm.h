// Frames that come out of a switch port as if a card had taken them from the wire in one interrupt: by the XDP test run
// of the kernel, which hands a batch at a time to the network stack. A packet socket hands over one by one, and each of
// them wakes whoever listens; at 44,000 a second that alone filled a core of the sender's and one of the receivers'.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::bench {

class Storm {
 public:
  // As if the frame had come to this interface of the caller's network namespace, so many times a second, until
  // stop() or five minutes are over.
  static SysResult<Storm> start(const std::string& interface, const Bytes& frame, std::uint64_t frames_a_second);
  Storm(Storm&& other) noexcept;
  Storm& operator=(Storm&&) = delete;
  ~Storm();

  // How many were handed over.
  std::uint64_t stop();

 private:
  explicit Storm(UniqueFd sent) : sent_(std::move(sent)) {}

  std::vector<pid_t> processes_;
  UniqueFd sent_;  // each process says it here at its end
};

}  // namespace baton::bench
