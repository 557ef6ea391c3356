// notify_fifo, vrrp_notify_fifo and lvs_notify_fifo: named pipes that are written without ever waiting for a reader.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "process/program.h"
#include "process/runner_protocol.h"

namespace baton::process {

class Fifos {
 public:
  Fifos() = default;
  Fifos(const Fifos&) = delete;
  Fifos& operator=(const Fifos&) = delete;
  ~Fifos() { (void)set({}, nullptr); }

  // Replaces the list. A FIFO that was there before stays open, so that its reader loses nothing; one that is missing
  // is made with mode 0600 and its owner, one that we made and that is no longer wanted is removed. One that somebody
  // has removed or replaced is opened anew. Returns a sentence for each that cannot be used. `users` may be null for an
  // empty list, and is asked until the next. Owners that are not known yet get theirs when the list is set again; until
  // then one that we make is our own, and one that was there is not used.
  std::vector<std::string> set(const std::vector<Fifo>& wanted, Users* users);

  struct Written {
    std::size_t lines = 0;
    std::size_t dropped = 0;  // nobody reads and the pipe is full
    std::string problem;      // not empty: of one that was replaced, why what is there now is not used
  };
  // One line to each that hears of it; to what stands there now, where it was replaced.
  Written write(const WriteFifos& line);

 private:
  struct Open {
    Fifo wanted;
    UniqueFd fd;
    bool is_ours = false;  // made by us, to be removed by us
  };

  static std::expected<Open, std::string> open(const Fifo& wanted, Users& users);
  static std::expected<void, std::string> own(const Open& fifo, const Fifo& wanted, Users& users);
  static void close(const Open& fifo);

  Users* users_ = nullptr;
  std::vector<Open> open_;
};

}  // namespace baton::process
