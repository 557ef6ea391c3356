// What those who carry news to people say of it (Mailer, Webhooks).
#pragma once

#include <cstdint>
#include <functional>

#include "process/runner_protocol.h"

namespace baton::process {

struct NewsHandlers {
  std::function<void(RunnerEvent event)> event;    // for the log
  std::function<void(std::uint64_t number)> done;  // sent, given up or dropped, once
};

}  // namespace baton::process
